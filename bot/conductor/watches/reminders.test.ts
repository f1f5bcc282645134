import { expect, test } from 'vitest';
import type { LaunchIndexItem, LiveStore } from '../../../infra/aws/live-store.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Message } from '../../views/message.ts';
import { remind } from './reminders.ts';

const HOUR = 3_600_000;

/** A launch that was just closed; what is posted, and a Slack that takes nothing for this reason. */
async function closed() {
  const memory = await MemoryContext.ready();
  await memory.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const room = { posts: [] as Message[], refuses: null as Error | null, onPost: async () => {} };
  const index: LaunchIndexItem[] = [];
  const slack: Partial<SlackPort> = {
    postMessage: async (_, message) => {
      if (room.refuses !== null) throw room.refuses;
      room.posts.push(message);
      await room.onPost();
      return '1';
    },
    findPosted: async () => (room.posts.length > 0 ? '1' : null),
  };
  const context = {
    ...memory.context,
    slack: slack as SlackPort,
    cloud: {
      ...memory.context.cloud,
      live: {
        ...memory.context.cloud.live,
        ...claims(),
        putLaunch: async (item: LaunchIndexItem) => void index.push(item),
      },
    },
  };
  return { memory, room, index, look: () => remind(context, LAUNCH_ID) };
}

/** As the table has them. */
function claims(): Pick<LiveStore, 'claimEffect' | 'renewEffect' | 'finishEffect'> {
  const marks = new Map<string, { token: string; untilMs: number; result: string | null }>();
  let count = 0;
  return {
    claimEffect: async (_, id, __, ttlMs, nowMs) => {
      const before = marks.get(id);
      const token = String((count += 1));
      const mine = before === undefined || (before.result === null && before.untilMs < nowMs);
      if (mine) marks.set(id, { token, untilMs: nowMs + ttlMs, result: null });
      const result = before?.result ?? null;
      return { mine, done: result !== null, result, again: before !== undefined, token };
    },
    renewEffect: async (_, id, token, ttlMs, nowMs) => {
      const held = marks.get(id);
      if (held?.token === token) held.untilMs = nowMs + ttlMs;
      return held?.token === token;
    },
    finishEffect: async (_, id, result) => void marks.set(id, { token: '', untilMs: 0, result }),
  };
}

const slackSays = (error: string) =>
  Object.assign(new Error(error), { code: 'slack_webapi_platform_error', data: { ok: false, error } });

test('who has not answered is called once, and the index says when to look next', async () => {
  const { memory, room, index, look } = await closed();
  memory.nowMs += 4 * HOUR;
  await look();
  await look();
  expect(room.posts).toHaveLength(1);
  expect(JSON.stringify(room.posts)).toContain('<@U0MARKET1> The postmortem of');
  expect(index.map(({ closed: over, remindAtMs }) => [over, remindAtMs])).toEqual([
    [true, undefined],
    [true, undefined],
  ]);
});

test('of two leaders at the same time one says it, and what one has posted and not noted is found and not said again', async () => {
  const { memory, room, index, look } = await closed();
  memory.nowMs += 4 * HOUR;
  await Promise.all([look(), look()]);
  expect(room.posts).toHaveLength(1);
  expect(index).toHaveLength(1);

  const cut = await closed();
  cut.memory.nowMs += 4 * HOUR;
  cut.room.onPost = () => Promise.reject(new Error('killed'));
  await cut.look();
  expect(cut.index).toEqual([]);
  await cut.look();
  expect(cut.room.posts).toHaveLength(1);
  expect(cut.index).toHaveLength(1);
});

test('what Slack did not take is said by the next look; a channel that takes no posts is left in peace', async () => {
  const { memory, room, look } = await closed();
  memory.nowMs += 4 * HOUR;
  room.refuses = new Error('SLACK_AWAY');
  await look();
  room.refuses = null;
  await look();
  expect(room.posts).toHaveLength(1);

  const shut = await closed();
  shut.memory.nowMs += 4 * HOUR;
  shut.room.refuses = slackSays('is_archived');
  await shut.look();
  expect(shut.index).toHaveLength(1);
  shut.room.refuses = null;
  await shut.look();
  expect(shut.room.posts).toEqual([]);
});

test('an action that is due calls its owner, in the same message', async () => {
  const { memory, room, index, look } = await closed();
  const due = new Date(memory.nowMs).toISOString().slice(0, 10);
  const action = { actionId: null, when: 'now', words: 'Fix the link', owner: 'ben', due } as const;
  await memory.does({ kind: 'set-action', by: 'ana', ...action });
  memory.nowMs += 4 * HOUR;
  await look();
  expect(room.posts).toHaveLength(1);
  expect(JSON.stringify(room.posts)).toMatch(/<@U0MARKET2> `A\d+` \*now\*, Ben Okafor, until .*The postmortem of/);
  expect(index).toMatchObject([{ closed: true, openActions: 1, remindAtMs: expect.any(Number) as number }]);
});

test('what somebody orders meanwhile keeps the launch on the index', async () => {
  const { memory, room, index, look } = await closed();
  memory.nowMs += 4 * HOUR;
  room.onPost = async () => void (await memory.does({ kind: 'note', by: 'ana', text: 'back' }));
  await look();
  expect(index.map(({ closed: over }) => over)).toEqual([true, false]);
});
