import { FoldinError, throwIfAborted } from '../errors.js';

export interface EmbedOptions {
  /** Base address of an OpenAI-compatible server, such as http://localhost:11434/v1 */
  readonly endpoint: string;
  /** The server's name of the embedding model. */
  readonly model: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** Texts a request; 64 by default. */
  readonly batch?: number;
  /** Milliseconds until a request is given up; 60,000 by default. */
  readonly timeoutMs?: number;
  /** How often a request is tried that fails for want of a connection, time or capacity; 3 by default. */
  readonly tries?: number;
  readonly cache?: EmbedCache;
  readonly signal?: AbortSignal;
  /** Called after each request with how many texts are done. */
  readonly onProgress?: (done: number, texts: number) => void;
}

/** Keeps vectors by text. What is set is there the next time, also where the work was stopped. */
export interface EmbedCache {
  get(text: string): Float32Array | undefined;
  set(vectors: ReadonlyMap<string, Float32Array>): Promise<void>;
}

/**
 * A vector for each text from a server's /v1/embeddings; the texts leave the process for that server. Texts that the
 * cache knows are not asked for again, equal texts are asked for once. EMBED_FAILED when the server cannot be reached or
 * answers anything but one vector of finite numbers a text, all equally long; nothing is made up.
 */
export async function embedTexts(
  texts: readonly string[],
  options: EmbedOptions,
): Promise<{ width: number; values: Float32Array }> {
  const { batch = 64, cache, signal, onProgress } = options;
  const found = new Map<string, Float32Array>();
  for (const text of new Set(texts)) {
    const known = cache?.get(text);
    if (known) found.set(text, known);
  }
  const missing = [...new Set(texts)].filter((text) => !found.has(text));
  let width = found.values().next().value?.length;
  for (let first = 0; first < missing.length; first += batch) {
    throwIfAborted(signal, 'Start it again: what was fetched is kept.');
    const asked = missing.slice(first, first + batch);
    const vectors = await request(asked, options);
    width ??= vectors[0].length;
    const fresh = new Map(asked.map((text, i) => [text, vectors[i]]));
    requireWidth(fresh.values(), width);
    for (const [text, vector] of fresh) found.set(text, vector);
    await cache?.set(fresh);
    onProgress?.(found.size, found.size + missing.length - first - asked.length);
  }
  if (width === undefined) throw failed('there is no text to embed');
  requireWidth(found.values(), width);
  const values = new Float32Array(texts.length * width);
  texts.forEach((text, i) => {
    values.set(found.get(text)!, i * width!);
  });
  return { width, values };
}

function requireWidth(vectors: Iterable<Float32Array>, width: number): void {
  for (const { length } of vectors) {
    if (length !== width) throw failed(`its vectors are not equally long: ${width} and ${length} numbers`);
  }
}

async function request(texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]> {
  const { tries = 3, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(texts, options);
    } catch (error) {
      throwIfAborted(signal, 'Start it again: what was fetched is kept.');
      if (!(error instanceof Transient)) throw error;
      if (attempt >= tries) throw failed(error.message, error.cause);
      // A server that is busy or just starting: half a second, then a second, ...
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

/** What may be otherwise the next time. */
class Transient extends Error {}

async function once(texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]> {
  const { endpoint, model, apiKey, timeoutMs = 60_000, signal } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  let answer: unknown;
  try {
    const response = await fetch(`${endpoint.replace(/\/+$/, '')}/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({ model, input: texts, encoding_format: 'float' }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (response.status === 429 || response.status >= 500)
      throw new Transient(`it answered ${response.status}`);
    if (!response.ok)
      throw failed(`it answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
    answer = await response.json().catch((cause) => {
      throw failed('its answer is no JSON', cause);
    });
  } catch (cause) {
    if (cause instanceof FoldinError || cause instanceof Transient) throw cause;
    throw new Transient(`it could not be reached: ${(cause as Error).message}`, { cause });
  }
  return vectorsOf(answer, texts.length);
}

function vectorsOf(answer: unknown, count: number): Float32Array[] {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data) || data.length !== count) {
    throw failed(
      `it was asked for ${count} vectors and answered ${Array.isArray(data) ? data.length : 'something else'}`,
    );
  }
  const vectors = new Array<Float32Array | undefined>(count);
  data.forEach((one: { index?: unknown; embedding?: unknown }, place) => {
    const { embedding, index = place } = one ?? {};
    const isVector =
      Array.isArray(embedding) &&
      embedding.length > 0 &&
      embedding.every((x) => typeof x === 'number' && Number.isFinite(x));
    if (!isVector || !Number.isInteger(index) || vectors[index as number] || !((index as number) < count)) {
      throw failed(`what it answered for text ${place + 1} is no vector of numbers`);
    }
    vectors[index as number] = Float32Array.from(embedding);
  });
  return vectors as Float32Array[];
}

const failed = (why: string, cause?: unknown): FoldinError =>
  new FoldinError('EMBED_FAILED', `the server gave no vectors: ${why}`, {
    remedy:
      'Check the address and the name of the model (--endpoint, --model); what was fetched before is kept.',
    cause,
  });
