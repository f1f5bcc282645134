import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { AudienceError } from '../../../contract/audience-error.ts';
import type { DeviceTable, TableItem } from '../../../infra/aws/device-table.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { readIdList } from '../lists/id-list.ts';
import { withDuck } from '../read/duck.ts';
import type { Field, Mapping } from '../read/fields.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { deviceRows } from './device-rows.ts';
import type { DeviceRow } from './device-rows.ts';
import { joinKeys } from './join-keys.ts';
import type { AskedUser } from './join-keys.ts';
import { keptParts } from './kept-parts.ts';
import type { PartDone } from './kept-parts.ts';
import { ReadUnits } from './read-units.ts';
import type { Waiting } from './read-units.ts';
import { UserReader } from './read-users.ts';

export interface JoinOptions {
  /** The list of user ids, as any list is read. */
  users: string;
  /** Fields as attributes of the table; `user` is the column of the list. */
  mapping: Mapping;
  /** See deviceRows. */
  devices: string;
  /** Fields that the compile needs: none of them may be missing in all items. */
  needed: ReadonlySet<Field>;
  table: DeviceTable;
  name: string;
  /** Read units a second. */
  capacity: number;
  objects: Objects;
  /** Takes up nothing of an earlier run. */
  fresh: boolean;
  /** Folder for the joined list; the caller removes it. */
  folder: string;
  progress?: (so: JoinProgress) => void;
  /** Defaults: this machine's; tests give their own. */
  time?: Waiting;
  /** The wall clock, for the age of what was kept. */
  dateMs?: () => number;
  random?: () => number;
  giveUpMs?: number;
  usersAPart?: number;
}

export interface JoinProgress {
  done: number;
  users: number;
  withoutDevice: number;
  /** Of an earlier run. */
  kept: number;
  unitsPerSecond: number;
  waits: number;
  /** Null: not known yet. */
  leftMs: number | null;
}

export interface Joined {
  /** The joined rows as NDJSON, in the order of the list: what the compile reads. */
  path: string;
  users: number;
  /** Ids that came again, also as another spelling of the same number. */
  repeated: number;
  blank: number;
  withoutDevice: number;
  rows: number;
  kept: number;
  unitsRead: number;
  tookMs: number;
  /** Forgets the parts: the audience is where it should be. */
  forget(): Promise<void>;
}

/** A stop loses at most the parts under way; a part is some megabytes of memory. */
const USERS_A_PART = 10_000;
const PARTS_AT_ONCE = 2;
const GIVE_UP_MS = 120_000;
/** Of so many items that none has an attribute, no other one will have it. */
const ENOUGH_ITEMS = 1_000;

const machineTime: Waiting = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * User ids and a table of devices to a device list. Parts of the users are read side by side and each is kept when it is whole; a
 * second run reads what is missing. The list has the order of the ids, so it is the same however it was read. Throws AudienceError.
 */
