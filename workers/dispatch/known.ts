import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../../infra/aws/journal.ts';
import { own } from '../../runbooks/launch/decision.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';

/** At most so often is the record asked what is new in it, and once a second is an id looked up in full at once. */
const READ_EVERY_MS = 250;
const IN_FULL_EVERY_MS = 1_000;

/**
 * Whether a shot or test can be in the record, before anything is read in full for it: a flood of made-up ids costs a few
 * small reads a second. An id is a letter and the sequence of its entry, so that one from before what is known and not in
 * it never comes.
 */
export class Known {
  readonly #journal: Pick<Journal, 'launch' | 'peek'>;
  readonly #launchId: string;
  readonly #nowMs: () => number;
  #next: Promise<Launch | null> | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #inFullAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: monotonic. */
  constructor(journal: Pick<Journal, 'launch' | 'peek'>, launchId: string, nowMs = () => performance.now()) {
    this.#journal = journal;
    this.#launchId = launchId;
    this.#nowMs = nowMs;
  }

  /** As last read. Undefined: not in it. */
  peekShot(id: string): Launch['shots'][string] | undefined {
    return own(this.#journal.peek(this.#launchId)?.shots ?? {}, id);
  }

  peekTest(id: string): Launch['tests'][string] | undefined {
    return own(this.#journal.peek(this.#launchId)?.tests ?? {}, id);
  }

  /** False: no such shot is in the record. True: it is, or it is worth a full look. Rejects when the record can't be read. */
  shot(id: string): Promise<boolean> {
    return this.#has(id, 'S', (launch) => own(launch?.shots ?? {}, id) !== undefined);
  }

  test(id: string): Promise<boolean> {
    return this.#has(id, 'T', (launch) => own(launch?.tests ?? {}, id) !== undefined);
  }

  async #has(id: string, letter: string, isIn: (launch: Launch | null) => boolean): Promise<boolean> {
    const known = this.#journal.peek(this.#launchId);
    if (isIn(known)) return true;
    if (!/^[1-9]\d{0,9}$/.test(id.slice(1)) || id[0] !== letter || Number(id.slice(1)) <= (known?.seq ?? 0))
      return false;
    // An order comes right behind its press, and waits for no second read then.
    if (this.#nowMs() - this.#inFullAtMs >= IN_FULL_EVERY_MS) {
      this.#inFullAtMs = this.#nowMs();
      return true;
    }
    return isIn(await (this.#next ??= this.#readNext()));
  }

  /** Begins after whoever waits for it has asked. */
  async #readNext(): Promise<Launch | null> {
    await sleep(Math.max(0, this.#readAtMs + READ_EVERY_MS - this.#nowMs()));
    this.#readAtMs = this.#nowMs();
    this.#next = null;
    return this.#journal.launch(this.#launchId);
  }
}
