import type { Sent } from './outside.ts';

/** Longer nobody waits for an answer; then it is tried again. */
const LIMIT_MS = 10_000;
/** Of a refusal, as much is told. */
const SAID_CHARS = 300;

interface Post {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Who is called, for people. */
  whom: string;
  /** A secret of the body, which an answer that repeats it must not bring into the room. */ hide?: string;
  limitMs?: number;
}

/** One POST, followed nowhere. 2xx: it is taken. 408, 429, 5xx, no answer in time: it may be taken later. All else is refused for good. */
export async function postJson({ url, headers, body, whom, hide, limitMs = LIMIT_MS }: Post): Promise<Sent> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    return { ok: false, again: true, say: `${whom} gives no answer (${causeOf(error)})` };
  }
  const { status } = response;
  const answered = await begin(response);
  const said = (hide === undefined ? answered : answered.replaceAll(hide, '[key]')).slice(0, SAID_CHARS).toWellFormed();
  if (status >= 200 && status < 300) return { ok: true, say: `${whom} has taken it` };
  const again = status === 408 || status === 429 || status >= 500;
  return { ok: false, again, say: `${whom} answers ${status}${said === '' ? '' : `: ${said}`}` };
}

/** An answer may be of any length, and end in the middle: what of it could be read. */
async function begin(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  let text = '';
  const decoder = new TextDecoder();
  try {
    while (text.length < SAID_CHARS) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value as Uint8Array, { stream: true });
    }
  } catch (error) {
    text += ` (cut off: ${causeOf(error)})`;
  }
  // Whether it can still be cancelled is of no consequence.
  await reader.cancel().catch(() => undefined);
  return text.replaceAll(/\s+/g, ' ').trim();
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'time-out';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.message;
}
