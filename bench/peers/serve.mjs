// The child's half of the protocol: one JSON object a line. Says {version, adapter} or {absent}, then answers
// "epoch" with {loss}, "lists" with {items}, each with wall and CPU milliseconds, and "end" with {peakBytes};
// {failed} ends it, too.
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Answers until told to end. `open` gives {version, adapter, epoch(): loss, lists(): items}. */
export async function serve(open) {
  let side;
  try {
    side = await open();
  } catch (error) {
    const missing = error.code === 'ERR_MODULE_NOT_FOUND';
    say({ absent: missing ? 'not installed: run npm ci in bench/peers' : `did not start: ${error.message}` });
    process.exit(0);
  }
  const { version, adapter, kind } = side;
  say({ version, adapter, kind });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'end') break;
    const cpu = process.cpuUsage();
    const started = performance.now();
    let result;
    try {
      result = line === 'epoch' ? await side.epoch() : await side.lists();
    } catch (error) {
      say({ failed: error.message });
      process.exit(1);
    }
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const cost = { ms, cpuMs: (user + system) / 1000 };
    say(line === 'epoch' ? { loss: result, ...cost } : { items: Array.from(result), ...cost });
  }
  process.stdout.write(`${JSON.stringify({ peakBytes: 1024 * process.resourceUsage().maxRSS })}\n`, () =>
    process.exit(0),
  );
}
