import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { HttpError, sendJson } from '../http.ts';

/**
 * What may go wrong with a method of the Web API, one by one:
 * - `hang`: the call is taken, nothing is done, no answer ever comes;
 * - `mute`: it is done, and no answer comes: whoever called can't know;
 * - `status`: an answer of the front end without a word of the method's;
 * - `error`: `ok: false` with this word;
 * - `limited`: 429 with Retry-After, or without for `null`;
 * - `cut`: the connection is closed without an answer;
 * - `none`: nothing, where every other method has a fault.
 */
const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['hang', 'mute', 'cut', 'none']) }),
  z.strictObject({ kind: z.literal('status'), status: z.int().min(400).max(599) }),
  z.strictObject({ kind: z.literal('error'), error: z.string().regex(/^[a-z_]+$/) }),
  z.strictObject({ kind: z.literal('limited'), retryAfterS: z.int().min(1).max(3_600).nullable() }),
]);
export type Fault = z.output<typeof faultSchema>;

/** `*`: every method of the Web API. `response_url`: the answer addresses, which are none. */
const requestSchema = z.strictObject({
  method: z.string().regex(/^(\*|response_url|[a-zA-Z]+(\.[a-zA-Z]+)+)$/),
  fault: faultSchema.nullable(),
});

/** Faults by method, set while the workspace works, and how often each method was called. */
export class Faults {
  readonly #faults = new Map<string, Fault>();
  readonly #calls = new Map<string, number>();

  /** Null mends it; `set('*', null)` mends them all. A call that hangs already goes on hanging. */
  set(method: string, fault: Fault | null): void {
    if (fault !== null) this.#faults.set(method, fault);
    else if (method === '*') this.#faults.clear();
    else this.#faults.delete(method);
  }

  /** Calls so far, answered or not. */
  calls(method: string): number {
    return this.#calls.get(method) ?? 0;
  }

  list(): { method: string; fault: Fault; calls: number }[] {
    return [...this.#faults].map(([method, fault]) => ({ method, fault, calls: this.calls(method) }));
  }

  /** From an operator of the local workspace: `{"method": "chat.update", "fault": {"kind": "limited", "retryAfterS": 30}}`. */
  request(body: unknown): void {
    const parsed = requestSchema.safeParse(body);
    if (!parsed.success) throw new HttpError(400, `invalid_fault: ${z.prettifyError(parsed.error)}`);
    this.set(parsed.data.method, parsed.data.fault);
  }

  /** What becomes of a call: `answered` (or never will be), `mute` (do it and say nothing), `pass`. */
  meet(method: string, response: ServerResponse): 'answered' | 'mute' | 'pass' {
    this.#calls.set(method, this.calls(method) + 1);
    const fault = this.#faults.get(method) ?? (method === 'response_url' ? undefined : this.#faults.get('*'));
    switch (fault?.kind) {
      case undefined:
      case 'none':
        return 'pass';
      case 'mute':
        return 'mute';
      case 'hang':
        return 'answered';
      case 'cut':
        response.destroy();
        return 'answered';
      case 'status':
        response
          .writeHead(fault.status, { 'content-type': 'text/html', connection: 'close' })
          .end('<html>an answer of the front end</html>');
        return 'answered';
      case 'error':
        sendJson(response, 200, { ok: false, error: fault.error });
        return 'answered';
      case 'limited':
        sendJson(
          response,
          429,
          { ok: false, error: 'ratelimited' },
          fault.retryAfterS === null ? {} : { 'retry-after': String(fault.retryAfterS) },
        );
        return 'answered';
    }
  }
}
