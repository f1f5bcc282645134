import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { signerOf } from '../../../infra/aws/keyring.ts';
import { testKey, workerKeyring } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { countsOf, evenly, reportOf, snapshotOf } from '../for-tests.ts';
import { workerReports } from '../worker-reports.ts';
import { ShotSight } from './shot-sight.ts';

const WORKER = workerKeyring().signer;
const ids = (reports: readonly { bootId: string }[]) => reports.map(({ bootId }) => bootId);

async function sighted() {
  const memory = await MemoryContext.ready();
  const shot = await memory.fires();
  const launch = await memory.launch();
  const context = memory.bot();
  const sight = new ShotSight(context);
  const sending = (bootId: string, sent = 10, atMs = memory.nowMs) =>
    reportOf(launch, bootId, atMs, {
      state: 'sending',
      shots: [snapshotOf(shot.id, countsOf(evenly(sent, 0, 500)), countsOf([]))],
    });
  /** A look, so much later. */
  const looks = async (afterMs = 500) => {
    memory.nowMs += afterMs;
    sight.read(launch);
    await workerReports(context, launch);
    await turn();
  };
  return { memory, shot, sight, sending, looks };
}

test('what nobody of this launch has signed is no worker, and moves no shot', async () => {
  const { memory, shot, sight, sending, looks } = await sighted();
  memory.reportsBy = ({ bootId }) => (bootId === 'one' ? WORKER : bootId === 'evil' ? null : signerOf(testKey(9)));
  memory.reports = [sending('one'), sending('evil', 99), sending('stranger', 99)];
  await looks();
  expect(ids(sight.alive())).toEqual(['one']);
  expect(sight.snapshots(shot.id).map(({ platforms }) => platforms.ios.accepted)).toEqual([10]);
  expect(sight.hidden()).toEqual([]);
});

test('a worker that is overwritten is known to be hidden for some seconds, and its last word stands', async () => {
  const { memory, shot, sight, sending, looks } = await sighted();
  memory.reports = [sending('one')];
  await looks();
  memory.reportsBy = () => null;
  memory.reports = [sending('one', 0)];
  await looks();
  expect(sight.snapshots(shot.id).map(({ platforms }) => platforms.ios.accepted)).toEqual([10]);
  expect([ids(sight.hidden()), ids(sight.evidence(shot).hidden)]).toEqual([['one'], ['one']]);
  // Heard in between: it may be hidden again at the next look.
  memory.reportsBy = () => WORKER;
  memory.reports = [sending('one', 11)];
  await looks();
  expect(ids(sight.hidden())).toEqual(['one']);
  memory.nowMs += 3_000;
  expect(sight.hidden()).toEqual([]);
});

test('reports of a worker that is long gone, put back one after the other, make it alive to nobody', async () => {
  const { memory, sight, sending, looks } = await sighted();
  for (const at of [0, 1, 2]) {
    memory.reports = [sending('dead', 10, memory.nowMs - 60_000 + at)];
    await looks();
    expect(sight.alive()).toEqual([]);
  }
  expect(sight.reports()[0]?.silentMs).toBeGreaterThan(59_000);
});
