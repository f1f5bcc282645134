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
