import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EmbedCache, embedTexts } from '../../src/data/embed.js';

/** What the server is asked, and how it answers; by default a vector of a text's length and its first letter. */
let questions: { path: string; body: { model: string; input: string[] }; key?: string }[];
let answer: (input: string[]) => { status?: number; body: unknown };
let server: Server;
let endpoint: string;
const vector = (text: string) => [text.length, text.charCodeAt(0)];
const usual = (input: string[]) => ({
  // Out of order, as the format allows.
  body: { data: input.map((text, index) => ({ index, embedding: vector(text) })).reverse() },
});

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text);
    questions.push({ path: request.url!, body, key: request.headers.authorization });
    const { status = 200, body: said } = answer(body.input);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
});
afterAll(() => void server?.close());
beforeEach(() => {
  questions = [];
  answer = usual;
});
const ask = (texts: string[], options = {}) => embedTexts(texts, { endpoint, model: 'tiny', ...options });

it('asks for each text once, in batches, and puts every vector in its place', async () => {
  const { width, values } = await ask(['one', 'three', 'one', 'x'], { batch: 2, apiKey: 'secret' });
  expect(width).toBe(2);
  expect([...values]).toEqual(['one', 'three', 'one', 'x'].flatMap(vector));
  expect(questions.map(({ body }) => body.input)).toEqual([['one', 'three'], ['x']]);
  expect(questions[0]).toMatchObject({
    path: '/v1/embeddings',
    key: 'Bearer secret',
    body: { model: 'tiny' },
  });
});

it('goes on where it stopped: what the cache has is not asked for again', async () => {
  const kept = new Map<string, Float32Array>();
  const cache: EmbedCache = {
    get: (text) => kept.get(text),
    set: async (vectors) => {
      for (const [text, numbers] of vectors) kept.set(text, numbers);
    },
  };
  answer = (input) => (input.includes('b') ? { status: 400, body: 'no' } : usual(input));
  await expect(ask(['a', 'b'], { batch: 1, cache })).rejects.toMatchObject({ code: 'EMBED_FAILED' });
  expect([...kept.keys()]).toEqual(['a']);
  answer = usual;
  questions = [];
  const { values } = await ask(['a', 'b'], { batch: 1, cache });
  expect([...values]).toEqual(['a', 'b'].flatMap(vector));
  expect(questions.map(({ body }) => body.input)).toEqual([['b']]);
});

it('tries again where a server is busy', async () => {
  let times = 0;
  answer = (input) => (++times < 3 ? { status: 503, body: 'starting' } : usual(input));
  expect((await ask(['a'])).width).toBe(2);
  expect(questions).toHaveLength(3);
});

const data = (...embeddings: unknown[]) => ({
  body: { data: embeddings.map((embedding) => ({ embedding })) },
});
it.each([
  ['an error', () => ({ status: 404, body: 'no such model' }), /answered 404: no such model/],
  ['errors only', () => ({ status: 500, body: '' }), /answered 500/],
  ['no JSON', () => ({ body: '<html>' }), /no JSON/],
  ['something else', () => ({ body: { choices: [] } }), /asked for 2 vectors and answered something else/],
  ['too few', () => data([1, 2]), /asked for 2 vectors and answered 1/],
  ['unequal widths', () => data([1, 2], [1, 2, 3]), /not equally long: 2 and 3/],
  ['no numbers', () => data([1, 2], [1, null]), /text 2 is no vector of numbers/],
  ['nothing in a vector', () => data([], []), /text 1 is no vector of numbers/],
  [
    'one text twice',
    () => ({ body: { data: [0, 0].map((index) => ({ index, embedding: [1] })) } }),
    /text 2 is no vector/,
  ],
] as const)('refuses a server that answers %s', async (_, wrong, message) => {
  answer = wrong;
  await expect(ask(['a', 'bb'], { tries: 2 })).rejects.toMatchObject({
    code: 'EMBED_FAILED',
    message: expect.stringMatching(message),
  });
});

it('says that a server is not there', async () => {
  const nowhere = embedTexts(['a'], { endpoint: 'http://127.0.0.1:9', model: 'tiny', tries: 1 });
  await expect(nowhere).rejects.toMatchObject({
    code: 'EMBED_FAILED',
    message: expect.stringMatching(/could not be reached/),
  });
});

it('stops when asked to', async () => {
  await expect(ask(['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(questions).toEqual([]);
});
