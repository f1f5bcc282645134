import type { Logger } from 'pino';
import { z } from 'zod';
import { rollItem, rollName } from '../../contract/roll.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { vouchedBy } from '../../infra/aws/vouched.ts';
import type { Vouched } from '../../infra/aws/vouched.ts';
import { BY_NEWER } from '../../runbooks/launch/fold-error.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { ROLL_FRESH_MS, RollView } from './roll.ts';
import type { Roll } from './roll.ts';

export interface RollWatchOptions {
  live: Pick<LiveStore, 'roll'>;
  launchId: string;
  bootId: string;
  /** As last read: its record names the keys that a roll may be signed with. */
  launch: () => Launch | null;
  trusted: TrustedKeys | null;
  clock: Pick<StoreClock, 'nowMs'>;
  log: Logger;
}

const versioned = z.object({ v: z.int() });

const EVERY_MS = 1_000;
const NAME_CHARS = 8;

/** Reads the roll every second, by itself: what else a worker looks at may take its time. One that the bot has not signed is none. */
export class RollWatch {
  readonly view: RollView;
  readonly #options: RollWatchOptions;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #problem = '';

  constructor(options: RollWatchOptions) {
    this.#options = options;
    this.view = new RollView(rollName(options.bootId));
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Reads it now, unless a read is under way. A read that fails says nothing: what we know stands and gets old. */
  look(): Promise<void> {
    this.#reading ??= this.#look()
      .catch((error: unknown) =>
        this.#tell(`cannot be read: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  async #look(): Promise<void> {
    const { live, launchId, clock } = this.#options;
    const found = await live.roll(launchId);
    const read = found === null ? { roll: null, problem: '' } : this.#check(found);
    this.#tell(read.problem);
    this.view.read(read.roll, clock.nowMs());
  }

  #check(found: Vouched): { roll: Roll | null; problem: string } {
    const { launchId, launch: latest, trusted, clock } = this.#options;
    const no = (problem: string) => ({ roll: null, problem });
    const launch = latest();
    if (launch === null || vouchedBy('roll', found, launch, trusted) !== 'bot')
      return no('is not signed with a bot key of this launch');
    const written = parse(found.text);
    const newer = versioned.safeParse(written).data?.v ?? 1;
    if (newer > 1) return no(`has version ${newer}, and this version of gobutton reads 1: ${BY_NEWER}`);
    const item = rollItem.safeParse(written);
    if (!item.success || item.data.launchId !== launchId) return no('is none of this launch');
    const { atMs, workers, others } = item.data;
    if (atMs > clock.nowMs() + ROLL_FRESH_MS) return no("is of a time to come: the bot's clock is ahead");
    return { roll: { atMs, workers: workers.match(new RegExp(`.{${NAME_CHARS}}`, 'g')) ?? [], others }, problem: '' };
  }

  /** Once for as long as it stays the same. */
  #tell(problem: string): void {
    if (problem !== '' && problem !== this.#problem)
      this.#options.log.warn(
        { problem },
        "the roll of this launch's workers is not to be used; the last one that was stands",
      );
    this.#problem = problem;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
