import { FoldinError } from '../errors.js';
import type { Explanation } from './explanation.js';
import { type Language, reasonsFor } from './words.js';

export interface RephraseOptions {
  /** Base address of an OpenAI-compatible server, such as http://localhost:11434/v1 */
  readonly endpoint: string;
  /** The server's name of the language model. */
  readonly model: string;
  readonly language?: Language;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** Milliseconds until it is given up; 30,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const LONGEST = 600;

/**
 * The sentence of an explanation in the words of a language model. The names of the item and of the reasons leave the
 * machine. An answer that does not hold every one of these names, or is no short text, is refused: REPHRASE_FAILED, as
 * when the server cannot be reached; the explanation's own `text` then remains.
 */
export async function rephrase(explanation: Explanation, options: RephraseOptions): Promise<string> {
  const { endpoint, model, language = 'en', apiKey, timeoutMs = 30_000, signal } = options;
  const { peers } = explanation;
  const likes = peers?.agree ? peers.likes : [];
  const names = [explanation, ...reasonsFor(explanation.contributions), ...likes].map(
    ({ item, title }) => title ?? item,
  );
  const instruction = `Rewrite the sentence for the person it speaks to, in ${language === 'zh' ? 'Chinese' : 'English'}, in one friendly sentence. Keep every quoted name exactly as it is. Add no fact, reason or name. Answer with the sentence alone.`;
  const timeout = AbortSignal.timeout(timeoutMs);
  let answer: string;
  try {
    const response = await fetch(`${endpoint.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({
        model,
        temperature: 0,
        messages: [
          { role: 'system', content: instruction },
          { role: 'user', content: explanation.text },
        ],
      }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (!response.ok) throw failed(`it answered ${response.status}`);
    answer = answerOf(await response.json());
  } catch (cause) {
    if (cause instanceof FoldinError) throw cause;
    throw failed(`it could not be reached: ${(cause as Error).message}`, cause);
  }
  const missing = names.filter((name) => !answer.includes(name));
  if (missing.length > 0) throw failed(`its answer leaves out ${missing.join(', ')}`);
  if (answer.length > LONGEST) throw failed('its answer is no sentence but an essay');
  return answer;
}

function answerOf(document: unknown): string {
  const { choices } = document as { choices?: { message?: { content?: unknown } }[] };
  const content = choices?.[0]?.message?.content;
  if (typeof content === 'string' && content.trim() !== '') return content.trim();
  throw failed('its answer is not what an OpenAI-compatible server answers');
}

const failed = (why: string, cause?: unknown): FoldinError =>
  new FoldinError('REPHRASE_FAILED', `the language model did not rephrase: ${why}`, {
    remedy: "Check the address and the model's name (--llm, --llm-model), or go without.",
    cause,
  });
