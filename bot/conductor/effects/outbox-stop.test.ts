import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import { Room } from '../room/room.ts';
import { Outbox } from './outbox.ts';
import type { Posts } from './posts.ts';

/** What becomes of what an outbox has begun when it is stopped; marks and record are in memory, and a post is over when the test says so. */

afterEach(() => {
  vi.useRealTimers();
});

/** Two notes that wait to be posted, the first of them under way. */
async function posting() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const memory = await MemoryContext.ready();
  const [renewed, finished, begun]: [string[], string[], string[]] = [[], [], []];
  const live: Partial<Cloud['live']> = {
    claimEffect: async () => ({ mine: true, done: false, result: null, again: false, token: 't' }),
    renewEffect: async (_, id) => (renewed.push(id), true),
    finishEffect: async (_, id) => void finished.push(id),
  };
  const bot = memory.bot();
  const context = { ...bot, cloud: { ...bot.cloud, live } as unknown as Cloud };
  const answer = Promise.withResolvers<string>();
  const posts = {
    prepare:
      ({ id }: { id: string }) =>
      () => (begun.push(id), answer.promise),
  } as unknown as Posts;
  const outbox = new Outbox(context, LAUNCH_ID, { posts, room: new Room(context, LAUNCH_ID) });
  await outbox.open();
  const ids: string[] = [];
  for (const text of ['one', 'two']) {
    const entry = await memory.does({ kind: 'note', by: 'ana', text });
    outbox.add(entry, await memory.launch());
    ids.push(`${entry.seq}/post-entry`);
  }
  const launch = await memory.launch();
  const pumped = outbox.pumpSlack(() => launch);
  for (let at = 0; at < 10 && begun.length === 0; at += 1) await turn();
  expect(begun).toEqual(ids.slice(0, 1));
  const ends = async () => {
    answer.resolve('ts');
    await pumped;
  };
  return { outbox, renewed, finished, begun, ids, ends };
}

test('the claim of what is under way is renewed until it is over, and then comes the next', async () => {
  const { renewed, finished, ids, ends } = await posting();
  vi.advanceTimersByTime(5_000);
  expect(renewed).toEqual([ids[0], ids[0], ids[0]]);
  await ends();
  vi.advanceTimersByTime(5_000);
  expect([renewed.length, finished]).toEqual([3, ids]);
});

test('stopped, it holds no claim any longer and begins nothing more; what is under way may end', async () => {
  const { outbox, renewed, finished, begun, ids, ends } = await posting();
  outbox.stop();
  vi.advanceTimersByTime(60_000);
  expect(renewed).toEqual([]);
  await ends();
  expect([finished, begun]).toEqual([ids.slice(0, 1), ids.slice(0, 1)]);
});
