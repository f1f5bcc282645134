import { BatchGetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KEYS_PER_READ, readKeys } from './batch-get.ts';
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
  const unread = (count: number) =>
    new CloudError('LIVE_UNAVAILABLE', `${count} items were left unread ${READ_TRIES} times`);
  for (let at = 0; at < keys.length; at += KEYS_PER_READ) {
    const items = await readKeys({ table, tries: READ_TRIES, unread }, keys.slice(at, at + KEYS_PER_READ), (rest) =>
      dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead: true } } })),
    );
    found.push(...items);
  }
  return found;
}
