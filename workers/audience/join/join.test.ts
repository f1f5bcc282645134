import { readFile } from 'node:fs/promises';
import { DeleteTableCommand, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTableReads } from '../../../infra/aws/clients.ts';
import type { DeviceTable, TableItem } from '../../../infra/aws/device-table.ts';
import { createDeviceTable } from '../../../infra/aws/device-table.ts';
import { AwsError } from '../../../infra/local/cloud/aws-error.ts';
import { localCloudForTests } from '../../../infra/local/cloud/for-tests.ts';
import { Throughput } from '../../../infra/local/cloud/throughput.ts';
import { apns, fcm, testFolder } from '../for-tests.ts';
import type { Field } from '../read/fields.ts';
import { M, tableOf } from './for-tests.ts';
import { joinTable } from './join-table.ts';
import type { JoinOptions } from './join-table.ts';
import { KEPT_FOR_MS } from './kept-parts.ts';
import { ReadUnits } from './read-units.ts';

type Folder = Awaited<ReturnType<typeof testFolder>>;
let local: Awaited<ReturnType<typeof localCloudForTests>>;
/** Reads while `left` is a number: so many units, and none comes back by itself. */
class GivenUnits extends Throughput {
  left: number | null = null;
  override take(...call: Parameters<Throughput['take']>) {
    const [, , kind, units] = call;
    if (kind === 'write' || this.left === null) return null;
    if (this.left < units) return new AwsError('com.amazon.coral.availability#ThrottlingException', 'too fast');
    this.left -= units;
    return null;
  }
}
const throughput = new GivenUnits();
beforeAll(async () => {
  local = await localCloudForTests({ throughput });
});
afterAll(() => local.stop());

const ALL = new Set<Field>(['user', 'platform', 'token', 'locale', 'market']);
const PHONE = { platform: 'ios', token: apns(1), locale: 'en', market: 'us' };

