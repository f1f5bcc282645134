import pLimit from 'p-limit';
import { AudienceError } from '../../../contract/audience-error.ts';
import { idOf, KEYS_A_CALL } from '../../../infra/aws/device-table.ts';
import type { DeviceTable, TableAnswer, TableItem, KeyShape } from '../../../infra/aws/device-table.ts';
import type { ReadUnits, Waiting } from './read-units.ts';

/** Calls under way: enough for what a laptop or a small task gets through; the rate is the bucket's to hold. */
const CALLS_AT_ONCE = 16;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;
/** An item of up to 4 KB, eventually consistent; what is learnt of the table takes its place. */
const FIRST_GUESS_UNITS = 0.5;

export interface ReadUsersOptions {
  table: DeviceTable;
  name: string;
  shape: KeyShape;
  units: ReadUnits;
  time: Waiting;
  /** How long one call may get nothing before the reader gives up. */
  giveUpMs: number;
  /** 0 to below 1; spreads the waits. */
  random: () => number;
}

/** Reads the items of many users at once, within the capacity, and waits where DynamoDB says so. One reader for the whole of a join. */
export class UserReader {
  readonly #options: ReadUsersOptions;
  readonly #limit = pLimit(CALLS_AT_ONCE);
  #unitsRead = 0;
  #asked = 0;
  #waits = 0;
  #stopped = false;

  constructor(options: ReadUsersOptions) {
    this.#options = options;
  }

  get unitsRead(): number {
    return this.#unitsRead;
  }

  /** Times that DynamoDB had nothing to spare, or did not answer. */
  get waits(): number {
    return this.#waits;
  }

  /** Nothing more is asked of the table: the reads under way fail at their next call. */
  stop(): void {
    this.#stopped = true;
  }

  /** Items by id, in the order of the table's sort key. `ids` are all different, and keys of the table. Throws TABLE_THROTTLED, TABLE_UNAVAILABLE and what can't get better. */
  async read(ids: readonly string[]): Promise<Map<string, TableItem[]>> {
    const found = new Map<string, TableItem[]>();
    const calls: (() => Promise<void>)[] =
      this.#options.shape.sortKey === null
        ? Array.from({ length: Math.ceil(ids.length / KEYS_A_CALL) }, (_, at) => async () => {
            const items = await this.#getAll(ids.slice(at * KEYS_A_CALL, (at + 1) * KEYS_A_CALL));
            for (const item of items) found.set(idOf(item[this.#options.shape.key]), [item]);
          })
        : ids.map((id) => async () => {
            found.set(id, await this.#queryAll(id));
          });
    await Promise.all(calls.map((call) => this.#limit(call)));
    return found;
  }

  async #getAll(ids: readonly string[]): Promise<TableItem[]> {
    const { table, shape } = this.#options;
    const items: TableItem[] = [];
    let left = [...ids];
    await this.#untilDone(async () => {
      const asked = left.length;
      const answer = await this.#charged(asked, () => table.get(shape, left));
      if (answer.wait !== null) return answer.wait;
      items.push(...answer.items);
      left = answer.left;
      if (left.length === 0) return 'done';
      // Nothing of it was done: that is a throttle in other words.
      return left.length === asked ? { kind: 'throttled', error: null } : 'some';
    });
    return items;
  }

  async #queryAll(id: string): Promise<TableItem[]> {
    const { table, shape } = this.#options;
    const items: TableItem[] = [];
    let from: TableItem | null = null;
    await this.#untilDone(async () => {
      const answer = await this.#charged(1, () => table.query(shape, id, from));
      if (answer.wait !== null) return answer.wait;
      items.push(...answer.items);
      from = answer.left;
      return from === null ? 'done' : 'more';
    });
    return items;
  }

  /** Takes what the call should cost before, by what those before cost, and settles the rest after it. */
  async #charged<Left>(keys: number, call: () => Promise<TableAnswer<Left>>): Promise<TableAnswer<Left>> {
    const { units } = this.#options;
    const guess = keys * (this.#asked === 0 ? FIRST_GUESS_UNITS : this.#unitsRead / this.#asked);
    await units.take(guess);
    const answer = await call();
    const cost = answer.wait === null ? answer.units : 0;
    units.settle(cost - guess);
    this.#unitsRead += cost;
    if (answer.wait === null) this.#asked += Array.isArray(answer.left) ? keys - answer.left.length : keys;
    return answer;
  }

  /** `some`: a part was done, and the rest has to wait a little (it may be a throttle, or 16 MB: DynamoDB does not say). */
  async #untilDone(
    step: () => Promise<'done' | 'more' | 'some' | Exclude<TableAnswer<never>['wait'], null>>,
  ): Promise<void> {
    const { time, giveUpMs, random } = this.#options;
    let tries = 0;
    let movedAtMs = time.nowMs();
    for (;;) {
      if (this.#stopped) throw new Error('the join has failed elsewhere');
      const state = await step();
      if (state === 'done') return;
      if (typeof state === 'string') {
        tries = 0;
        movedAtMs = time.nowMs();
        if (state === 'more') continue;
      } else {
        this.#waits++;
        const forMs = time.nowMs() - movedAtMs;
        if (forMs >= giveUpMs) throw this.#givenUp(state, forMs);
      }
      await time.sleep(Math.ceil((0.5 + random() / 2) * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries)));
      tries++;
    }
  }

  #givenUp({ kind, error }: Exclude<TableAnswer<never>['wait'], null>, forMs: number): AudienceError {
    const { name } = this.#options;
    const seconds = Math.round(forMs / 1_000);
    const again = 'What was read is kept: the same command continues.';
    if (kind === 'throttled')
      return new AudienceError(
        'TABLE_THROTTLED',
        `${name}: found no read capacity for ${seconds} s, expected some: somebody else uses it up, or --capacity is more than the table has. ${again}`,
        { cause: error },
      );
    return new AudienceError(
      'TABLE_UNAVAILABLE',
      `${name}: found no answer of DynamoDB for ${seconds} s (${error instanceof Error ? error.message : String(error)}), expected one. ${again}`,
      { cause: error },
    );
  }
}
