import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startStage } from './stage-for-tests.ts';
import type { Stage } from './stage-for-tests.ts';

let stage: Stage;
beforeAll(async () => { stage = await startStage(); });
afterAll(async () => { await stage.stop(); });

const sumOf = (shot: Awaited<ReturnType<Awaited<ReturnType<Stage['newLaunch']>>['shot']>>) => {
  const total = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0 };
  for (const { totals } of shot.totals ?? []) for (const state of Object.keys(total) as (keyof typeof total)[]) total[state] += totals[state];
  return total;
};

describe('worker pool', () => {
  test('a shot goes to every device once, closes by itself, and its states sum to the audience', async () => {
    const launch = await stage.newLaunch({ ios: 1_500, android: 1_500, marks: { 3: 'dead00', 4: '50000a', 1_700: 'dead00', 1_701: '42900a' }, skip: (_, at) => at % 500 === 0 });
    const [one] = await Promise.all([launch.worker(), launch.worker()]);
    const shot = await launch.fire();
    const closed = await launch.closed(shot.id);
    expect(sumOf(closed)).toEqual({ accepted: 2_990, failed: 4, uncertain: 0, halted: 0, late: 0, skipped: 6 });
    expect(closed.closed?.cause).toBe('complete');
    const reasons = Object.assign({}, ...(closed.totals ?? []).map(({ totals }) => totals.reasons)) as Record<string, number>;
    expect(reasons).toMatchObject({ InternalServerError: 1, QUOTA_EXCEEDED: 1, UNREGISTERED: 1, Unregistered: 1 });
    expect(launch.counts()).toMatchObject({ received: 2_994, distinctDevices: 2_994, duplicates: 0 });
    await vi.waitFor(async () => expect((await stage.cloud.queues.depth(`${launch.pool}-batches`)).visible).toBe(0));
    const reports = await stage.cloud.live.reports(launch.id);
    const accepted = reports.flatMap(({ shots }) => shots).reduce((sum, { platforms }) => sum + platforms.ios.accepted + platforms.android.accepted, 0);
    expect(accepted).toBe(2_990);
    expect(one?.state === 'ready' || one?.state === 'sending').toBe(true);
  });
});
