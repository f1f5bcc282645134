import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CloudError, isConditionFailure } from './cloud-error.ts';
import { channelPartition } from './record-store.ts';
import { withSignal } from './with-signal.ts';

/**
 * The record of a launch, carried to another region's table: entry by entry in order, each put where nothing stands. An entry
 * follows only one that stands there as it stands here, so what is there is always a beginning of what is here; and once the other
 * region has written an entry of its own, nothing of ours can follow it, however late a copy comes. (A global table would let the
 * later write win and put our entry in the place of theirs: docs/facts.md#dynamodb-mrec.)
 */
export interface RecordCopy {
  /** Sequence of the last entry that stands in both. RECORDS_APART: the other region has gone on by itself. */
  follow(launchId: string, signal?: AbortSignal): Promise<number>;
}

type Item = Record<string, AttributeValue>;
type Table = { dynamo: DynamoDBClient; table: string; signal: AbortSignal | undefined };

/** At a time: an entry has 400 KB at most, and most have one. */
const PAGE = 25;

export function createRecordCopy(fromTable: Omit<Table, 'signal'>, toTable: Omit<Table, 'signal'>): RecordCopy {
  /** Where each partition was last seen to stand in both. */
  const known = new Map<string, number>();

  async function followPartition(partition: string, signal?: AbortSignal): Promise<number> {
    const [from, to] = [fromTable, toTable].map((one) => ({ ...one, signal })) as [Table, Table];
    const head = known.get(partition) === undefined ? await last(to, partition) : null;
    let at = known.get(partition) ?? 0;
    if (head !== null) {
      const [ours] = await after(from, partition, head.seq - 1, 1);
      if (ours?.['hash']?.S !== head.hash || Number(ours['seq']?.N) !== head.seq) throw apart(partition, head.seq);
      at = head.seq;
    }
    for (;;) {
      const page = await after(from, partition, at, PAGE);
      for (const item of page) {
        await putWhereNothingStands(to, partition, item);
        at = Number(item['seq']?.N);
        known.set(partition, at);
      }
      if (page.length < PAGE) return at;
    }
  }

  return {
    async follow(launchId, signal) {
      // What people wrote first: a checkpoint in the record speaks of it.
      await followPartition(channelPartition(launchId), signal);
      return followPartition(launchId, signal);
    },
  };
}

async function last(
  { dynamo, table, signal }: Table,
  partition: string,
): Promise<{ seq: number; hash: string } | null> {
  const { Items: [item] = [] } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: 1,
      KeyConditionExpression: 'launchId = :launch',
      ExpressionAttributeValues: { ':launch': { S: partition } },
    }),
    withSignal(signal),
  );
  return item === undefined ? null : { seq: Number(item['seq']?.N), hash: item['hash']?.S ?? '' };
}

async function after({ dynamo, table, signal }: Table, partition: string, seq: number, limit: number): Promise<Item[]> {
  const page = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      Limit: limit,
      KeyConditionExpression: 'launchId = :launch AND seq > :seq',
      ExpressionAttributeValues: { ':launch': { S: partition }, ':seq': { N: String(seq) } },
    }),
    withSignal(signal),
  );
  return page.Items ?? [];
}

async function putWhereNothingStands({ dynamo, table, signal }: Table, partition: string, item: Item): Promise<void> {
  try {
    await dynamo.send(
      new PutItemCommand({ TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(launchId)' }),
      withSignal(signal),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
    const { launchId, seq } = item;
    if (launchId === undefined || seq === undefined) throw error;
    const { Item: standing } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { launchId, seq }, ConsistentRead: true }),
      withSignal(signal),
    );
    // Another bot's copy of the same entry, or our own try whose answer was lost.
    if (standing?.['hash']?.S !== item['hash']?.S) throw apart(partition, Number(seq.N));
  }
}

function apart(partition: string, seq: number): CloudError {
  return new CloudError(
    'RECORDS_APART',
    `entry ${seq} of ${partition} is another one in the other region: that one has gone on by itself`,
  );
}
