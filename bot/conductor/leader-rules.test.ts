import { expect, test } from 'vitest';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { MemoryContext } from '../../test/memory-context.ts';
import { Leader } from './leader.ts';

/** How long one leads, by the answers of a store in memory. Two instances and a real one: leader.test.ts. */

async function leading() {
  const memory = await MemoryContext.ready();
  const state = { lease: () => Promise.resolve(true), asked: [] as unknown[][], released: [] as unknown[][] };
  const live: Partial<Cloud['live']> = {
    lease: async (...call) => (state.asked.push(call), state.lease()),
    release: async (...call) => void state.released.push(call),
  };
  const bot = memory.bot();
  const leader = new Leader({ ...bot, cloud: { ...bot.cloud, live } as unknown as Cloud });
  return { memory, leader, state };
}

test('it leads for as long as the lease lasts, counted from before the store was asked', async () => {
  const { memory, leader, state } = await leading();
  expect([leader.isLeading, leader.wasOurs]).toEqual([false, false]);
  state.lease = async () => ((memory.nowMs += 1_000), true);
  expect(await leader.renew()).toBe(true);
  memory.nowMs += 3_999;
  expect(leader.isLeading).toBe(true);
  memory.nowMs += 1;
  expect(leader.isLeading).toBe(false);
  expect(state.asked[0]?.slice(0, 4)).toEqual(['conductor', 'first', 5_000, memory.nowMs - 5_000]);
});

test('a store that says no ends it at once; one that does not answer ends it with the lease, and it was ours by the last answer', async () => {
  const { memory, leader, state } = await leading();
  await leader.renew();
  state.lease = () => Promise.reject(new Error('away'));
  await expect(leader.renew()).rejects.toThrow('away');
  expect([leader.isLeading, leader.wasOurs]).toEqual([true, true]);
  memory.nowMs += 5_000;
  await expect(leader.renew()).rejects.toThrow('away');
  expect([leader.isLeading, leader.wasOurs]).toEqual([false, true]);
  state.lease = () => Promise.resolve(true);
  await leader.renew();
  expect(leader.isLeading).toBe(true);
  state.lease = () => Promise.resolve(false);
  expect(await leader.renew()).toBe(false);
  expect([leader.isLeading, leader.wasOurs]).toEqual([false, false]);
});

test('it gives back what it has, once, and nothing that it has lost', async () => {
  const { memory, leader, state } = await leading();
  await leader.giveUp();
  expect(state.released).toEqual([]);
  await leader.renew();
  await leader.giveUp();
  await leader.giveUp();
  expect([state.released, leader.isLeading]).toEqual([[['conductor', 'first']], false]);
  await leader.renew();
  memory.nowMs += 5_000;
  await leader.giveUp();
  expect(state.released).toHaveLength(1);
});
