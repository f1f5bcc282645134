import { DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import type {
  GlobalSecondaryIndexDescription,
  GlobalSecondaryIndexUpdate,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { ScaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { CloudError } from '../cloud-error.ts';
import { ScalableTargets } from './scalable-targets.ts';
import type { ScaleObservation, ScalingClients } from './scaling-kind.ts';
import type { ScheduledCount } from './scheduled-counts.ts';

type Table = Extract<ScaleTarget, { kind: 'dynamodb-table' }>;

/**
 * Write capacity: provisioned units of a provisioned table; warm throughput of an on-demand one, which can only be raised
 * (docs/facts.md#dynamodb-warm-throughput), so that a lower count leaves it as it is. Its indexes are written with it,
 * and one that is throttled throttles the table.
 */
export function tableScaling({
  dynamo,
  applicationAutoScaling,
}: Pick<ScalingClients, 'dynamo' | 'applicationAutoScaling'>) {
  const targets = new ScalableTargets(applicationAutoScaling, 'dynamodb');
  /** What was asked for last: while a table is UPDATING, AWS shows the old figure. */
  const asked = new Map<string, number>();

  async function describe({ table }: Table): Promise<TableDescription> {
    return (await dynamo.send(new DescribeTableCommand({ TableName: table }))).Table ?? {};
  }

  const standing = ({ table }: Table, found: TableDescription) =>
    targets.standing([
      { resource: `table/${table}`, dimension: 'dynamodb:table:WriteCapacityUnits' },
      ...indexesOf(found).map(({ IndexName: name }) => ({
        resource: `table/${table}/index/${name}`,
        dimension: 'dynamodb:index:WriteCapacityUnits' as const,
      })),
    ]);

  async function hold(target: Table, { count, lowers }: ScaleGoal, found: ScaleFound): Promise<void> {
    // Its registration moves table and indexes by itself, so that the next look may find them under way.
    await targets.hold(await standing(target, await describe(target)), found.targets, count);
    await setUnits(target, (now) => (lowers ? count : Math.max(now, count)));
  }

  async function putBack(target: Table, { count, lowers }: ScaleGoal, found: ScaleFound): Promise<void> {
    const back = (now: number, name: string | null) =>
      name === null ? count : Math.max(1, found.indexes[name] ?? now);
    await setUnits(target, (now, name) => (lowers ? back(now, name) : Math.max(now, back(now, name))));
    await targets.putBack(await standing(target, await describe(target)), found.targets);
  }

  /**
   * One update for the table and its indexes; a part that does not change is left out, because AWS refuses it.
   * Decreases are rationed (docs/facts.md#dynamodb-decreases).
   */
  async function setUnits({ table }: Table, unitsOf: (now: number, index: string | null) => number): Promise<void> {
    const found = await describe({ table } as Table);
    const now = { read: found.ProvisionedThroughput?.ReadCapacityUnits ?? 1, write: writeUnits(found) };
    const write = unitsOf(now.write, null);
    asked.set(table, write);
    const indexes: GlobalSecondaryIndexUpdate[] = indexesOf(found).flatMap((index) => {
      const wanted = unitsOf(writeUnits(index), index.IndexName ?? '');
      if (wanted === writeUnits(index)) return [];
      return [
        {
          Update: {
            IndexName: index.IndexName,
            ProvisionedThroughput: {
              ReadCapacityUnits: index.ProvisionedThroughput?.ReadCapacityUnits ?? 1,
              WriteCapacityUnits: wanted,
            },
          },
        },
      ];
    });
    if (write === now.write && indexes.length === 0) return refuseBusy(table, found);
    refuseBusy(table, found);
    await dynamo.send(
      new UpdateTableCommand({
        TableName: table,
        ...(write === now.write
          ? {}
          : { ProvisionedThroughput: { ReadCapacityUnits: now.read, WriteCapacityUnits: write } }),
        ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexUpdates: indexes }),
      }),
    );
    // The rest waits until the table is there.
    refuseBusy(table, await describe({ table } as Table));
  }

  async function warm({ table }: Table, found: TableDescription, count: number): Promise<void> {
    asked.set(table, Math.max(count, warmUnits(found)));
    const WarmThroughput = { WriteUnitsPerSecond: count };
    const indexes = indexesOf(found)
      .filter((index) => warmUnits(index) < count)
      .map(({ IndexName }) => ({ Update: { IndexName, WarmThroughput } }));
    if (warmUnits(found) >= count && indexes.length === 0) return;
    await dynamo.send(
      new UpdateTableCommand({
        TableName: table,
        ...(warmUnits(found) < count ? { WarmThroughput } : {}),
        ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexUpdates: indexes }),
      }),
    );
  }

  return {
    /** Indexes that are registered go with the table. */
    async schedule(target: Table, owner: string, wanted: readonly ScheduledCount[]): Promise<string | null> {
      const found = await describe(target);
      if (isOnDemand(found))
        return `AWS has no schedule for the warm throughput of an on-demand table (${target.table})`;
      const registered = await standing(target, found);
      return registered[0]?.resource === `table/${target.table}`
        ? targets.schedule(registered, owner, wanted)
        : `the table ${target.table} is not registered with Application Auto Scaling`;
    },

    async find(target: Table): Promise<ScaleFound> {
      const found = await describe(target);
      const units = isOnDemand(found) ? warmUnits : writeUnits;
      return {
        desired: units(found),
        min: null,
        max: null,
        targets: isOnDemand(found) ? [] : await standing(target, found),
        indexes: Object.fromEntries(indexesOf(found).map((index) => [index.IndexName ?? '', units(index)])),
      };
    },

    async desire(target: Table, goal: ScaleGoal, found: ScaleFound): Promise<void> {
      const now = await describe(target);
      if (isOnDemand(now)) await (goal.holds ? warm(target, now, goal.count) : undefined);
      else await (goal.holds ? hold(target, goal, found) : putBack(target, goal, found));
    },

    async observe({ table }: Table): Promise<ScaleObservation> {
      const found = await describe({ table } as Table);
      const onDemand = isOnDemand(found);
      const units = onDemand ? warmUnits : writeUnits;
      const running = Math.min(units(found), ...indexesOf(found).map(units));
      const updating = isBusy(found);
      const desired = updating ? (asked.get(table) ?? units(found)) : units(found);
      const trouble = updating || found.TableStatus === 'ACTIVE' ? null : `the table is ${found.TableStatus}`;
      return {
        desired,
        running,
        pending: Math.max(0, desired - running),
        say: trouble,
        ...(updating ? { busy: true } : {}),
      };
    },
  };
}

const indexesOf = (found: TableDescription): GlobalSecondaryIndexDescription[] => found.GlobalSecondaryIndexes ?? [];
const isOnDemand = (found: TableDescription): boolean => found.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
const writeUnits = (found: TableDescription | GlobalSecondaryIndexDescription): number =>
  found.ProvisionedThroughput?.WriteCapacityUnits ?? 0;
const warmUnits = (found: TableDescription | GlobalSecondaryIndexDescription): number =>
  found.WarmThroughput?.WriteUnitsPerSecond ?? 0;

function isBusy(found: TableDescription): boolean {
  const states = [
    found.TableStatus,
    found.WarmThroughput?.Status,
    ...indexesOf(found).flatMap((index) => [index.IndexStatus, index.WarmThroughput?.Status]),
  ];
  return states.includes('UPDATING');
}

function refuseBusy(table: string, found: TableDescription): void {
  if (isBusy(found)) throw new CloudError('SCALE_BUSY', `the table ${table} is being updated`);
}
