import { BodyCache } from './body-cache.ts';
import { fcmContent, isObject } from './content.ts';
import type { Content } from './content.ts';
import { messageProblem } from './fcm-message.ts';
import { googleError, invalidArgument } from './google-error.ts';
import type { Reply } from './reply.ts';
import type { Tally } from './tally.ts';

/** What is known of a message apart from its token. */
export interface KnownMessage { content: Content; tally: Tally; problem: Reply | null; validateOnly: boolean }

const openings = [Buffer.from('"token":"'), Buffer.from('"fid":"')];
const quote = 0x22;

/**
 * Reads bodies of messages:send. The token lies inside the body, so bodies never repeat; what surrounds it
 * does. It is found by its bytes, and what was parsed once holds for every body that differs in it alone.
 */
export class FcmBodies {
  readonly #cache = new BodyCache<KnownMessage>();
  readonly #tallyOf: (content: Content) => Tally;
  /** Of the body that was read last: its token or fid; '' if it names none. */
  token = '';

  constructor(tallyOf: (content: Content) => Tally) {
    this.#tallyOf = tallyOf;
  }

  /** Null: the body is no JSON. */
  read(body: Buffer): KnownMessage | null {
    const start = tokenStart(body);
    const end = start < 0 ? -1 : body.indexOf(quote, start);
    if (end <= start) return this.#parse(body);
    const known = this.#cache.get(body, start, end);
    this.token = body.toString('latin1', start, end);
    if (known !== undefined) return known;

    const found = this.token;
    const parsed = this.#parse(body);
    // `"token":"` may also lie in another place (a data key, say): then every such body is parsed.
    if (parsed !== null && this.token === found) this.#cache.set(body, start, end, parsed);
    return parsed;
  }

  clear(): void {
    this.#cache.clear();
  }

  #parse(body: Buffer): KnownMessage | null {
    this.token = '';
    let parsed: unknown;
    try {
      parsed = JSON.parse(body.toString('utf8'));
    } catch {
      return null;
    }
    const message = isObject(parsed) && isObject(parsed.message) ? parsed.message : {};
    const target = message.token ?? message.fid;
    if (typeof target === 'string') this.token = target;
    const content = fcmContent(message);
    const problem = messageProblem(parsed);
    return {
      content, tally: this.#tallyOf(content), validateOnly: isObject(parsed) && (parsed.validate_only === true || parsed.validateOnly === true),
      problem: problem === null ? null
        : problem.unknownField ? googleError({ status: 400, code: 'INVALID_ARGUMENT', message: problem.message, violations: [problem.violation] })
          : invalidArgument(problem.message, problem.violation.field),
    };
  }
}

function tokenStart(body: Buffer): number {
  for (const opening of openings) {
    const at = body.indexOf(opening);
    if (at >= 0) return at + opening.length;
  }
  return -1;
}
