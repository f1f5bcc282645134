import { randomBytes } from 'node:crypto';

const BASE32 = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** An id as Slack makes them: a letter that says what it is, and ten characters. */
export function slackId(prefix: string, length = 10): string {
  let id = prefix;
  for (const byte of randomBytes(length)) id += BASE32[byte % BASE32.length];
  return id;
}

/** Short random ids that Slack gives to blocks and elements that came without one. */
export function shortId(): string {
  return randomBytes(6).toString('base64url').slice(0, 5);
}

export function secretId(bytes = 24): string {
  return randomBytes(bytes).toString('base64url');
}

/** Message timestamps: seconds with six decimals, unique and rising in one workspace. */
export class TimestampClock {
  #lastMicros = 0;
  #given = 0;

  constructor(lastTs = '0.000000') {
    this.#lastMicros = Math.round(Number(lastTs) * 1e6);
  }

  /** Slack's moments are no whole milliseconds. */
  next(nowMs: number): string {
    this.#given += 1;
    this.#lastMicros = Math.max(this.#lastMicros + 1, Math.floor(nowMs) * 1_000 + 1 + ((this.#given * 177) % 499));
    return formatMicros(this.#lastMicros);
  }
}

function formatMicros(micros: number): string {
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
}
