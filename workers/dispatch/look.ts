import type { Journal } from '../../infra/aws/journal.ts';
import type { SwitchItem, SwitchStore } from '../../infra/aws/switch-store.ts';
import { headProblem } from '../../infra/aws/verify-record.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { authorityFor } from '../send/authority.ts';
import type { Verdict } from '../send/authority.ts';

/** What the record and the switches say of a shot. */
export interface Looked {
  verdict: Verdict;
  haltEpoch: number;
}

export interface LookOptions {
  journal: Pick<Journal, 'entries' | 'keyring'>;
  switches: Pick<SwitchStore, 'read'>;
  launchId: string;
}

/**
 * Looks at the whole record, each time after whoever asks: what was read before an order came says nothing of it. Those who
 * ask while a look is under way share the next one, as a press orders every segment at the same moment.
 */
export class Looks {
  readonly #options: LookOptions;
  #next: Promise<(shotId: string) => Looked> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LookOptions) {
    this.#options = options;
  }

  /** Rejects when either can't be read. */
  async at(shotId: string): Promise<Looked> {
    const look = await (this.#next ??= this.#after(this.#last));
    return look(shotId);
  }

  #after(last: Promise<unknown>): Promise<(shotId: string) => Looked> {
    const looking = last.then(() => {
      this.#next = null;
      return this.#read();
    });
    this.#last = looking.then(
      () => null,
      () => null,
    );
    return looking;
  }

  async #read(): Promise<(shotId: string) => Looked> {
    const { journal, switches, launchId } = this.#options;
    const [first, item]: [Entry[], SwitchItem | null] = await Promise.all([
      journal.entries(launchId),
      switches.read(launchId, { consistent: true }),
    ]);
    // A head that was noted between the two reads is no fault.
    const entries = headProblem(first, item?.head ?? null) === null ? first : await journal.entries(launchId);
    const verdicts = new Map<string, Verdict>();
    return (shotId) => {
      const verdict =
        verdicts.get(shotId) ?? authorityFor(launchId, shotId, entries, journal.keyring, item?.head ?? null);
      verdicts.set(shotId, verdict);
      return { verdict, haltEpoch: item?.haltEpoch ?? 0 };
    };
  }
}