export async function joinTable(options: JoinOptions): Promise<Joined> {
  const { table, name, objects, mapping, devices, usersAPart = USERS_A_PART } = options;
  const time = options.time ?? machineTime;
  const dateMs = options.dateMs ?? Date.now;
  const startedAtMs = time.nowMs();
  const shape = await table.shape();
  const list = await withTemporaryFolder('gobutton-users-', (folder) =>
    withDuck({ folder }, (connection) =>
      readIdList(connection, { path: options.users, role: 'users', column: mapping.user }, folder, 'users'),
    ),
  );
  if (list.ids.size > 0 && [...list.ids.values()].every((kind) => kind === 'token'))
    throw new AudienceError(
      'COLUMN_MISSING',
      `${options.users}: found device tokens alone, expected a column of user ids: name it with --map user=<column>`,
    );
  const { users, sameNumber } = joinKeys(list.ids.keys(), shape, options.users, name);
  if (users.length === 0)
    throw new AudienceError('AUDIENCE_EMPTY', `${options.users}: found no user id, expected at least one`);
  list.ids.clear();
  const kept = keptParts(objects, [
    name,
    shape,
    { ...mapping, user: '' },
    devices,
    usersAPart,
    users.map(({ id }) => id),
  ]);
  if (options.fresh) await kept.remove();
  const done = await kept.done(dateMs());
  const state = new State(options, time, users.length, done);
  const reader = new UserReader({
    table,
    name,
    shape,
    units: new ReadUnits(options.capacity, time),
    time,
    giveUpMs: options.giveUpMs ?? GIVE_UP_MS,
    random: options.random ?? Math.random,
  });
  const limit = pLimit(PARTS_AT_ONCE);
  const parts = Math.ceil(users.length / usersAPart);
  const failures: unknown[] = [];
  state.tell(reader);
  await Promise.all(
    Array.from({ length: parts }, (_, part) =>
      limit(async () => {
        if (failures.length > 0 || done.has(part)) return;
        try {
          const asked = users.slice(part * usersAPart, (part + 1) * usersAPart);
          const { rows, items, withoutDevice } = joined(
            asked,
            await reader.read(keysOf(asked)),
            shape.sortKey === null,
            options,
          );
          const seen = FIELDS_LOOKED_FOR.filter((field) => rows.some((row) => row[field] !== ''));
          const one = {
            users: asked.length,
            withoutDevice,
            items: items.length,
            rows: rows.length,
            seen,
            atMs: dateMs(),
          };
          state.add(one, items[0]);
          await kept.put(part, rows, one);
          state.tell(reader);
        } catch (error) {
          failures.push(error);
          reader.stop();
        }
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
  state.check(1);
  const path = join(options.folder, `${name.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}.ndjson`);
  const file = await open(path, 'w', 0o600);
  try {
    for (let part = 0; part < parts; part++) await file.writeFile(await kept.rows(part));
  } finally {
    await file.close();
  }
  const { withoutDevice, rows } = state.sum;
  return {
    path,
    users: users.length,
    repeated: list.repeated + sameNumber,
    blank: list.blank,
    withoutDevice,
    rows,
    kept: state.keptUsers,
    unitsRead: reader.unitsRead,
    tookMs: time.nowMs() - startedAtMs,
    forget: () => kept.remove(),
  };
}

const FIELDS_LOOKED_FOR: readonly Field[] = ['platform', 'token', 'locale', 'market'];

const keysOf = (users: readonly AskedUser[]): string[] => users.flatMap(({ key }) => (key === null ? [] : [key]));

function joined(
  users: readonly AskedUser[],
  found: ReadonlyMap<string, TableItem[]>,
  isOneItem: boolean,
  options: JoinOptions,
): { rows: DeviceRow[]; items: TableItem[]; withoutDevice: number } {
  let withoutDevice = 0;
  const rows = users.flatMap(({ id, key }) => {
    if (key === null) return [{ user: id, platform: '', token: '', locale: '', market: '' }];
    const own = deviceRows(id, found.get(key) ?? [], isOneItem, options);
    if (own.length === 0) withoutDevice++;
    return own;
  });
  return { rows, items: [...found.values()].flat(), withoutDevice };
}

/** What the parts add up to, and what is told of it. */
class State {
  readonly keptUsers: number;
  readonly sum = { users: 0, withoutDevice: 0, items: 0, rows: 0 };
  readonly #options: JoinOptions;
  readonly #time: Waiting;
  readonly #users: number;
  readonly #seen = new Set<string>();
  readonly #startedAtMs: number;
  #sample: TableItem | undefined;

  constructor(options: JoinOptions, time: Waiting, users: number, done: ReadonlyMap<number, PartDone>) {
    this.#options = options;
    this.#time = time;
    this.#users = users;
    this.#startedAtMs = time.nowMs();
    for (const one of done.values()) this.#count(one);
    this.keptUsers = this.sum.users;
  }

  add(one: PartDone, sample: TableItem | undefined): void {
    this.#count(one);
    this.#sample ??= sample;
    this.check(ENOUGH_ITEMS);
  }

  #count({ users, withoutDevice, items, rows, seen }: PartDone): void {
    this.sum.users += users;
    this.sum.withoutDevice += withoutDevice;
    this.sum.items += items;
    this.sum.rows += rows;
    for (const field of seen) this.#seen.add(field);
  }

  /** Throws TABLE_ATTRIBUTE when `items` or more have been looked at and none had a field that is needed. */
  check(items: number): void {
    const { name, mapping, devices, needed } = this.#options;
    if (this.sum.items < items) return;
    const missing = FIELDS_LOOKED_FOR.filter((field) => needed.has(field) && !this.#seen.has(field));
    if (missing.length === 0) return;
    const has = Object.keys(this.#sample ?? {})
      .slice(0, 20)
      .map((attribute) => `"${attribute}"`)
      .join(', ');
    throw new AudienceError(
      'TABLE_ATTRIBUTE',
      `${name}: found ${this.sum.items} items without ${missing.map((field) => `"${mapping[field] ?? field}"`).join(', ')} (one has ${has === '' ? 'nothing' : has}), expected ${missing.map((field) => `one for ${field}`).join(', ')}: --map ${missing.map((field) => `${field}=<attribute>`).join(',')}, or --devices <attribute> for the list of devices (now "${devices}")`,
    );
  }

  tell({ unitsRead, waits }: UserReader): void {
    const tookMs = this.#time.nowMs() - this.#startedAtMs;
    const { users: done, withoutDevice } = this.sum;
    const now = done - this.keptUsers;
    this.#options.progress?.({
      done,
      users: this.#users,
      withoutDevice,
      kept: this.keptUsers,
      unitsPerSecond: tookMs === 0 ? 0 : (1_000 * unitsRead) / tookMs,
      waits,
      leftMs: now === 0 ? null : (tookMs / now) * (this.#users - done),
    });
  }
}
