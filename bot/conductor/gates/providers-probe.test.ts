import { expect, test } from 'vitest';
import type { LanePeer, WorkerReport } from '../../../contract/report.ts';
import { gateLines } from '../../../runbooks/launch/gates.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import { finding } from '../../../workers/probe/findings.ts';
import { reportOf } from '../for-tests.ts';
import { providersNow } from './providers-probe.ts';

const launch = Scene.ready().state;
const BOTH = ['apns', 'fcm'] as const;
const good: LanePeer = { tls: 'TLSv1.3', streams: 1_000, obeysTable: true, answered: true, problem: null };
const sandbox = finding('WRONG_ENVIRONMENT', { provider: 'apns', host: 'api.sandbox.push.apple.com', port: 443 });
const refused = finding('NOTHING_LISTENS', {
  provider: 'apns',
  host: 'api.push.apple.com',
  port: 443,
  detail: 'ECONNREFUSED',
});

/** One worker; `apns` and `fcm`: what it has met there. */
function worker(
  boot: string,
  peers: { apns?: LanePeer | null; fcm?: LanePeer | null },
  more: Partial<WorkerReport> = {},
): WorkerReport {
  const report = reportOf(launch, boot, 1_000_000, { host: `ip-${boot}`, pid: 7, ...more });
  return {
    ...report,
    lanes: report.lanes.map((lane) => ({
      ...lane,
      peer: peers[lane.provider] === undefined ? good : (peers[lane.provider] ?? null),
    })),
  };
}

test('green when a ready worker was answered by each provider of the audience, with what they are', () => {
  expect(providersNow(BOTH, [worker('a', {}), worker('b', {})])).toEqual({
    status: 'green',
    value: 0,
    say: 'APNs answered 2 workers (TLSv1.3, 1,000 streams a connection) · FCM answered 2 workers (TLSv1.3, 1,000 streams a connection)',
  });
});

test('the keys that are in use are named: both, while one is being replaced', () => {
  const under = (boot: string, key: string): WorkerReport => {
    const report = worker(boot, {});
    return { ...report, lanes: report.lanes.map((lane) => ({ ...lane, key })) };
  };
  expect(providersNow(['apns'], [under('a', 'OLD1234567'), under('b', 'NEW1234567')]).say).toBe(
    'APNs answered 2 workers (TLSv1.3, 1,000 streams a connection, keys NEW1234567 and OLD1234567)',
  );
  expect(providersNow(['apns'], [under('a', 'NEW1234567')]).say).toContain('connection, key NEW1234567)');
});

test('a worker that would send into the wrong environment turns it red, whoever else is right, with the sentence and the way out', () => {
  const found = providersNow(BOTH, [worker('a', {}), worker('b', { apns: { ...good, problem: sandbox } })]);
  expect(found).toMatchObject({ status: 'red', value: 1 });
  expect(found.say).toBe(`APNs: ${sandbox.say} Found by worker ip-b (process 7)`);
  expect(found.say).toContain('Unset GOBUTTON_APNS_URL');
});

test('of a platform that the audience has not, nothing is asked', () => {
  expect(providersNow(['fcm'], [worker('a', { apns: { ...good, problem: sandbox } })]).status).toBe('green');
});

test("a worker that can't reach a provider is not ready and stops nobody, but is named; when it is all there is, it is red", () => {
  const cold = worker(
    'cold',
    { apns: { ...good, answered: false, streams: null, tls: null, problem: refused } },
    { state: 'priming' },
  );
  const found = providersNow(BOTH, [worker('a', {}), cold]);
  expect(found).toMatchObject({ status: 'green', value: 1 });
  expect(found.say).toContain('not yet: nothing listens at api.push.apple.com:443 (ECONNREFUSED)');
  expect(providersNow(BOTH, [cold])).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringContaining('Found by worker ip-cold') as string,
  });
});

test('without a ready worker, or an answer, nothing is known; a worker of an older version is judged by its primed connections', () => {
  expect(providersNow(BOTH, [])).toMatchObject({
    status: 'unknown',
    value: null,
    say: expect.stringContaining('APNs: no worker is ready') as string,
  });
  expect(providersNow(BOTH, [worker('a', { fcm: { ...good, answered: false } })])).toMatchObject({
    status: 'unknown',
    say: expect.stringMatching(/^FCM was opened by 1 worker and has answered none\..*an Android device/) as string,
  });
  expect(providersNow(BOTH, [reportOf(launch, 'old', 1_000_000)]).status).toBe('green');
  const [apns, fcm] = reportOf(launch, 'old', 1_000_000).lanes;
  if (apns === undefined || fcm === undefined) throw new Error('unexpected');
  expect(
    providersNow(BOTH, [reportOf(launch, 'old', 1_000_000, { lanes: [apns, { ...fcm, primed: 0 }] })]).status,
  ).toBe('unknown');
});

test('of many workers the finding that most have is said, once', () => {
  const many = Array.from({ length: 5 }, (_, at) =>
    worker(`w${at}`, { apns: { ...good, problem: at === 0 ? refused : sandbox } }),
  );
  expect(providersNow(BOTH, many).say).toBe(
    `APNs: ${sandbox.say} Found by worker ip-w1 (process 7) and 3 more; 1 found something else`,
  );
});

test("a launch whose runbook doesn't ask has the gate as long as something is found; one whose runbook does has that one alone", () => {
  const scene = Scene.ready();
  const line = (measured: Parameters<typeof gateLines>[1]) =>
    gateLines(scene.state, measured, scene.nowMs, 'all').find(({ id }) => id === 'providers-met');
  const now = (status: 'red' | 'green' | 'unknown') => [
    { gate: 'providers-met', atMs: scene.nowMs, status, value: 1, say: sandbox.say },
  ];
  expect([line([]), line(now('green')), line(now('unknown'))]).toEqual([undefined, undefined, undefined]);
  expect(line(now('red'))).toMatchObject({ status: 'red', hard: false, say: sandbox.say });
  scene.does({
    kind: 'request-waiver',
    by: 'ana',
    gate: 'providers-met',
    segments: 'all',
    worst: 1,
    reason: 'development builds are meant',
    endsAtMs: scene.nowMs + 60_000,
  });
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId: Object.keys(scene.state.waivers)[0] ?? '' });
  expect(line(now('red'))?.status).toBe('waived');
  const own = Scene.created(sampleRunbook({ gates: [{ id: 'mine', title: 'M', probe: { kind: 'providers' } }] }));
  expect(
    gateLines(
      own.state,
      [{ gate: 'providers-met', atMs: own.nowMs, status: 'red', value: 1, say: '' }],
      own.nowMs,
      'all',
    ).map(({ id }) => id),
  ).toEqual(['mine']);
});
