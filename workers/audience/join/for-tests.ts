import { BatchWriteItemCommand, CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { createTableReads } from '../../../infra/aws/clients.ts';
import { createDeviceTable } from '../../../infra/aws/device-table.ts';
import type { DeviceTable, TableItem } from '../../../infra/aws/device-table.ts';

/** A map of texts and numbers as an attribute. */
export const M = (from: Record<string, string | number>): AttributeValue => ({
  M: Object.fromEntries(
    Object.entries(from).map(([name, value]) => [
      name,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]),
  ),
});

/** Makes a table on the local cloud and fills it; the adapter reads it as any other. */
export async function tableOf(
  endpoint: string,
  name: string,
  items: readonly TableItem[],
  {
    key = 'userId',
    keyType = 'S',
    sortKey = null,
  }: { key?: string; keyType?: 'S' | 'N' | 'B'; sortKey?: string | null } = {},
): Promise<DeviceTable> {
  const dynamo = createTableReads({ region: 'us-east-1', endpoint });
  const keys = [
    { name: key, type: keyType, role: 'HASH' as const },
    ...(sortKey === null ? [] : [{ name: sortKey, type: 'S' as const, role: 'RANGE' as const }]),
  ];
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
      KeySchema: keys.map((one) => ({ AttributeName: one.name, KeyType: one.role })),
    }),
  );
  // Until then nothing can be written to it.
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 }, { TableName: name });
  for (let at = 0; at < items.length; at += 25) {
    const requests = items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }));
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }));
  }
  return createDeviceTable({ dynamo, table: name });
}

/** The process is gone at this call. */
export class Stopped extends Error {}

/** The table with weather between: by `chance` a call is throttled, or a batch done in part; after `callsLeft` calls the reader is stopped. */
export function weathered(table: DeviceTable, chance: () => number, callsLeft = Infinity): DeviceTable {
  let left = callsLeft;
  const throttled = { wait: { kind: 'throttled' as const, error: new Error('slow down') } };
  const step = () => {
    if (left-- <= 0) throw new Stopped();
    return chance();
  };
  return {
    shape: () => table.shape(),
    async get(shape, ids) {
      const so = step();
      if (so < 0.2) return throttled;
      if (so > 0.5 || ids.length < 2) return table.get(shape, ids);
      const half = Math.ceil(ids.length / 2);
      const answer = await table.get(shape, ids.slice(0, half));
      return answer.wait === null ? { ...answer, left: [...answer.left, ...ids.slice(half)] } : answer;
    },
    async query(shape, id, from) {
      return step() < 0.3 ? throttled : table.query(shape, id, from);
    },
  };
}
