import { afterEach, beforeEach, expect, test } from 'vitest';
import { reportOf, countsOf, evenly } from '../../bot/conductor/for-tests.ts';
import { CANNOT_CLOSE } from '../../contract/complaints.ts';
import type { LaneWeather, ShotSnapshot, WorkerReport } from '../../contract/report.ts';
import { signerOf } from '../../infra/aws/keyring.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import { startRig, until, GROUP } from '../conductor-rig.ts';
import type { Rig } from '../conductor-rig.ts';
import { botKeyring, testKey, workerKeyring } from '../keys.ts';
import { sampleRunbook } from '../properties/scene.ts';

/** Somebody who can write the live table, and has no worker's key, writes worker reports: nobody says, measures or does anything by them. */

let rig: Rig;
const stops: (() => unknown)[] = [];
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await rig.stop();
});

const WORKER = workerKeyring().signer;
const FORGERS: readonly (Signer | null)[] = [null, signerOf(testKey(9)), botKeyring().signer];
const UNSIGNED = 'Worker reports that no worker of this launch has signed';
const HIDDEN = 'Reports of workers were overwritten or deleted';

/** Looks enough, of everybody who looks, to say something. */
const looks = (ms = 2_500) => new Promise((resolve) => setTimeout(resolve, ms));

function again(ms: number, work: () => Promise<unknown>): { stop: () => void } {
  const timer = setInterval(() => void work().catch(() => undefined), ms);
  const stop = () => clearInterval(timer);
  stops.push(stop);
  return { stop };
}

const weather = (reason: string): LaneWeather => ({
  state: 'stopped',
  reason,
  forMs: 9_000,
  refused: 206,
  waiting: 120,
  againInMs: 3_000,
});

async function fired(timings: Record<string, number> = {}) {
  await rig.create();
  const { conductor, journal } = rig.conductor('first', { timings: { stoppedMs: 500, fairMs: 300, ...timings } });
  await conductor.start();
  const order = await rig.request();
  await journal.launch(rig.launchId);
  const acted = await journal.append(rig.launchId, rig.approval(order));
  if (!acted.ok || acted.entry.kind !== 'FireApproved') throw new Error(JSON.stringify(acted));
  void conductor.perform(rig.launchId, acted.entry);
  const { shotId, pressedAtMs } = acted.entry;
  const shot = (ios: number, android: number): ShotSnapshot => ({
    shotId,
    platforms: { ios: countsOf(evenly(ios, 0, 500)), android: countsOf(evenly(android, 0, 500)) },
    firstWriteAtMs: pressedAtMs + 30,
    lastWriteAtMs: pressedAtMs + 900,
  });
  const report = (boot: string, sent: number, more: Partial<WorkerReport> = {}, signer: Signer | null = WORKER) =>
    rig.cloud.live.putReport(
      reportOf(acted.launch, boot, Date.now(), { state: 'sending', shots: [shot(sent, sent)], ...more }),
      signer,
    );
  return { conductor, launch: acted.launch, shotId, report };
}

/** All that a report can complain of. */
function complaints(report: WorkerReport, shotId: string, reason: string): Partial<WorkerReport> {
  return {
    say: `${CANNOT_CLOSE} ${shotId}: ${reason}`,
    lanes: report.lanes.map((lane) => ({
      ...lane,
      weather: weather(reason),
      sick: { connections: 500, reason },
    })),
    stopped: [{ shotId, platform: 'ios', reason, bad: 20, of: 20 }],
    foreign: { orders: 9, batches: 9, last: reason },
    version: reason,
    protection: { on: false, problem: reason },
  };
}

