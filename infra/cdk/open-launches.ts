import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { fold } from '../../runbooks/launch/evolve.ts';
import { errorName } from '../aws/cloud-error.ts';
import { createRecordStore } from '../aws/record-store.ts';

/**
 * Launches of the record table that are not closed, in words. The table itself is read, from its first item to its last: an
 * index may have lost one. What can't be read counts as open. Empty too if there is no table.
 */
export async function openLaunches(dynamo: DynamoDBClient, table: string): Promise<string[]> {
  const record = createRecordStore({ dynamo, table });
  const open: string[] = [];
  try {
    for (const launchId of await launchIds(dynamo, table)) {
      const word = openWord(launchId, await record.readAfter(launchId, 0));
      if (word !== null) open.push(word);
    }
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return [];
    throw error;
  }
  return open;
}

/** Of every launch that the table has an entry of. Rejects with ResourceNotFoundException without a table. */
export async function launchIds(dynamo: DynamoDBClient, table: string): Promise<string[]> {
  const ids: string[] = [];
  const pages = paginateScan(
    { client: dynamo },
    {
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: 'launchId',
      // What people wrote lies beside it, under another key (`channelPartition`).
      FilterExpression: 'seq = :first AND NOT contains(launchId, :channel)',
      ExpressionAttributeValues: { ':first': { N: '1' }, ':channel': { S: '/channel' } },
    },
  );
  for await (const { Items: items = [] } of pages) ids.push(...items.flatMap(({ launchId }) => launchId?.S ?? []));
  return ids.toSorted();
}

/** Null: it is closed, or there is none. */
export function openWord(launchId: string, entries: readonly Entry[]): string | null {
  try {
    const launch = fold(entries);
    if (launch === null || launch.closed) return null;
    return launch.name === launchId ? launchId : `${launch.name} (${launchId})`;
  } catch (error) {
    return `${launchId} (it can't be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
