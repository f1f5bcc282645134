import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import type { Cloud } from './cloud.ts';
import { createCloud, ensureHomes } from './create-cloud.ts';
import { faultProxy } from './fault-proxy-for-tests.ts';
import { homesTable } from './tables.ts';

const REGIONS = { home: 'us-east-1', standby: 'us-west-2' };
const [EAST, WEST] = ['us-east-1', 'us-west-2'] as const;
let stage: Awaited<ReturnType<typeof localCloudForTests>>;
let homes: Cloud['homes'];
beforeAll(async () => {
  stage = await localCloudForTests();
  await ensureHomes(stage.config);
  homes = stage.cloud.homes;
});
afterAll(() => stage.stop());

test('a launch is at home until two people take it over; then its own region may send nothing', async () => {
  expect(await homes.read('one', REGIONS)).toEqual({ home: { region: EAST, firstShot: null }, asked: null });
  expect(await homes.send('one', REGIONS, WEST, 'S1')).toMatchObject({ ok: false, code: 'HOME_ELSEWHERE' });
  expect(await homes.takeOver('one', REGIONS, EAST, WEST)).toMatchObject({ ok: true, home: { region: WEST } });
  expect(await homes.takeOver('one', REGIONS, EAST, WEST)).toMatchObject({ ok: true });
  expect(await homes.send('one', REGIONS, EAST, 'S1')).toMatchObject({ ok: false, code: 'HOME_ELSEWHERE' });
  expect(await homes.send('one', REGIONS, WEST, 'S7')).toEqual({ ok: true, home: { region: WEST, firstShot: 'S7' } });
  expect(await homes.read('one', REGIONS)).toMatchObject({ home: { region: WEST, firstShot: 'S7' } });
});

test('after its first shot nobody takes it over', async () => {
  expect(await homes.send('two', REGIONS, EAST, 'S9')).toMatchObject({ ok: true });
  expect(await homes.send('two', REGIONS, EAST, 'S12')).toMatchObject({ ok: true, home: { firstShot: 'S9' } });
  expect(await homes.takeOver('two', REGIONS, EAST, WEST)).toMatchObject({ ok: false, code: 'SHOT_BEGAN' });
});

test('of many workers and a take-over at the same moment either the shot or the other region wins, and all agree', async () => {
  const won = { sent: 0, taken: 0 };
  for (let round = 0; round < 20; round += 1) {
    const launchId = `race-${round}`;
    // Now one of them is first, now the other.
    const sends = () => Array.from({ length: 8 }, () => homes.send(launchId, REGIONS, EAST, 'S1'));
    const [taken, ...sent] =
      round % 2 === 0
        ? await Promise.all([homes.takeOver(launchId, REGIONS, EAST, WEST), ...sends()])
        : await Promise.all([...sends(), homes.takeOver(launchId, REGIONS, EAST, WEST)]).then((all) => [
            all.at(-1),
            ...all.slice(0, -1),
          ]);
    expect(new Set(sent.map((one) => one?.ok)).size).toBe(1);
    expect(sent[0]?.ok).toBe(taken?.ok === false);
    if (taken?.ok === true) won.taken += 1;
    else won.sent += 1;
  }
  expect(won.sent + won.taken).toBe(20);
});

test('what is asked for lies beside the home and moves nothing; what is no request is none', async () => {
  const via = { publicKey: 'k', signature: 's', nonce: 'n', signedAtMs: 1, expiresAtMs: 2 };
  const asked = { by: 'ana', to: WEST, reason: 'away', via };
  await homes.ask('asked', asked);
  expect(await homes.read('asked', REGIONS)).toEqual({ home: { region: EAST, firstShot: null }, asked });
  expect(await homes.send('asked', REGIONS, EAST, 'S1')).toMatchObject({ ok: true });
  const clients = createClients(stage.config);
  await clients.homes.send(
    new UpdateItemCommand({
      TableName: homesTable('gobutton'),
      Key: { launchId: { S: 'asked' } },
      UpdateExpression: 'SET asked = :junk',
      ExpressionAttributeValues: { ':junk': { S: '{"by":"ana"' } },
    }),
  );
  clients.destroy();
  expect(await homes.read('asked', REGIONS)).toMatchObject({ home: { firstShot: 'S1' }, asked: null });
});

test('a write whose answer was lost is done once, and where the table can’t be reached nothing is decided', async () => {
  let lose = true;
  const proxy = await faultProxy(stage.config, ({ operation, nth }) =>
    lose ? (operation === 'UpdateItem' && nth === 1 ? 'lose-answer' : 'pass') : 'lose-request',
  );
  const behind = createCloud({ ...stage.config, homes: proxy.config.endpoint });
  expect(await behind.homes.send('lost', REGIONS, EAST, 'S1')).toMatchObject({ ok: true });
  expect(await homes.read('lost', REGIONS)).toMatchObject({ home: { region: EAST, firstShot: 'S1' } });
  lose = false;
  await expect(behind.homes.send('dead', REGIONS, EAST, 'S1')).rejects.toMatchObject({ code: 'HOME_UNAVAILABLE' });
  await expect(behind.homes.read('dead', REGIONS)).rejects.toMatchObject({ code: 'HOME_UNAVAILABLE' });
  behind.close();
  await proxy.stop();
});
