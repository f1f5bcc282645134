import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClients } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { localCloudForTests } from './for-tests.ts';
import { sumProblem } from './sums.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
beforeAll(async () => {
  local = await localCloudForTests();
  clients = createClients(local.config);
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});

const TableName = 'gobutton-record';
const Key = { launchId: { S: 'sums' }, seq: { N: '1' } };
const NINES = '9'.repeat(38);

beforeEach(async () => {
  await clients.dynamo.send(
    new PutItemCommand({
      TableName,
      Item: { ...Key, n: { N: NINES }, m: { M: { big: { N: '9e125' }, small: { N: '1.1e-130' } } } },
    }),
  );
});
const update = (expression: string, values: Record<string, string>) =>
  clients.dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: expression,
      ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([name, N]) => [name, { N }])),
      ReturnValues: 'ALL_NEW',
    }),
  );
const item = async (): Promise<Record<string, AttributeValue> | undefined> =>
  (await clients.dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;

test.each([
  [
    'SET n = n + :v',
    { ':v': '0.5' },
    /^Number overflow\. Attempting to store a number with magnitude larger than supported range$/,
  ],
  ['ADD n :v', { ':v': '0.5' }, /^Number overflow\./],
  ['SET x = :v - :w', { ':v': '1e50', ':w': '1' }, /^Number overflow\./],
  ['SET m.big = m.big + :v', { ':v': '9e125' }, /^Number overflow\./],
  ['SET m.small = m.small - :v', { ':v': '1e-130' }, /^Number underflow\./],
] as const)('%s with %j is refused, and changes nothing', async (expression, values, say) => {
  const before = await item();
  await expect(update(expression, values)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(say) as string,
  });
  expect(await item()).toEqual(before);
  // What was locked for it is free again.
  expect((await update('SET z = :v', { ':v': '1' })).Attributes?.['z']).toEqual({ N: '1' });
});

test('a sum that fits is kept, and a great one whose digits are few', async () => {
  expect((await update('SET n = n + :v', { ':v': '1' })).Attributes?.['n']).toEqual({ N: `1${'0'.repeat(38)}` });
  await update('ADD n :v', { ':v': '-1' });
  expect((await item())?.['n']).toEqual({ N: NINES });
  expect((await update('SET m.big = m.big + :v', { ':v': '9e124' })).Attributes?.['m']?.M?.['big']).toEqual({
    N: `99${'0'.repeat(124)}`,
  });
});

test('each number of an item is looked at by its own digits and magnitude', () => {
  for (const fits of [
    '0',
    '-0.0',
    '1',
    `0.${'0'.repeat(129)}1`,
    `-${NINES}`,
    `0.${NINES}`,
    `9${'0'.repeat(125)}`,
    '007',
  ])
    expect(sumProblem({ a: { L: [{ N: fits }] }, N: { S: NINES + NINES } }), fits).toBeNull();
  expect(sumProblem({ a: { M: { N: { N: `0.${'0'.repeat(130)}1` } } } })).toMatch(/underflow/);
  expect(sumProblem({ a: { NS: ['1'] }, b: { N: `${NINES}.1` } })).toMatch(/overflow/);
  expect(sumProblem({ b: { N: `1${'0'.repeat(126)}` } })).toMatch(/overflow/);
});
