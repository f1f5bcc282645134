import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Cloud } from '../cloud.ts';
import { createCloud, ensureTables } from '../create-cloud.ts';

/** Over HTTP to servers that nobody here wrote. The tables as in production, without an endpoint, so that all comes from the environment. */
const dynalite = (createRequire(import.meta.url) as unknown as (name: string) => (options: object) => Server)(
  'dynalite',
)({ createTableMs: 0 });
const fauxqs = buildApp({ logger: false });
const config = { endpoint: null, region: 'us-east-1', tablePrefix: 'foreign', bucket: 'foreign' };
let cloud: Cloud;

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    dynalite.listen(0, '127.0.0.1', resolve);
  });
  await fauxqs.listen({ port: 0, host: '127.0.0.1' });
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(dynalite.address() as AddressInfo).port}`);
  await ensureTables(config);
  cloud = createCloud(config);
});
afterAll(async () => {
  cloud.close();
  vi.unstubAllEnvs();
  await fauxqs.close();
  await new Promise((resolve) => {
    dynalite.close(resolve);
  });
});

test('dynalite: one of many claims wins, its account stands, and its answers fit their checksums', async () => {
  const { claims } = cloud;
  const holder = (token: string) => ({ bootId: 'b', token, claimedAtMs: 1, sendUntilMs: 2, mark: 7 });
  const results = await Promise.all(Array.from({ length: 20 }, (_, at) => claims.claim('k', holder(`t${at}`))));
  expect(results.filter(({ won }) => won)).toHaveLength(1);
  const token = `t${results.findIndex(({ won }) => won)}`;
  const account = { states: Uint8Array.of(0, 255, 7), reasons: { Unregistered: 2 } };
  expect(await claims.account('k', 'other', account)).toEqual({ ok: false });
  expect(await claims.account('k', token, account)).toEqual({ ok: true, wasClosed: null, holder: 1 });
  expect((await claims.read(['k', 'none'], true)).get('k')).toMatchObject({ token, state: 'accounted', account });
});

test('dynalite: since when tokens are gone stands with the account, with that of an earlier holder too, and another time is another account', async () => {
  const { claims } = cloud;
  const holder = (token: string) => ({ bootId: 'b', token, claimedAtMs: 1, sendUntilMs: 2, mark: 7 });
  const account = { states: Uint8Array.of(7), reasons: { Unregistered: 1 }, goneAt: Uint8Array.of(0, 1, 128, 255) };
  const other = { ...account, goneAt: Uint8Array.of(9) };
  await claims.claim('gone', holder('first'));
  const seen = (await claims.read(['gone'], true)).get('gone');
  if (seen === undefined) throw new Error('no claim');
  expect(
    await claims.takeOver('gone', seen, { states: Uint8Array.of(1), reasons: {} }, holder('second')),
  ).toMatchObject({
    won: true,
  });
  // The same once more is the same; as somebody whose answer was lost asks.
  for (const _ of [1, 2]) {
    expect(await claims.account('gone', 'first', account)).toMatchObject({ ok: true, holder: 1 });
    expect(await claims.account('gone', 'second', account)).toMatchObject({ ok: true, holder: 2 });
  }
  for (const token of ['first', 'second']) expect(await claims.account('gone', token, other)).toEqual({ ok: false });
  expect((await claims.read(['gone'], true)).get('gone')).toMatchObject({ account, parts: [{ account }] });
});

test('dynalite: of twenty that claim what is to be done once one does it, and again once its time is over or it has let go', async () => {
  const { live, facts } = cloud;
  const claim = (at: number, nowMs: number) =>
    live.claimEffect('l', 'canvas/postmortem/after/none', `bot${at}`, 100, nowMs);
  const claims = await Promise.all(Array.from({ length: 20 }, (_, at) => claim(at, 1_000)));
  const [mine, ...others] = claims.filter((one) => one.mine);
  expect(others).toEqual([]);
  expect(mine).toMatchObject({ done: false, again: false, result: null });
  expect(await claim(20, 1_099)).toMatchObject({ mine: false, again: true });
  expect(await live.renewEffect('l', 'canvas/postmortem/after/none', 'another', 100, 1_050)).toBe(false);
  // As a maker does that has made nothing.
  expect(await live.renewEffect('l', 'canvas/postmortem/after/none', mine?.token ?? '', -1, 1_050)).toBe(true);
  const next = await claim(21, 1_051);
  expect(next).toMatchObject({ mine: true, again: true });
  expect(await live.renewEffect('l', 'canvas/postmortem/after/none', mine?.token ?? '', 100, 1_060)).toBe(false);
  await live.finishEffect('l', 'canvas/postmortem/after/none', 'F0CANVAS');
  expect(await claim(22, 9_000)).toMatchObject({ mine: false, done: true, result: 'F0CANVAS' });
  expect(await facts.get('l', 'canvas/postmortem')).toBeNull();
  for (const value of ['F0CANVAS', 'F1CANVAS', '']) {
    await facts.put('l', 'canvas/postmortem', value);
    expect(await facts.get('l', 'canvas/postmortem')).toBe(value);
  }
});

test('fauxqs: keys of words lie in its bucket, and of a deleted message there is none', async () => {
  const endpoint = `http://127.0.0.1:${(fauxqs.server.address() as AddressInfo).port}`;
  const other = createCloud({ ...config, endpoint });
  const { words } = other;
  await fetch(`${endpoint}/foreign`, { method: 'PUT' });
  const boxes = await Promise.all(
    [1, 2, 3].map(async (seq) => ({ seq, box: await words.seal('l', seq, `words ${seq}`) })),
  );
  await words.forgetBoxes('l', boxes.slice(1, 2));
  expect(await words.open('l', boxes)).toEqual(['words 1', null, 'words 3']);
  other.close();
});

test('fauxqs: messages go in, come out, come back and are gone', async () => {
  // Addresses of its queues resolve nowhere: a configured endpoint is gone to all the same.
  const configured = createCloud({
    ...config,
    endpoint: `http://127.0.0.1:${(fauxqs.server.address() as AddressInfo).port}`,
  });
  const { queues } = configured;
  await queues.ensurePool('p');
  const bodies = Array.from({ length: 25 }, (_, at) => `message ${at} ä`);
  await queues.send('p-batches-ios', bodies);
  const received = await queues.receive('p-batches-ios', { max: 30, waitSeconds: 1, visibilitySeconds: 30 });
  expect(received.map(({ body }) => body).toSorted()).toEqual(bodies.toSorted());
  await queues.handBack(
    'p-batches-ios',
    received.map(({ receipt }) => receipt),
    0,
  );
  const again = await queues.receive('p-batches-ios', { max: 30, waitSeconds: 1, visibilitySeconds: 30 });
  expect(again.every(({ receives }) => receives === 2)).toBe(true);
  await queues.remove(
    'p-batches-ios',
    again.map(({ receipt }) => receipt),
  );
  expect(await queues.depth('p-batches-ios')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  configured.close();
});
