import { BodyCache } from './body-cache.ts';
import { fcmContent, isObject } from './content.ts';
import type { Content } from './content.ts';
import { messageProblem } from './fcm-message.ts';
import type { Problem } from './fcm-message.ts';
import { googleError, invalidArgument } from './google-error.ts';
import type { Reply } from './reply.ts';
import type { Tally } from './tally.ts';
import type { TokenHash } from './token-hash.ts';

/** What is known of a message apart from its token. */
export interface KnownMessage {
  content: Content;
  tally: Tally;
  problem: Reply | null;
  validateOnly: boolean;
}

const openings = [Buffer.from('"token":"'), Buffer.from('"fid":"')];
const quote = 0x22;
const letterA = 0x41;
const letterB = 0x42;
const noToken = Buffer.alloc(0);

/**
 * Reads bodies of messages:send. The token lies inside the body, so bodies never repeat; what surrounds it
 * does. It is found by its bytes, and what was parsed once holds for every body that differs in it alone.
 */
export class FcmBodies {
  readonly #cache = new BodyCache<KnownMessage>();
  readonly #tallyOf: (content: Content) => Tally;
  /** Of the body that was read last: its token or fid is `tokenBytes[tokenFrom, tokenTo)`; empty if it names none. */
  tokenBytes: Buffer = noToken;
  tokenFrom = 0;
  tokenTo = 0;

  constructor(tallyOf: (content: Content) => Tally) {
    this.#tallyOf = tallyOf;
  }

  /** The body is `bytes[from, to)`; its token is read into `token`. Null: the body is no JSON. */
  read(bytes: Buffer, from: number, to: number, token: TokenHash): KnownMessage | null {
    const known = this.#cache.find(bytes, from, to);
    if (known !== undefined) {
      this.tokenBytes = bytes;
      this.tokenFrom = from + known.holeFrom;
      this.tokenTo = from + known.holeTo;
      token.read(bytes, this.tokenFrom, this.tokenTo, 0);
      // Anything else might end the string that the token stands in.
      if (token.isPlain) return known.value;
    }
    const body = bytes.subarray(from, to);
    const message = this.#parse(body);
    token.read(this.tokenBytes, this.tokenFrom, this.tokenTo, 0);
    if (message !== null && token.isPlain) this.#keep(body, message);
    return message;
  }

  clear(): void {
    this.#cache.clear();
  }

  #parse(body: Buffer): KnownMessage | null {
    const parsed = parsedOrNot(body);
    this.tokenBytes = Buffer.from(targetOf(parsed));
    this.tokenFrom = 0;
    this.tokenTo = this.tokenBytes.length;
    if (parsed === undefined) return null;
    const message = isObject(parsed) && isObject(parsed.message) ? parsed.message : {};
    const content = fcmContent(message);
    const problem = messageProblem(parsed);
    return {
      content,
      tally: this.#tallyOf(content),
      validateOnly: isObject(parsed) && (parsed.validate_only === true || parsed.validateOnly === true),
      problem: problem === null ? null : answerTo(problem),
    };
  }

  /**
   * Keeps what was parsed, with a hole for the token, if the token's bytes are the only place that tells the token: with
   * other bytes there, parsing gives just those. (`"token":"` may also lie in another place, a data key say, or twice.)
   */
  #keep(body: Buffer, message: KnownMessage): void {
    const start = tokenStart(body);
    const end = start + this.tokenTo;
    if (start < 0 || this.tokenTo === 0 || body[end] !== quote || this.tokenBytes.compare(body, start, end) !== 0)
      return;
    const other = Buffer.from(body);
    for (let at = start; at < end; at++) other[at] = other[at] === letterA ? letterB : letterA;
    if (targetOf(parsedOrNot(other)) === other.toString('latin1', start, end))
      this.#cache.add(body, message, start, end);
  }
}

/** Undefined for what is no JSON. */
function parsedOrNot(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The token or fid that a parsed body names; '' for none. */
function targetOf(parsed: unknown): string {
  const message = isObject(parsed) && isObject(parsed.message) ? parsed.message : {};
  const target = message.token ?? message.fid;
  return typeof target === 'string' ? target : '';
}

function tokenStart(body: Buffer): number {
  for (const opening of openings) {
    const at = body.indexOf(opening);
    if (at >= 0) return at + opening.length;
  }
  return -1;
}

function answerTo({ unknownField, message, violation }: Problem): Reply {
  return unknownField
    ? googleError({ status: 400, code: 'INVALID_ARGUMENT', message, violations: [violation] })
    : invalidArgument(message, violation.field);
}
