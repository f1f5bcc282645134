import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CloudError } from './cloud-error.ts';

type Item = Record<string, AttributeValue>;

/** Every item under a partition key of the live table, strongly consistent, page by page. */
export async function itemsOf(
  { dynamo, table }: { dynamo: DynamoDBClient; table: string },
  pk: string,
): Promise<Item[]> {
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await dynamo.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        ExclusiveStartKey: from,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

/** BatchGetItem takes no more keys (docs/facts.md#dynamodb-batch-get). */
const KEYS_PER_READ = 100;
const READ_TRIES = 8;

/** The items at these places under a partition key of the live table, strongly consistent, 100 a call; what is not there is missing. Rejects with LIVE_UNAVAILABLE when some stay unread. */
export async function itemsAt(
  { dynamo, table }: { dynamo: DynamoDBClient; table: string },
  pk: string,
  sks: readonly string[],
): Promise<Item[]> {
  // BatchGetItem refuses a key that is named twice.
  const keys = [...new Set(sks)].map((sk): Item => ({ pk: { S: pk }, sk: { S: sk } }));
  const found: Item[] = [];
  for (let at = 0; at < keys.length; at += KEYS_PER_READ) {
    let rest = keys.slice(at, at + KEYS_PER_READ);
    for (let tries = 1; rest.length > 0; tries += 1) {
      const page = await dynamo.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead: true } } }),
      );
      found.push(...(page.Responses?.[table] ?? []));
      rest = page.UnprocessedKeys?.[table]?.Keys ?? [];
      if (rest.length > 0 && tries === READ_TRIES)
        throw new CloudError('LIVE_UNAVAILABLE', `${rest.length} items were left unread ${tries} times`);
      if (rest.length > 0) await sleep(Math.min(1_000, 25 * 2 ** tries));
    }
  }
  return found;
}
