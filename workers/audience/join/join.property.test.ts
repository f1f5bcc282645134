import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TableItem } from '../../../infra/aws/device-table.ts';
import { localCloudForTests } from '../../../infra/local/cloud/for-tests.ts';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { apns, fcm, testFolder } from '../for-tests.ts';
import type { DeviceRow } from './device-rows.ts';
import { M, Stopped, tableOf, weathered } from './for-tests.ts';
import { joinTable } from './join-table.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(() => local.stop());

const device = fc.record({
  platform: fc.constantFrom('ios', 'android', 'palm', ''),
  token: fc.oneof(fc.integer({ min: 0, max: 9 }).map(apns), fc.integer({ min: 0, max: 9 }).map(fcm), fc.constant('zz')),
  locale: fc.constantFrom('en', 'es', 'xx'),
  market: fc.constantFrom('us', 'br', 'd e'),
});
const SURE = { platform: 'ios', token: apns(99), locale: 'en', market: 'us' };
/** Users 0 to 29; those who are asked for come again, and some are in no table. */
const scene = fc.record({
  devices: fc.array(fc.record({ user: fc.integer({ min: 0, max: 29 }), device }), { maxLength: 60 }),
  asked: fc.array(fc.integer({ min: 0, max: 39 }), { maxLength: 50 }),
  isOneItem: fc.boolean(),
  weather: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
  stops: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }),
});

let run = 0;

test(
  'whatever the table, throttled and stopped at any call: the list is that of the plain join, and every user is counted',
  { ...PROPERTY, timeout: 60_000 },
  async () => {
    await holds(
      'join',
      fc.asyncProperty(scene, async ({ devices, asked, isOneItem, weather, stops }) => {
        await using folder = await testFolder();
        const id = (user: number) => `u${user}`;
        const held = Map.groupBy([...devices, { user: 0, device: SURE }], ({ user }) => user);
        const users = [...new Set([0, ...asked])];
        const plain = users.flatMap((user) =>
          (held.get(user) ?? []).map(({ device: one }) =>
            [id(user), one.platform, one.token, one.locale, one.market].join(','),
          ),
        );
        const items: TableItem[] = [...held].flatMap(([user, own]): TableItem[] =>
          isOneItem
            ? [{ userId: { S: id(user) }, devices: { L: own.map((one) => M(one.device)) } }]
            : own.map((one, at) => ({
                userId: { S: id(user) },
                deviceId: { S: String(at).padStart(3, '0') },
                ...M(one.device).M,
              })),
        );
        const name = `devices-${++run}`;
        const table = await tableOf(local.url, name, items, { sortKey: isOneItem ? null : 'deviceId' });
        const list = await folder.file('users.csv', `user\n${[0, ...asked].map(id).join('\n')}\n`);
        let at = 0;
        const go = (callsLeft?: number) =>
          joinTable({
            users: list,
            mapping: {},
            devices: 'devices',
            needed: new Set(['user', 'platform', 'token', 'locale', 'market']),
            table: weathered(
              table,
              () => Math.max(weather[at++ % weather.length] ?? 1, at % 7 === 0 ? 0.9 : 0),
              callsLeft,
            ),
            name,
            capacity: 40_000,
            objects: folder.objects,
            fresh: false,
            folder: folder.path,
            time: { nowMs: () => performance.now(), sleep: () => new Promise(setImmediate) },
            usersAPart: 7,
          });
        for (const callsLeft of stops)
          await go(callsLeft).catch((error: unknown) => expect(error).toBeInstanceOf(Stopped));
        const joined = await go();
        expect(joined).toMatchObject({
          users: users.length,
          repeated: 1 + asked.length - users.length,
          withoutDevice: users.filter((user) => !held.has(user)).length,
          rows: plain.length,
        });
        const lines = (await readFile(joined.path, 'utf8')).split('\n').slice(0, -1);
        // The audience's hash is that of its rows in their order.
        expect(lines.map((line) => Object.values(JSON.parse(line) as DeviceRow).join(','))).toEqual(plain);
        await joined.forget();
        expect(await folder.objects.list('joins')).toEqual([]);
      }),
      { seed: 1129, runs: 20 },
    );
  },
);