test('forged weather, stops, sick connections and complaints are said by nobody, and told once; what a worker says of the same is said', async () => {
  const { launch, shotId, report } = await fired({ unprotectedMs: 500, lossMs: 200 });
  let sent = 10;
  let honest: Partial<WorkerReport> = {};
  const one = again(200, () => report('one', (sent = Math.min(250, sent + 1)), honest));
  const about = (reason: string) => complaints(reportOf(launch, '', 0), shotId, reason);
  again(100, () => Promise.all(FORGERS.map((signer, at) => report(`evil ${at}`, 300, about('ForgedReason'), signer))));
  await rig.seen(UNSIGNED);
  await looks();
  const room = JSON.stringify(await rig.messages());
  expect(room).not.toContain('ForgedReason');
  // None of the nine hundred is in the figures.
  expect(room).toMatch(/Sending: \d\d of 1,000 accepted/);
  expect((await rig.entries('Noted')).map(({ text }) => text)).toEqual([expect.stringContaining(UNSIGNED)]);

  honest = { lanes: about('HonestReason').lanes ?? [] };
  await rig.seen('HonestReason');
  expect(JSON.stringify(await rig.messages())).not.toContain('ForgedReason');

  // Who keeps it from being heard does not end that weather.
  again(200, () => report('two', 100));
  one.stop();
  await looks(300);
  again(50, () => report('one', sent, {}, null));
  await looks(4_500);
  expect(await rig.messages('takes pushes again after')).toEqual([]);
  expect(await rig.messages('HonestReason')).not.toEqual([]);
  await rig.seen(HIDDEN);
});

test('forged movement hides no standstill', async () => {
  const { report } = await fired({ stillMs: 1_000 });
  let forged = 0;
  again(200, () => report('one', 100));
  again(100, () => report('evil', (forged += 1), {}, null));
  const alarm = await rig.seen('iOS and Android stand still');
  expect(JSON.stringify(alarm.blocks)).toContain('800 of 1,000 devices are still to be sent');
});

test('who overwrites a moving worker makes nobody say that the shot stands still, and nobody blind without a word', async () => {
  const { report } = await fired({ stillMs: 1_000 });
  let sent = 10;
  const one = again(100, () => report('one', (sent += 1)));
  // Before a worker was heard once nothing of it can be hidden.
  await until('the worker to be heard', async () =>
    (await rig.messages()).some(({ text }) => /^Sending: [1-9]/.test(text)),
  );
  one.stop();
  await looks(300);
  // Faster than it can write; as it stood before, so that nothing seems to move.
  const forged = again(50, () => report('one', 0, {}, null));
  const alarm = await rig.seen('Nothing shows that iOS and Android still move');
  expect(JSON.stringify(alarm.blocks)).toContain('overwritten or deleted by somebody who is no worker of this launch');
  await rig.seen(HIDDEN);
  expect(JSON.stringify(await rig.messages())).not.toMatch(/stand still|fell silent/);
  forged.stop();
  await looks(300);
  again(100, () => report('one', (sent += 1)));
  const moved = await rig.seen('iOS and Android are seen to move again');
  expect(moved.ts).toBe(alarm.ts);
});

const step = (id: string, kind: string) => ({ id, title: id, at: 'T-1h', do: { kind, within: '20m' } });
const waiting = sampleRunbook({
  pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 1 },
  scale_targets: [{ id: 'workers', kind: 'auto-scaling-group', group: GROUP }],
  phases: [{ id: 'p', title: 'P', steps: [step('load', 'load'), step('prime', 'prime')] }],
});

test('forged readiness turns no gate green and ends no step; who overwrites a ready worker turns none red by that, and is told', async () => {
  await rig.create({ runbook: waiting });
  const { conductor } = rig.conductor('first', { timings: { automationMs: 100 } });
  await conductor.start();
  for (const id of ['load', 'prime']) await rig.append({ kind: 'run-step', by: 'ana', step: id });
  const launch = await rig.launch();
  const report = (boot: string, signer: Signer | null, more: Partial<WorkerReport> = {}) =>
    rig.cloud.live.putReport(reportOf(launch, boot, Date.now(), more), signer);
  const gate = async () =>
    (await conductor.measured(rig.launchId, { anew: true })).find(({ gate: id }) => id === 'workers');
  again(100, () => Promise.all(FORGERS.map((signer, at) => report(`evil ${at}`, signer))));
  await rig.seen(UNSIGNED);
  await looks(1_500);
  expect(await gate()).toMatchObject({
    status: 'red',
    say: expect.stringContaining('0 of 1 ready, 0 reporting, 3 not counted') as string,
  });
  expect(await rig.entries('StepDone')).toEqual([]);

  const honest = again(100, () => report('one', WORKER));
  await until('both steps end', async () => (await rig.entries('StepDone')).length === 2);
  expect(await gate()).toMatchObject({ status: 'green' });
  honest.stop();
  await looks(300);
  await report('one', null, { state: 'loading', say: 'forged' });
  expect(await gate()).toMatchObject({ status: 'green', say: expect.stringContaining('1 of 1 ready') as string });
  await rig.seen(HIDDEN);
});
