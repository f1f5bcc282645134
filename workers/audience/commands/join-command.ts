import { AudienceError } from '../../../contract/audience-error.ts';
import { createTableReads } from '../../../infra/aws/clients.ts';
import { createDeviceTable } from '../../../infra/aws/device-table.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { joinTable } from '../join/join-table.ts';
import type { Joined, JoinProgress } from '../join/join-table.ts';
import { progressBar } from '../progress.ts';
import type { Output, Tell } from '../progress.ts';
import type { Field, Mapping } from '../read/fields.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { refuseWithout, wholeNumber } from './arguments.ts';
import { tableReadsFrom } from './environment.ts';
import { count } from './words.ts';

/** Where the devices come from a table: what `compile` takes beside its other options. */
export const JOIN_OPTIONS = ['users', 'device-table', 'devices', 'capacity'] as const;
type JoinOption = Partial<Record<(typeof JOIN_OPTIONS)[number], string>>;

/**
 * Read units a second without --capacity: an eighth of what a table on demand takes from its first day on
 * (docs/facts.md#dynamodb-on-demand), since the table has other work. A million users of small items take some six minutes.
 */
const CAPACITY = 1_500;
/** The most that a table may take without a raised quota (docs/facts.md#dynamodb-quotas). */
const CAPACITY_AT_MOST = 40_000;

/** Null: the devices come from files. Throws ARGUMENT_INVALID. */
export function joinAsked(
  words: readonly string[],
  option: JoinOption,
  fresh: boolean,
): { users: string; table: string } | null {
  const { users, 'device-table': table } = option;
  const wrong = (say: string) => new AudienceError('ARGUMENT_INVALID', say);
  if (users === undefined && table === undefined) {
    refuseWithout('device-table', table, { devices: option.devices, capacity: option.capacity, fresh });
    return null;
  }
  if (users === undefined) throw wrong('--users: found nothing beside --device-table, expected a list of user ids');
  if (table === undefined)
    throw wrong('--device-table: found nothing beside --users, expected the name of a DynamoDB table');
  if (words.length > 0)
    throw wrong(
      `compile: found the file "${words[0]}" beside --device-table, expected one of them: the table holds the devices`,
    );
  // A name, or the ARN of a table of another account.
  if (!/^([A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9_.:/-]{3,1000})$/.test(table))
    throw wrong(
      `--device-table: found "${table}", expected the name of a table (3 to 255 letters, digits, dots, dashes and underscores) or its ARN`,
    );
  return { users, table };
}

/** Joins, gives the list to `work`, and forgets what was kept when that has ended well. */
export async function withJoined<T>(
  asked: { users: string; table: string },
  given: {
    option: JoinOption;
    mapping: Mapping;
    needed: ReadonlySet<Field>;
    fresh: boolean;
    objects: Objects;
    tell: Tell | null;
  },
  env: Readonly<Record<string, string | undefined>>,
  err: Output,
  work: (joined: Joined) => Promise<T>,
): Promise<T> {
  const capacity = wholeNumber('capacity', given.option.capacity, CAPACITY, 1, CAPACITY_AT_MOST);
  const dynamo = createTableReads(tableReadsFrom(env));
  const bar = progressBar(err);
  try {
    return await withTemporaryFolder('gobutton-join-', async (folder) => {
      const joined = await joinTable({
        users: asked.users,
        mapping: given.mapping,
        devices: given.option.devices ?? 'devices',
        needed: given.needed,
        table: createDeviceTable({ dynamo, table: asked.table }),
        name: asked.table,
        capacity,
        objects: given.objects,
        fresh: given.fresh,
        folder,
        progress: (so) => {
          bar.update(saidOf(so), so.done, so.users);
          given.tell?.({
            say: `joining ${count(so.done)} of ${count(so.users)} users`,
            percent: (100 * so.done) / so.users,
            leftMs: so.leftMs,
          });
        },
      }).finally(() => bar.stop());
      return work(joined);
    });
  } finally {
    dynamo.destroy();
  }
}

function saidOf({ done, users, withoutDevice, kept, unitsPerSecond, waits, leftMs }: JoinProgress): string {
  return [
    `joining ${count(done)} of ${count(users)} users`,
    `${count(withoutDevice)} without a device`,
    ...(kept === 0 ? [] : [`${count(kept)} kept from an earlier run`]),
    ...(unitsPerSecond === 0 ? [] : [`${count(Math.round(unitsPerSecond))} read units/s`]),
    ...(waits === 0 ? [] : [`throttled ${count(waits)} times`]),
    ...(leftMs === null ? [] : [`about ${durationOf(leftMs)} left`]),
  ].join(', ');
}

function durationOf(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** What the join came to, for the summary. */
export function joinRows(joined: Joined, table: string): (readonly [string, string])[] {
  const { users, repeated, blank, withoutDevice, rows, kept, unitsRead, tookMs } = joined;
  return [
    [
      'users',
      `${count(users)}${repeated === 0 ? '' : `, ${count(repeated)} more that repeat one`}${blank === 0 ? '' : `, ${count(blank)} rows without an id`}`,
    ],
    ['', `${count(withoutDevice)} without a device in ${table}`],
    [
      'joined',
      `${count(rows)} rows in ${(tookMs / 1_000).toFixed(1)} s with ${count(Math.round(unitsRead))} read units${kept === 0 ? '' : `, ${count(kept)} users kept from an earlier run`}`,
    ],
  ];
}
