import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../../infra/local/slack/web-api/faults.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { segmentTotals } from '../../../test/properties/scene.ts';

/** Slack loses, limits and refuses its methods one by one; what can be shown is shown. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  rig.workspace.faults.set('*', null);
  await rig.stop();
});

const blocksOf = (message: { blocks: object[] } | undefined) => JSON.stringify(message?.blocks ?? []);
const orders = async (orderId: string) =>
  (await rig.messages(orderId)).filter((message) => blocksOf(message).includes('fire.go'));
const pinned = async () => (await rig.messages()).filter((message) => message.pinned);
const refused = (error: string): Fault => ({ kind: 'error', error });

describe.each(['edit_window_closed', 'cant_update_message', 'is_inactive', 'message_not_found'])(
  "a message that can't be edited any more (%s)",
  (code) => {
    test('board and open order are posted anew, once, and edited in their new place; nothing old stays', async () => {
      await rig.create();
      await rig.conductor('first').conductor.start();
      const order = await rig.request();
      const asked = await rig.seen('asks to send');
      const board = await until('a board', async () => (await pinned())[0]);
      rig.workspace.faults.set('chat.update', refused(code));
      // News for both of them.
      await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: false, note: '' });
      await until('another order', async () => (await orders(order.orderId)).some(({ ts }) => ts !== asked.ts));
      await until('another board', async () => (await pinned()).some(({ ts }) => ts !== board.ts));
      rig.workspace.faults.set('chat.update', null);
      const standing = async () => [
        (await orders(order.orderId)).map(({ ts }) => ts),
        (await pinned()).map(({ ts }) => ts),
      ];
      // `message_not_found` is taken at its word: what is deleted need not be taken away.
      const before = code === 'message_not_found' ? 2 : 1;
      const [ordersNow = [], boardsNow = []] = await until('the old ones gone', async () => {
        const now = await standing();
        return now.every((one) => one.length === before) ? now : null;
      });
      const shown = blocksOf((await orders(order.orderId)).at(-1));
      await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
      await until('the order as it is now', async () => blocksOf((await orders(order.orderId)).at(-1)) !== shown);
      expect(await standing()).toEqual([ordersNow, boardsNow]);
    });
  },
);

test("the ends of an order, a live message and a scale-up are posted anew where they can't be edited", async () => {
  await rig.create();
  await rig.conductor('first').conductor.start();
  const order = await rig.request(['us-ios']);
  await until('the order', async () => (await orders(order.orderId))[0]);
  rig.workspace.faults.set('chat.update', refused('edit_window_closed'));
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(order));
  await until(
    'no button is left',
    async () => (await orders(order.orderId)).length === 0 && (await rig.messages(order.orderId)).length > 0,
  );
  await rig.seen('Sending: ');
  await rig.append({ kind: 'close-shot', shotId, cause: 'complete', segments: [segmentTotals('us-ios', 1, 500)] });
  await rig.seen('Done: ');
  await until('nothing still says that it sends', async () => (await rig.messages('Sending: ')).length === 0);
});

describe.each<[string, Fault]>([
  ['hangs', { kind: 'hang' }],
  ['is limited for a minute', { kind: 'limited', retryAfterS: 60 }],
  ['answers 503', { kind: 'status', status: 503 }],
])('a method %s', (name, fault) => {
  test('edits that fail hold up no post: the live message with its HALT, and the halt, come all the same', async () => {
    await rig.create();
    const { conductor } = rig.conductor('first', { timings: { stopMs: 200 } });
    await conductor.start();
    const order = await rig.request(['us-ios']);
    await until('the order', async () => (await orders(order.orderId))[0]);
    rig.workspace.faults.set('chat.update', fault);
    await rig.append(rig.approval(order));
    expect(blocksOf(await rig.seen('Sending: '))).toContain('halt.press');
    const halted = Date.now();
    await (
      await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: 'wrong copy', pressedAtMs: halted })
    ).recorded;
    await rig.seen('wrong copy');
    rig.workspace.faults.set('chat.update', null);
    if (name === 'answers 503')
      await until("the order's end is shown once it works", async () => (await orders(order.orderId)).length === 0);
  });

  test('a picture and a pin that fail hold up no post', async () => {
    rig.workspace.faults.set('files.getUploadURLExternal', fault);
    rig.workspace.faults.set('pins.add', fault);
    await rig.create();
    await rig.conductor('first', { timings: { stopMs: 200 } }).conductor.start();
    const order = await rig.request(['us-ios']);
    await until('the order', async () => (await orders(order.orderId))[0]);
    const { shotId } = await rig.appendAs('FireApproved', rig.approval(order));
    await rig.append({ kind: 'close-shot', shotId, cause: 'complete', segments: [segmentTotals('us-ios', 1, 500)] });
    await rig.append({ kind: 'note', by: 'ana', text: 'what comes after' });
    await rig.seen('what comes after');
  });
});

test('a post that was plainly refused is made again without a look at the channel, which may fail too', async () => {
  await rig.create({ ready: false });
  await rig.conductor('first').conductor.start();
  await until('a board', async () => (await pinned())[0]);
  rig.workspace.faults.set('conversations.history', { kind: 'status', status: 503 });
  rig.workspace.faults.set('chat.postMessage', { kind: 'limited', retryAfterS: 1 });
  await rig.append({ kind: 'note', by: 'ana', text: 'said in the end' });
  await until('the limit', () => rig.workspace.faults.calls('chat.postMessage') > 2);
  rig.workspace.faults.set('chat.postMessage', null);
  await rig.seen('said in the end');
  expect(await rig.messages('said in the end')).toHaveLength(1);
});

test('a post that came through without an answer is found, and not made twice', async () => {
  await rig.create({ ready: false });
  await rig.conductor('first', { timings: { stopMs: 200 } }).conductor.start();
  await until('a board', async () => (await pinned())[0]);
  rig.workspace.faults.set('chat.postMessage', { kind: 'mute' });
  await rig.append({ kind: 'note', by: 'ana', text: 'said once' });
  await rig.seen('said once');
  rig.workspace.faults.set('chat.postMessage', null);
  await rig.append({ kind: 'note', by: 'ana', text: 'and on' });
  await rig.seen('and on');
  expect(await rig.messages('said once')).toHaveLength(1);
});
