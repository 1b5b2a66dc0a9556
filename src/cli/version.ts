import { VERSION } from '../version.js';
import type { CommandSpec } from './command.js';

export const command: CommandSpec = {
  name: 'version',
  summary: 'Prints the version of foldin.',
  examples: ['foldin version'],
  define: () => {},
  async run({ out }) {
    if (out.isJson) out.json({ foldin: VERSION, node: process.version });
    else out.data(VERSION);
  },
};
