import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fallbackCloser } from '../bot/conductor/shots/fallback-closer.ts';
import { emptyTable } from '../test/empty-table.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

test('a claims table that is emptied in mid-shot sends nobody anything twice: what has no claim any more is uncertain, not late', async () => {
  const launch = await stage.newLaunch({
    ios: 2_000,
    android: 0,
    batchSize: 20,
    delivery: { ios_per_second: 400, ios_not_after: '7s' },
  });
  await Promise.all([launch.worker(), launch.worker()]);
  const shot = await launch.fire();
  await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThanOrEqual(600), {
    timeout: 20_000,
    interval: 10,
  });
  expect(await emptyTable(stage.cloudConfig, 'claims')).toBeGreaterThan(20);
  const closed = await launch.closed(shot.id, 30_000);
  const totals = closed.totals?.[0]?.totals;
  expect(launch.counts().duplicates).toBe(0);
  expect(totals?.uncertain).toBeGreaterThanOrEqual(500);
  expect(totals?.late).toBe(0);
  expect((totals?.accepted ?? 0) + (totals?.uncertain ?? 0)).toBe(2_000);
});

test('the same when every worker is gone: the bot closes it as uncertain, so that no further order goes to all of them again', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  await launch.worker();
  const shot = await launch.fire();
  await vi.waitFor(() => expect(launch.counts().received).toBe(300), { interval: 10 });
  // Before anybody closes it.
  await stage.stopWorkers();
  if ((await launch.shot(shot.id)).closed !== null) throw new Error('closed too early for this test');
  await emptyTable(stage.cloudConfig, 'claims');
  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('no launch');
  await fallbackCloser({ cloud: stage.cloud, journal: stage.journal, nowMs: () => shot.notAfterAtMs.ios + 60_000 })(
    state,
    shot,
  );
  expect((await launch.shot(shot.id)).totals?.[0]?.totals).toMatchObject({ uncertain: 300, late: 0, accepted: 0 });
});
