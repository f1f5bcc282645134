import { TimeLimitError, within } from '../../time-limit.ts';
import type { Asked, Failure } from '../judge/line.ts';

/** No question takes longer: all are asked side by side, so nothing takes much longer as a whole. */
export const ASK_LIMIT_MS = 5_000;

/** One question, with its limit. Never rejects. `call`: as people look it up, `dynamodb:DescribeTable`. */
export type Ask = <T>(call: string, work: (signal: AbortSignal) => Promise<T>) => Promise<Asked<T>>;

export const asking =
  (limitMs: number): Ask =>
  async (call, work) => {
    const startMs = performance.now();
    try {
      const value = await within({ limitMs, what: `${call} did not answer` }, (signal) =>
        work(signal).catch((error: unknown) => (isOfClock(error) ? work(signal) : Promise.reject(error as Error))),
      );
      return { ok: true, value };
    } catch (error) {
      return { ok: false, failure: { call, afterMs: performance.now() - startMs, ...classed(error) } };
    }
  };

/**
 * Signed by a clock that is wrong by minutes. The SDK learns the right time from such a refusal and tries again; but of several calls that are
 * refused together, it takes one now and then for a call that knew it already, and gives up. By then the client knows it.
 */
const isOfClock = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'RequestTimeTooSkewed' || /^Signature (?:expired|not yet current)/.test(error.message));

const DENIED = /^(AccessDenied|Unauthorized(Operation)?|NotAuthorized)/;
const CREDENTIALS =
  /^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|IncompleteSignature|CredentialsProviderError|TokenRefreshRequired|InvalidToken|AuthFailure)/;
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);
const SILENT = new Set(['TimeoutError', 'AbortError', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'RequestTimeout']);

function classed(error: unknown): Pick<Failure, 'kind' | 'code' | 'say'> {
  const { name = '', message = '' } = error instanceof Error ? error : { message: String(error) };
  // Slack's client and fetch put the system's own error behind theirs.
  const codes = chain(error);
  if (error instanceof TimeLimitError || codes.some((code) => SILENT.has(code)))
    return { kind: 'silent', code: name, say: message };
  const unreachable = codes.find((code) => UNREACHABLE.has(code));
  if (unreachable !== undefined) return { kind: 'unreachable', code: unreachable, say: '' };
  if (DENIED.test(name)) return { kind: 'denied', code: name, say: message };
  if (CREDENTIALS.test(name)) return { kind: 'credentials', code: name, say: message };
  const slack = (error as { data?: { error?: string; needed?: string } }).data;
  if (slack?.error !== undefined)
    return { kind: 'refused', code: slack.error, say: slack.needed === undefined ? '' : `needs ${slack.needed}` };
  return { kind: 'refused', code: name, say: message };
}

function chain(error: unknown): string[] {
  const codes: string[] = [];
  for (let at: unknown = error, deep = 0; at instanceof Error && deep < 6; deep += 1) {
    const { code, cause, original, name } = at as Error & { code?: unknown; original?: unknown };
    codes.push(name, ...(typeof code === 'string' ? [code] : []));
    at = original ?? cause;
  }
  return codes;
}
