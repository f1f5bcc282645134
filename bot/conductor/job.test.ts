import { pino } from 'pino';
import { expect, test } from 'vitest';
import { RESERVE, UpdateBudget } from '../slack/update-budget.ts';
import { Job } from './job.ts';

const log = pino({ level: 'silent' });

test('a job never runs twice at once; a kick while it runs runs it once more afterwards', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let atOnce = 0;
  let most = 0;
  let runs = 0;
  const job = new Job('slow', 0, log, async () => {
    most = Math.max(most, ++atOnce);
    await gates[runs++]?.promise;
    atOnce -= 1;
  });
  const first = job.kick(0);
  const more = [job.kick(1), job.kick(2)];
  gates[0]?.resolve();
  gates[1]?.resolve();
  await Promise.all([first, ...more]);
  expect([runs, most]).toEqual([2, 1]);
});

test('a job that fails runs again at its next tick, and not after it was stopped', async () => {
  let runs = 0;
  const job = new Job('failing', 1_000, log, async () => {
    runs += 1;
    throw new Error('not now');
  });
  await job.kick(0);
  job.tick(500);
  expect(runs).toBe(1);
  job.tick(1_000);
  await job.stop();
  expect(runs).toBe(2);
  job.tick(5_000);
  await job.kick(6_000);
  expect(runs).toBe(2);
});

test('the board stops long before live figures do, and gets its turn again as the minute passes', () => {
  let nowMs = 0;
  const budget = new UpdateBudget(() => nowMs);
  let board = 0;
  while (budget.take(RESERVE.board)) board += 1;
  expect(board).toBe(25);
  let live = 0;
  while (budget.take(RESERVE.live)) live += 1;
  expect(live).toBe(25);
  nowMs = 60_000;
  expect(budget.take(RESERVE.board)).toBe(true);
});
