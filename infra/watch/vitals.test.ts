import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createCloud } from '../aws/create-cloud.ts';
import { ALARMS, rings } from './alarms.ts';
import type { Alarm } from './alarms.ts';
import { METRICS } from './metric-names.ts';
import { Vitals } from './vitals.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A process's lines, each as CloudWatch would read it. */
function signs(look: () => object = () => ({})) {
  const lines: Record<string, unknown>[] = [];
  const vitals = new Vitals({
    service: 'worker',
    deployment: 'gobutton',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    look,
    nowMs: () => 1_796_000_000_000.4,
    everyMs: 3_600_000,
  });
  ends.push(() => vitals.stop());
  return { lines, vitals };
}

/** DynamoDB as it refuses everything in one way. */
async function refusing(type: string) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no' }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cloud = createCloud({
    endpoint: `http://local@127.0.0.1:${port}`,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  ends.push(
    () => cloud.close(),
    () => server.close(),
  );
  return cloud;
}

const alarm = (id: string): Alarm => ALARMS.find((one) => one.id === id) as Alarm;
const NO_HEAD = { seq: 0, hash: '' };
const HOLDER = { bootId: 'b', token: 't', claimedAtMs: 1, sendUntilMs: 2 };
const NOTE = { kind: 'Noted', text: 'x', by: { system: 'conductor' }, atMs: 1 } as never;

test('a sign is one embedded metric line, from the first moment to the last', () => {
  const { lines, vitals } = signs(() => ({ InFlight: 7 }));
  vitals.stop();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toEqual({
    _aws: {
      Timestamp: 1_796_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'gobutton',
          Dimensions: [['Deployment', 'Service']],
          Metrics: ['Alive', 'Memory', 'Throttled', 'ClaimsFailed', 'RecordFailed', 'InFlight'].map((Name) => ({
            Name,
            Unit: Name === 'Memory' ? 'Megabytes' : 'Count',
          })),
        },
      ],
    },
    Deployment: 'gobutton',
    Service: 'worker',
    Alive: 1,
    Memory: expect.any(Number) as number,
    Throttled: 0,
    ClaimsFailed: 0,
    RecordFailed: 0,
    InFlight: 7,
  });
});

test('claims and entries that the store does not take are counted once each, tries that are refused for their rate each time', async () => {
  const { lines, vitals } = signs();
  const down = await refusing('AccessDeniedException');
  await expect(down.claims.claim('l/a/1/b', HOLDER)).rejects.toMatchObject({ code: 'CLAIMS_UNAVAILABLE' });
  await expect(down.record.append('l', NO_HEAD, NOTE)).rejects.toMatchObject({
    code: 'RECORD_UNAVAILABLE',
  });
  const slow = await refusing('ProvisionedThroughputExceededException');
  await expect(slow.live.reports('l')).rejects.toThrow();
  vitals.stop();
  expect(lines[1]).toMatchObject({ ClaimsFailed: 1, RecordFailed: 1 });
  expect(lines[1]?.['Throttled']).toBeGreaterThan(1);
  expect(rings(alarm('claims-failing'), [Number(lines[1]?.['ClaimsFailed'])])).toBe(true);
  expect(rings(alarm('record-failing'), [Number(lines[1]?.['RecordFailed'])])).toBe(true);
  // Counted from the last line on, and by nobody once the process has ended.
  expect(lines[0]).toMatchObject({ ClaimsFailed: 0, Throttled: 0 });
});

test('a table that refuses a hundred tries in a minute for their rate rings, a few do not', async () => {
  const { lines, vitals } = signs();
  const slow = await refusing('ProvisionedThroughputExceededException');
  await expect(slow.live.reports('l')).rejects.toThrow();
  vitals.stop();
  expect(rings(alarm('throttled'), [Number(lines[1]?.['Throttled'])])).toBe(false);
  const more = signs();
  const tries = await Promise.allSettled(Array.from({ length: 60 }, (_, at) => slow.live.roll(`l${at}`)));
  expect(tries.every(({ status }) => status === 'rejected')).toBe(true);
  more.vitals.stop();
  expect(rings(alarm('throttled'), [Number(more.lines[1]?.['Throttled'])])).toBe(true);
});

test('silence rings where silence is the trouble, and nowhere else', () => {
  expect(ALARMS.filter((one) => rings(one, [null, null, null])).map(({ id }) => id)).toEqual(['bot-silent']);
  expect([
    rings(alarm('bot-silent'), [0, 1]),
    rings(alarm('bot-silent'), [1, 0, 0]),
    rings(alarm('bot-silent'), [0]),
  ]).toEqual([false, true, false]);
});

test('every alarm is over a figure that a process writes, has an id of its own, and no healthy minute rings', () => {
  expect(new Set(ALARMS.map(({ id }) => id)).size).toBe(ALARMS.length);
  for (const one of ALARMS) {
    if (one.metric.namespace === 'gobutton') expect(METRICS).toHaveProperty(one.metric.name);
    const healthy = one.id === 'bot-silent' ? 1 : 0;
    expect([one.id, rings(one, [healthy, healthy, healthy])]).toEqual([one.id, false]);
    expect([one.id, rings(one, [1e9, 1e9, 1e9])]).toEqual([one.id, one.comparison === 'over']);
  }
});

test('the playbook has a heading for each alarm, in their order, with its level', () => {
  const text = readFileSync(new URL('../../docs/playbook.md', import.meta.url), 'utf8');
  const found = [...text.matchAll(/^## (\S+)\n\n\*\*(Page|Warn)\.\*\*/gm)].map(([, id, level]) => [
    id,
    level?.toLowerCase(),
  ]);
  expect(found).toEqual(ALARMS.map(({ id, level }) => [id, level]));
});
