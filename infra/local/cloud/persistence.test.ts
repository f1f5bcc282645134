import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { A_WAIT, secondTry } from '../../../test/run/second-try.ts';
import type { CloudConfig } from '../../aws/cloud-config.ts';
import { createCloud, ensureTables } from '../../aws/create-cloud.ts';
import { scaleTo } from './for-tests.ts';
import { startLocalCloud } from './start.ts';

const START = JSON.stringify(new URL('start.ts', import.meta.url).href);
const root = fileURLToPath(new URL('../../..', import.meta.url));
let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gobutton-cloud-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

/** The local cloud as a process of its own, so that it can be killed. */
async function startProcess(): Promise<{ config: CloudConfig; kill(): Promise<void> }> {
  const options = JSON.stringify({ dataDir, services: [], groups: [{ name: 'g', startDelayMs: 0 }] });
  const script = `const { startLocalCloud } = await import(${START}); const { url } = await startLocalCloud(${options}); console.log(url);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
  });
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return {
    config: configOf(url),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const configOf = (endpoint: string): CloudConfig => ({
  endpoint,
  region: 'us-east-1',
  tablePrefix: 'gobutton',
  bucket: 'gobutton',
});

test('what was answered before a SIGKILL is there after it; queues are there and empty', async () => {
  const first = await startProcess();
  await ensureTables(first.config);
  const before = createCloud(first.config);
  const appended = await before.record.append(
    'l',
    { seq: 0, hash: '' },
    { kind: 'Noted', text: 'kept', atMs: 1, by: { system: 'cli' } },
  );
  await before.claims.claim('k', { bootId: 'b', token: 't', claimedAtMs: 1, sendUntilMs: 2 });
  await before.objects.put('a/b', Buffer.alloc(3_000_000, 'x'));
  await before.objects.put('a/b', Buffer.alloc(9_000_000, 'y'));
  await before.parameters.put('/gobutton/l/halt', 'false');
  await before.parameters.put('/gobutton/l/halt', 'true');
  await scaleTo(before.scaling, { id: 'g', kind: 'auto-scaling-group', group: 'g', if_changed: 'tell' }, 4);
  await scaleTo(
    before.scaling,
    { id: 't', kind: 'dynamodb-table', table: 'gobutton-claims', if_changed: 'tell' },
    20_000,
  );
  await vi.waitFor(
    async () =>
      expect(
        await before.scaling.observe({ id: 't', kind: 'dynamodb-table', table: 'gobutton-claims', if_changed: 'tell' }),
      ).toMatchObject({ running: 20_000 }),
    { interval: 20 },
  );
  await before.queues.ensurePool('p');
  await before.queues.send('p-batches-ios', ['gone']);
  await first.kill();
  before.close();

  const second = await startProcess();
  await ensureTables(second.config);
  const after = createCloud(second.config);
  expect(await after.record.readAfter('l', 0)).toEqual([appended.won && appended.entry]);
  expect(await after.claims.claim('k', { bootId: 'b', token: 'other', claimedAtMs: 1, sendUntilMs: 2 })).toMatchObject({
    won: false,
    holder: { token: 't' },
  });
  const body = await after.objects.get('a/b');
  expect([body?.length, body?.every((byte) => byte === 'y'.charCodeAt(0))]).toEqual([9_000_000, true]);
  expect(await after.parameters.get('/gobutton/l/halt')).toMatchObject({ value: 'true', version: 2 });
  expect(
    await after.scaling.observe({ id: 'g', kind: 'auto-scaling-group', group: 'g', if_changed: 'tell' }),
  ).toMatchObject({ desired: 4 });
  expect(
    await after.scaling.observe({ id: 't', kind: 'dynamodb-table', table: 'gobutton-claims', if_changed: 'tell' }),
  ).toMatchObject({ running: 20_000 });
  expect(await after.queues.depth('p-batches-ios')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  after.close();
});

test('bytes that a kill left half-written are swept away at the next start', async () => {
  const first = await startLocalCloud({ dataDir, services: [], groups: [] });
  await ensureTables(configOf(first.url));
  const cloud = createCloud(configOf(first.url));
  await cloud.objects.put('whole', Buffer.from('x'));
  cloud.close();
  await first.stop();
  writeFileSync(join(dataDir, 's3', 'gobutton', 'half.bytes'), 'torn');
  const second = await startLocalCloud({ dataDir, services: [], groups: [] });
  const again = createCloud(configOf(second.url));
  expect(await again.objects.list('')).toMatchObject([{ key: 'whole', bytes: 1 }]);
  expect(readdirSync(join(dataDir, 's3', 'gobutton'))).toHaveLength(2);
  again.close();
  await second.stop();
});

test(
  'stopping answers waiting receivers, frees the port and the data, and can be followed by a start',
  secondTry(A_WAIT),
  async () => {
    const first = await startLocalCloud({ dataDir, services: [], groups: [] });
    const cloud = createCloud(configOf(first.url));
    await cloud.queues.ensurePool('p');
    const waiting = cloud.queues.receive('p-batches-ios', { max: 1, waitSeconds: 20, visibilitySeconds: 30 }).then(
      () => 'answered',
      () => 'cut',
    );
    await cloud.queues.depth('p-batches-ios');
    const startedAtMs = performance.now();
    await first.stop();
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect(['answered', 'cut']).toContain(await waiting);
    const second = await startLocalCloud({ dataDir, port: first.port, services: [], groups: [] });
    expect(second.port).toBe(first.port);
    await second.stop();
    cloud.close();
  },
);

test('a folder that another local cloud holds is refused in words', async () => {
  const first = await startLocalCloud({ dataDir, services: [], groups: [] });
  await expect(startLocalCloud({ dataDir, services: [], groups: [] })).rejects.toThrow('CLOUD_DATA_UNUSABLE');
  await first.stop();
});

test('a port that is taken rejects, and leaves the data free for the next try', async () => {
  const first = await startLocalCloud({ dataDir: null, services: [], groups: [] });
  await expect(startLocalCloud({ dataDir, port: first.port, services: [], groups: [] })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  const second = await startLocalCloud({ dataDir, services: [], groups: [] });
  await second.stop();
  await first.stop();
});

test('tables that were asked for in memory leave nothing in the folder; the rest is kept', async () => {
  const cloud = await startLocalCloud({ dataDir, tablesInMemory: true, services: [], groups: [] });
  await ensureTables(configOf(cloud.url));
  const client = createCloud(configOf(cloud.url));
  await client.claims.claim('k', { bootId: 'b', token: 't', claimedAtMs: 1, sendUntilMs: 2 });
  await client.objects.put('a', Buffer.from('x'));
  client.close();
  await cloud.stop();
  expect(readdirSync(dataDir)).toContain('s3');
  expect(readdirSync(dataDir)).not.toContain('dynamodb');
});
