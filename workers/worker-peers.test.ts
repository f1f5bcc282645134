import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { measureGates } from '../bot/conductor/gates/probes.ts';
import { workerReport } from '../contract/report.ts';
import { createCloud } from '../infra/aws/create-cloud.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../test/worker-stage.ts';
import type { WorkerConfig } from './config.ts';
import { answering, certificateFor, plainHttp, tcpServer } from './probe/servers-for-tests.ts';
import type { BadServer } from './probe/servers-for-tests.ts';
import { Worker } from './worker.ts';

/* What whole workers say of their providers, and the gate that reads it. */

let stage: Stage;
const servers: BadServer[] = [];
const workers: Worker[] = [];
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await stage.stopWorkers();
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => stage.stop());

async function start(launch: StagedLaunch, change: Partial<WorkerConfig>): Promise<Worker> {
  const worker = new Worker({
    config: launch.config(change),
    cloud: createCloud(stage.cloudConfig),
    log: pino({ level: 'silent' }),
    metricsLine: null,
    drainMs: 100,
  });
  workers.push(worker);
  await worker.start();
  return worker;
}
const apnsOf = (worker: Worker) => worker.report().lanes.find(({ provider }) => provider === 'apns');
async function gate(launch: StagedLaunch) {
  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('unexpected');
  return (await measureGates({ cloud: stage.cloud, journal: stage.journal, version: null }, state, Date.now())).find(
    (one) => one.gate === 'providers-met',
  );
}
const until = (isSo: () => Promise<void> | void) => vi.waitFor(isSo, { interval: 20 });

test.each([0, 2])(
  'with %i threads a worker reports what it has met, by the priming pushes that it sends anyway, and the gate is green',
  async (threads) => {
    const launch = await stage.newLaunch({ ios: 10, android: 10 });
    const pushes = () =>
      stage.providers.phones
        .all()
        .filter(({ platform }) => platform === 'ios')
        .reduce((sum, phone) => sum + phone.pushes, 0);
    const before = pushes();
    const worker = await launch.worker({ threads, connections: 2 });
    await until(() =>
      expect(worker.report().lanes.map(({ provider, peer }) => [provider, peer])).toEqual([
        ['apns', { tls: 'TLSv1.3', streams: 1_000, obeysTable: true, answered: true, problem: null }],
        ['fcm', { tls: 'TLSv1.3', streams: 100, obeysTable: true, answered: true, problem: null }],
      ]),
    );
    // One for each connection, as ever.
    expect(pushes() - before).toBe(2);
    expect(workerReport.safeParse(worker.report()).success).toBe(true);
    await until(async () =>
      expect(await gate(launch)).toMatchObject({
        status: 'green',
        say: expect.stringMatching(
          /^APNs answered 1 worker \(TLSv1\.3, 1,000 streams a connection, key [A-Z2-9]{10}\) · FCM answered 1 worker \(TLSv1\.3, 100 streams a connection, key [0-9a-f]{40}\)$/,
        ) as string,
      }),
    );
  },
);

test.each([0, 1])(
  'with %i threads the key of another team is named by worker and gate, before any launch',
  async (threads) => {
    const launch = await stage.newLaunch({ ios: 10, android: 10 });
    const worker = await start(launch, { threads, apns: { ...launch.config().apns, teamId: 'OTHERTEAM1' } });
    await until(() =>
      expect(apnsOf(worker)?.peer).toMatchObject({ answered: false, problem: { code: 'KEY_REFUSED' } }),
    );
    await until(() =>
      expect(worker.report().say).toMatch(
        /^APNs: APNs does not take the provider token \(403 InvalidProviderToken\).*APNS_TEAM_ID/,
      ),
    );
    expect(worker.isReady).toBe(false);
    await until(async () =>
      expect(await gate(launch)).toMatchObject({
        status: 'red',
        value: 1,
        say: expect.stringMatching(/InvalidProviderToken.*Found by worker/) as string,
      }),
    );
  },
);

test('what is no provider is named by its kind, and gets no push of the worker but the priming ones', async () => {
  const pem = await certificateFor('localhost');
  const launch = await stage.newLaunch({ ios: 10, android: 10 });
  const http = await plainHttp();
  const front = await answering(pem, 502, '<html><title>502 Bad Gateway</title></html>', {
    'content-type': 'text/html',
  });
  const gone = await tcpServer(() => undefined);
  servers.push(http, front, gone);
  await gone.stop();
  for (const [server, code] of [
    [http, 'NOT_TLS'],
    [front, 'FRONT_END'],
    [gone, 'NOTHING_LISTENS'],
  ] as const) {
    const worker = await start(launch, {
      apns: { ...launch.config().apns, url: server.url },
      ...(server === front ? { ca: `${pem.cert}\n${stage.providers.ca.toString()}` } : {}),
    });
    await until(() => expect(apnsOf(worker)?.peer?.problem?.code).toBe(code));
    expect(worker.isReady).toBe(false);
    await worker.stop();
  }
  expect(front.requests.length).toBeLessThanOrEqual(2);
});

test('a provider that is there again is met by itself, and the finding is gone', async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 0 });
  const port = Number(new URL(stage.providers.apnsUrl).port);
  const door = await tcpServer((socket) => socket.destroy());
  servers.push(door);
  const worker = await start(launch, { apns: { ...launch.config().apns, url: door.url } });
  await until(() => expect(apnsOf(worker)?.peer?.problem?.code).toBe('CLOSED_IN_HANDSHAKE'));
  door.forwardTo(port);
  await until(() => expect(apnsOf(worker)?.peer).toMatchObject({ answered: true, problem: null }));
  await until(() => expect(worker.isReady).toBe(true));
});
