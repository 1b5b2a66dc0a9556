import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Explanation } from '../../src/explain/explain.js';
import { rephrase } from '../../src/explain/rephrase.js';
import { sentence } from '../../src/explain/words.js';

const contributions = [
  { item: 'b2', title: 'The Shore', contribution: 1 },
  { item: 'b3', contribution: 0.5 },
];
const asked = { item: 'b1', title: 'The Sea' };
const explanation = {
  ...asked,
  contributions,
  text: sentence(asked, contributions, 'en'),
} as unknown as Explanation;

/** What the server answers next, and what it was asked last. */
let answer: { status: number; body: string };
let question: { path: string; body: { model: string; messages: { content: string }[] }; key?: string };
let server: Server;
let endpoint: string;

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = JSON.parse(await bodyOf(request));
    question = { path: request.url!, body, key: request.headers.authorization };
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
});
afterAll(() => void server?.close());

const says = (content: unknown) => {
  answer = { status: 200, body: JSON.stringify({ choices: [{ message: { content } }] }) };
};
const ask = (options = {}) => rephrase(explanation, { endpoint, model: 'tiny', ...options });

it('gives the words of the server, which was asked for no more than to rephrase', async () => {
  says('  You may like The Sea: you had The Shore and b3.\n');
  expect(await ask({ apiKey: 'secret' })).toBe('You may like The Sea: you had The Shore and b3.');
  expect(question).toMatchObject({ path: '/v1/chat/completions', key: 'Bearer secret' });
  expect(question.body.model).toBe('tiny');
  expect(question.body.messages.at(-1)!.content).toBe(explanation.text);
});

it.each([
  ['leaves a name out', () => says('You may like The Sea.'), /leaves out The Shore, b3/],
  ['writes an essay', () => says(`The Sea The Shore b3 ${'and '.repeat(300)}`), /essay/],
  ['says nothing', () => says('  '), /OpenAI-compatible/],
  ['answers something else', () => says(undefined), /OpenAI-compatible/],
  ['answers an error', () => (answer = { status: 500, body: '{}' }), /answered 500/],
  ['answers no JSON', () => (answer = { status: 200, body: '<html>' }), /could not be reached|JSON/],
])('refuses a server that %s', async (_, prepare, message) => {
  prepare();
  await expect(ask()).rejects.toMatchObject({
    code: 'REPHRASE_FAILED',
    message: expect.stringMatching(message),
  });
});

it('must keep what a group likes, where the sentence names it', async () => {
  const likes = [{ item: 'b4', title: 'Tides' }];
  const peers = { users: 200, having: 40, others: { users: 1000, having: 52 }, likes };
  says('You may like The Sea: you had The Shore and b3.');
  const asks = (agree: boolean) =>
    rephrase({ ...explanation, peers: { ...peers, agree } }, { endpoint, model: 'tiny' });
  await expect(asks(true)).rejects.toMatchObject({ message: expect.stringMatching(/leaves out Tides/) });
  expect(await asks(false)).toMatch(/The Sea/);
});

it('says that a server is not there', async () => {
  const nowhere = rephrase(explanation, { endpoint: 'http://127.0.0.1:9', model: 'tiny' });
  await expect(nowhere).rejects.toMatchObject({ code: 'REPHRASE_FAILED' });
});
