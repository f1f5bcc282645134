import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { measuredAt, sampleRunbook, slackVia, T0_MS } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Message } from '../../views/message.ts';
import { renewalWatch } from './renewal-watch.ts';

const MIN = 60_000;

/** An order of fifteen minutes; what is posted, and a Slack that takes nothing while `isAway`. */
async function asked(momentMs?: number, more: Record<string, unknown> = {}) {
  const memory = await MemoryContext.ready(sampleRunbook(more));
  const room = { posts: [] as Message[], isAway: false };
  const slack: Partial<SlackPort> = {
    postMessage: async (_, message) => {
      if (room.isAway) throw new Error('SLACK_AWAY');
      room.posts.push(message);
      return '1';
    },
  };
  memory.context.slack = slack as SlackPort;
  const order = await memory.asksForGo(momentMs);
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  const { orderId } = order;
  return { memory, room, order, orderId, look: async () => renewalWatch(memory.context, await memory.launch()) };
}

test('the asker is called once a lifetime, with the button, when a quarter of it is left', async () => {
  const { memory, room, orderId, look } = await asked();
  memory.nowMs += 11 * MIN;
  await look();
  expect(room.posts).toEqual([]);
  memory.nowMs += MIN;
  await look();
  await look();
  expect(room.posts).toHaveLength(1);
  const text = JSON.stringify(room.posts);
  expect(text).toContain('<@U0ONCALL> the order for');
  expect(text).toContain('fire.renew-called');
  expect(text).not.toContain('fire.go');
  await memory.does({ kind: 'renew-order', by: 'ana', orderId });
  await look();
  expect(room.posts).toHaveLength(1);
  memory.nowMs += 12 * MIN;
  await look();
  expect(room.posts).toHaveLength(2);
});

test('a call that Slack did not take is made by the next look', async () => {
  const { memory, room, look } = await asked();
  memory.nowMs += 12 * MIN;
  room.isAway = true;
  await expect(look()).rejects.toThrow('SLACK_AWAY');
  room.isAway = false;
  await look();
  expect(room.posts).toHaveLength(1);
});

test('nobody is called for an order that is armed, gone, or can be kept open no longer', async () => {
  const declined = await asked();
  await declined.memory.does({ kind: 'decline-fire', by: 'mia', orderId: declined.orderId, reason: 'no' });
  declined.memory.nowMs += 12 * MIN;
  await declined.look();
  expect(declined.room.posts).toEqual([]);

  const last = await asked(undefined, { order_renewable_for: '15m' });
  last.memory.nowMs += 12 * MIN;
  await last.look();
  expect(last.room.posts).toEqual([]);

  const armed = await asked(T0_MS - 40 * MIN);
  const { memory, order, orderId } = armed;
  await memory.does({
    kind: 'approve-fire',
    by: 'mia',
    orderId,
    shownHash: order.shownHash,
    pressedAtMs: memory.nowMs,
    measured: measuredAt(memory.nowMs),
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  expect((await memory.launch()).orders[orderId]?.state).toBe('armed');
  for (let minutes = 0; minutes < 20; minutes += 1) {
    memory.nowMs += MIN;
    await armed.look();
  }
  expect(armed.room.posts).toEqual([]);
});
