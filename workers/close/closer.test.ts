import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import { CloudError } from '../../infra/aws/cloud-error.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { manifestReader } from '../../settle/close.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage } from '../../test/worker-stage.ts';
import { Closer } from './closer.ts';
import type { CloserOptions } from './closer.ts';
import { Rescue } from './rescue.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
});

/** A halted shot that nobody has begun, and a closer by itself. `asked`: how often it wanted to close. */
async function closing(change: (stage: Stage) => Partial<CloserOptions>) {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const shot = await launch.fire({ wake: false });
  await launch.halt();
  const complaints: string[] = [];
  const lines: { code?: string }[] = [];
  const log = pino(
    { level: 'error' },
    { write: (line: string) => void lines.push(JSON.parse(line) as { code?: string }) },
  );
  const { claims, live, queues, objects } = stage.cloud;
  const clock = wallClock();
  const common = { claims, live, launchId: launch.id, log };
  const rescue = new Rescue({
    ...common,
    queues,
    batches: queueNames(launch.pool).batches,
    earliestMs: clock.earliestMs,
    heldBack: () => null,
    isBusy: () => false,
  });
  const closer = new Closer({
    ...common,
    journal: stage.journal,
    manifestOf: manifestReader(objects),
    setOf: setReader(objects),
    holder: 'h',
    clock,
    rescue,
    complain: (say) => void complaints.push(say),
    launch: () => stage.journal.peek(launch.id),
    idleMs: () => Number.POSITIVE_INFINITY,
    everyMs: 50,
    ...change(stage),
  });
  closer.start();
  return { shot, closer, complaints, refusals: () => lines.filter(({ code }) => code !== undefined) };
}

test('a close that the core refuses is logged once, tried again seldom, and told in the report', async () => {
  let asked = 0;
  const { shot, closer, complaints, refusals } = await closing(({ journal }) => ({
    journal: {
      ...journal,
      launch: (id) => journal.launch(id),
      append: () => {
        asked += 1;
        return Promise.resolve({ ok: false, code: 'TOTALS_DO_NOT_ADD_UP', say: 'found 299, expected 300' } as never);
      },
    },
  }));
  await vi.waitFor(() => expect(asked).toBeGreaterThanOrEqual(2));
  const before = asked;
  // A shot that may be closed is tried twice a second.
  await new Promise((done) => setTimeout(done, 2_500));
  await closer.stop();
  expect(asked - before).toBeLessThanOrEqual(2);
  expect(refusals()).toMatchObject([{ code: 'TOTALS_DO_NOT_ADD_UP' }]);
  expect(complaints).toHaveLength(asked);
  expect(complaints[0]).toBe(`CANNOT CLOSE ${shot.id}: found 299, expected 300`);
}, 30_000);

test('a claim that this version does not know is told too, once and then seldom', async () => {
  const { shot, closer, complaints, refusals } = await closing(({ cloud }) => ({
    claims: {
      ...cloud.claims,
      read: () => Promise.reject(new CloudError('CLAIM_UNKNOWN', 'claim k has state "leased"')),
    },
  }));
  await vi.waitFor(() => expect(complaints.length).toBeGreaterThanOrEqual(1));
  await new Promise((done) => setTimeout(done, 1_500));
  await closer.stop();
  expect(complaints.length).toBeLessThanOrEqual(2);
  expect(new Set(complaints)).toEqual(new Set([`CANNOT CLOSE ${shot.id}: claim k has state "leased"`]));
  expect(refusals()).toMatchObject([{ code: 'CLAIM_UNKNOWN' }]);
}, 30_000);