function joinOf(folder: Folder, users: string, table: DeviceTable, options: Partial<JoinOptions> = {}) {
  return joinTable({
    users,
    mapping: {},
    devices: 'devices',
    needed: ALL,
    table,
    name: 'devices',
    capacity: 40_000,
    objects: folder.objects,
    fresh: false,
    folder: folder.path,
    ...options,
  });
}
const rowsIn = async (folder: Folder, users: string, table: DeviceTable, options: Partial<JoinOptions> = {}) => {
  const { path } = await joinOf(folder, users, table, options);
  return (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
};

test('attributes go by name or by --map, from the device or from the user around it', async () => {
  await using folder = await testFolder();
  const table = await tableOf(local.url, 'mapped', [
    {
      userId: { S: 'a' },
      lang: { S: 'es' },
      home: M({ Country: 'br' }),
      phones: { L: [M({ os: 'ios', push: apns(1) }), M({ os: 'android', push: fcm(2), lang: 'en' })] },
    },
    {
      userId: { S: 'b' },
      lang: { S: 'es' },
      home: M({ Country: 'us' }),
      os: { S: 'ios' },
      phones: { SS: [apns(5), apns(4)] },
    },
    { userId: { S: 'c' }, lang: { S: 'es' }, home: M({ Country: 'us' }), os: { S: 'ios' }, push: { S: apns(6) } },
    { userId: { S: 'd' }, lang: { S: 'es' }, phones: { L: [] } },
    { userId: { S: 'e' }, lang: { S: 'es' }, phones: { L: [{ BOOL: true }] } },
  ]);
  const users = await folder.file('users.csv', 'name,uid\nAnn,a\nBob,b\nCy,c\nDee,d\nEve,e\nNo,nobody\nAnn,a\n');
  const mapping = { user: 'uid', platform: 'os', token: 'push', locale: 'lang', market: 'home.country' };
  expect(await rowsIn(folder, users, table, { mapping, devices: 'phones' })).toEqual([
    { user: 'a', platform: 'ios', token: apns(1), locale: 'es', market: 'br' },
    { user: 'a', platform: 'android', token: fcm(2), locale: 'en', market: 'br' },
    { user: 'b', platform: 'ios', token: apns(4), locale: 'es', market: 'us' },
    { user: 'b', platform: 'ios', token: apns(5), locale: 'es', market: 'us' },
    { user: 'c', platform: 'ios', token: apns(6), locale: 'es', market: 'us' },
    { user: 'e', platform: '', token: '{"BOOL":true}', locale: 'es', market: '' },
  ]);
  expect(await joinOf(folder, users, table, { mapping, devices: 'phones' })).toMatchObject({
    users: 6,
    repeated: 1,
    withoutDevice: 2,
    kept: 6,
  });
});

test('a user whose devices fill several pages has all of them', async () => {
  await using folder = await testFolder();
  const big = 'x'.repeat(300_000);
  const items = Array.from({ length: 5 }, (_, n): TableItem => ({
    userId: { S: 'a' },
    deviceId: { S: String(n) },
    note: { S: big },
    ...M({ ...PHONE, token: apns(n) }).M,
  }));
  const table = await tableOf(local.url, 'pages', items, { sortKey: 'deviceId' });
  expect(await rowsIn(folder, await folder.file('users.txt', 'a\n'), table)).toHaveLength(5);
});

test('numbers as keys: 7 and 007 are one user, and an id that is no number is refused by name', async () => {
  await using folder = await testFolder();
  const table = await tableOf(local.url, 'numbers', [{ userId: { N: '7' }, ...M(PHONE).M }], { keyType: 'N' });
  expect(await joinOf(folder, await folder.file('users.txt', '7\n007\n8\n'), table)).toMatchObject({
    users: 2,
    repeated: 1,
    withoutDevice: 1,
    rows: 1,
  });
  await expect(joinOf(folder, await folder.file('users.txt', '7\nana\n'), table)).rejects.toMatchObject({
    code: 'TABLE_KEY',
    message: expect.stringContaining('"ana"') as string,
  });
});

test('an id that no key can hold is a rejected row like any other, and stops nobody else', async () => {
  await using folder = await testFolder();
  const table = await tableOf(local.url, 'long', [{ userId: { S: 'a' }, ...M(PHONE).M }]);
  const joined = await joinOf(folder, await folder.file('users.txt', `a\n${'y'.repeat(2_100)}\n`), table);
  expect((await folder.compile(joined.path)).rejected).toEqual({ USER_INVALID: 1 });
});

test('what the reader can do nothing about is said by name', async () => {
  await using folder = await testFolder();
  const users = await folder.file('users.txt', 'a\n');
  const other = (endpoint: string, table: string) =>
    createDeviceTable({ dynamo: createTableReads({ region: 'us-east-1', endpoint }), table });
  await expect(joinOf(folder, users, other(local.url, 'nothing-here'))).rejects.toMatchObject({
    code: 'TABLE_MISSING',
  });
  await expect(joinOf(folder, users, other(local.url.replace('//', '//stranger@'), 'mapped'))).rejects.toMatchObject({
    code: 'TABLE_DENIED',
  });
  await expect(joinOf(folder, users, await tableOf(local.url, 'bytes', [], { keyType: 'B' }))).rejects.toMatchObject({
    code: 'TABLE_KEY',
    message: expect.stringContaining('of type B') as string,
  });
  const bare = await tableOf(local.url, 'bare', [{ userId: { S: 'a' }, push_token: { S: apns(1) } }]);
  await expect(joinOf(folder, users, bare)).rejects.toMatchObject({
    code: 'TABLE_ATTRIBUTE',
    message: expect.stringContaining(
      'found 1 items without "platform", "token", "locale", "market" (one has "userId", "push_token")',
    ) as string,
  });
  const tokens = await folder.file('tokens.csv', `token\n${apns(1)}\n`);
  await expect(joinOf(folder, tokens, bare)).rejects.toMatchObject({ code: 'COLUMN_MISSING' });
});

test('a table with nothing to spare is waited for, and given up after a while with what was read kept', async () => {
  await using folder = await testFolder();
  const users = ['a', 'b', 'c'];
  const table = await tableOf(
    local.url,
    'busy',
    users.map((id, n): TableItem => ({ userId: { S: id }, ...M({ ...PHONE, token: apns(n) }).M })),
  );
  const list = await folder.file('users.txt', users.join('\n'));
  let nowMs = 0;
  const go = (sleep: (ms: number) => void, usersAPart?: number) =>
    joinOf(folder, list, table, {
      time: { nowMs: () => nowMs, sleep: async (ms) => sleep((nowMs += ms)) },
      giveUpMs: 30_000,
      fresh: usersAPart === undefined,
      ...(usersAPart === undefined ? {} : { usersAPart }),
    });
  throughput.left = 0.5;
  await expect(go(() => undefined, 1)).rejects.toMatchObject({
    code: 'TABLE_THROTTLED',
    message: expect.stringContaining('found no read capacity for') as string,
  });
  expect(nowMs).toBeGreaterThan(30_000);
  throughput.left = 1;
  expect(await go(() => undefined, 1)).toMatchObject({ kept: 1, rows: 3 });
  // Part of one call at a time: what comes back as not done is asked for again.
  throughput.left = 0.5;
  let refills = 0;
  expect(await go(() => (throughput.left = ++refills % 2 === 0 ? 0.5 : 0))).toMatchObject({ kept: 0, rows: 3 });
  throughput.left = null;
});

test('when one part has failed nothing more is asked of the table', async () => {
  await using folder = await testFolder();
  const table = await tableOf(local.url, 'failing', [], { sortKey: 'deviceId' });
  const list = await folder.file('users.txt', Array.from({ length: 200 }, (_, n) => `u${n}`).join('\n'));
  let calls = 0;
  const failing: DeviceTable = {
    ...table,
    query: (...call) => (++calls === 20 ? Promise.reject(new Error('gone')) : table.query(...call)),
  };
  await expect(joinOf(folder, list, failing)).rejects.toThrow('gone');
  const asked = calls;
  expect(asked).toBeLessThan(60);
  await expect(joinOf(folder, list, table)).resolves.toMatchObject({ users: 200 });
  expect(calls).toBe(asked);
});

test('another list, or what was read too long ago, continues nothing', async () => {
  await using folder = await testFolder();
  const table = await tableOf(local.url, 'aged', [{ userId: { S: 'a' }, ...M(PHONE).M }]);
  const users = await folder.file('users.txt', 'a\nb\n');
  let nowMs = 1_000;
  const go = async (list = users, fresh = false) =>
    (await joinOf(folder, list, table, { dateMs: () => nowMs, fresh })).kept;
  expect(await go()).toBe(0);
  expect(await go()).toBe(2);
  expect(await go(await folder.file('more.txt', 'a\nb\nc\n'))).toBe(0);
  expect(await go(users, true)).toBe(0);
  nowMs += KEPT_FOR_MS + 1;
  expect(await go()).toBe(0);
});

test('a part that is kept in halves is read again, and says so by what it takes up', async () => {
  await using folder = await testFolder();
  const ids = ['a', 'b', 'c', 'd'];
  const table = await tableOf(
    local.url,
    'halves',
    ids.map((id, n): TableItem => ({ userId: { S: id }, ...M({ ...PHONE, token: apns(n) }).M })),
  );
  const users = await folder.file('users.txt', ids.join('\n'));
  const whole = await rowsIn(folder, users, table, { usersAPart: 1 });
  const [cut, garbled, foreign, lost] = (await folder.objects.list('joins/'))
    .map(({ key }) => key.replace(/\.(nd)?json$/, ''))
    .filter((key, at, all) => all.indexOf(key) === at);
  await folder.objects.put(`${cut}.ndjson`, Buffer.from('{"user":"a"'));
  await folder.objects.put(`${garbled}.json`, Buffer.from('{"users":'));
  await folder.objects.put(`${foreign}.json`, Buffer.from('[1]'));
  await folder.objects.remove(`${lost}.ndjson`);
  const again = await joinOf(folder, users, table, { usersAPart: 1 });
  expect(again).toMatchObject({ kept: 0, rows: 4, withoutDevice: 0 });
  expect(await rowsIn(folder, users, table, { usersAPart: 1 })).toEqual(whole);
});

test('what was read of another table of the same name continues nothing', async () => {
  await using folder = await testFolder();
  const users = await folder.file('users.txt', 'a\n');
  const item: TableItem = { userId: { S: 'a' }, ...M(PHONE).M };
  const first = await tableOf(local.url, 'renewed', [item]);
  await joinOf(folder, users, first);
  expect((await joinOf(folder, users, first)).kept).toBe(1);
  const dynamo = createTableReads({ region: 'us-east-1', endpoint: local.url });
  await dynamo.send(new DeleteTableCommand({ TableName: 'renewed' }));
  await waitUntilTableNotExists({ client: dynamo, maxWaitTime: 10, minDelay: 0.05 }, { TableName: 'renewed' });
  const second = await tableOf(local.url, 'renewed', [{ ...item, token: { S: apns(9) } }]);
  expect(await rowsIn(folder, users, second)).toMatchObject([{ user: 'a', token: apns(9) }]);
  dynamo.destroy();
});

test('what an attribute may be in DynamoDB is a row to be judged or none, and never the end of a join', async () => {
  await using folder = await testFolder();
  const bytes = new Uint8Array([1, 2, 3]);
  const odd: [string, TableItem[string] | undefined, number][] = [
    ['a missing one', undefined, 0],
    ['nothing', { NULL: true }, 0],
    ['a set of tokens', { SS: [apns(1), apns(2)] }, 2],
    ['one token', { S: apns(1) }, 1],
    ['a number', { N: '7' }, 1],
    ['a set of numbers', { NS: ['1', '2'] }, 1],
    ['bytes', { B: bytes }, 1],
    ['a set of bytes', { BS: [bytes] }, 1],
    ['yes', { BOOL: true }, 1],
    ['an empty list', { L: [] }, 0],
    ['an empty map', { M: {} }, 0],
    ['maps by device', { M: { one: M(PHONE), two: M({ ...PHONE, token: apns(2) }) } }, 2],
    [
      'a list of anything',
      { L: [M(PHONE), { NULL: true }, { L: [{ S: 'x' }] }, { B: bytes }, { M: { token: { M: {} } } }] },
      5,
    ],
  ];
  const table = await tableOf(
    local.url,
    'odd',
    odd.map(([name, devices]) => ({ userId: { S: name }, ...(devices === undefined ? {} : { devices }) })),
  );
  const users = await folder.file('users.csv', `user\n${odd.map(([name]) => name).join('\n')}\n`);
  const rows = (await rowsIn(folder, users, table)) as Record<string, unknown>[];
  expect(odd.map(([name]) => [name, rows.filter(({ user }) => user === name).length])).toEqual(
    odd.map(([name, , count]) => [name, count]),
  );
  expect(rows.flatMap((row) => Object.values(row)).filter((value) => typeof value !== 'string')).toEqual([]);
});

test('reads stay within the units a second, whatever they turn out to cost', async () => {
  let nowMs = 0;
  const units = new ReadUnits(100, { nowMs: () => nowMs, sleep: async (ms) => void (nowMs += ms) });
  let read = 0;
  for (let call = 0; call < 200; call++) {
    await units.take(5);
    const cost = call % 3 === 0 ? 40 : 2;
    units.settle(cost - 5);
    read += cost;
  }
  // A second is saved up at most, and the last call's debt is not paid yet.
  expect(read).toBeLessThanOrEqual((nowMs / 1_000 + 1) * 100 + 40);
  expect(read).toBeGreaterThan((nowMs / 1_000 - 1) * 100);
  // More than a second has is given from a full bucket, not never.
  await units.take(1_000);
});
