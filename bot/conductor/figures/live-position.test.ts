import { afterEach, beforeEach, expect, test } from 'vitest';
import { person } from '../../../infra/local/slack/for-tests.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { segmentTotals } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const says = async (...texts: string[]) => {
  for (const text of texts) await person(rig.workspace, 'U0MARKET1').say(text);
};
/** Live messages that stand, oldest first. */
const live = () => rig.messages('Sending: ');
const below = async (ts: string) => (await rig.messages()).filter((message) => Number(message.ts) > Number(ts)).length;

async function sending(): Promise<string> {
  await rig.create();
  const approved = await rig.append(rig.approval(await rig.request()));
  return approved.kind === 'FireApproved' ? approved.shotId : '';
}
const close = (shotId: string) =>
  rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 1, 500), segmentTotals('us-android', 1, 300), segmentTotals('br-ios', 1, 200)],
  });

test('HALT comes down once three other messages stand below it, stays one message, and ends where it stands', async () => {
  const shotId = await sending();
  await rig.conductor('first').conductor.start();
  const first = await rig.seen('Sending: ');
  await until('the order has been shown as approved', async () => (await rig.messages('Fire order'))[0]);
  await says('one', 'two');
  const stands = async () => ((await live()).length === 1 ? (await live())[0]?.ts : null);
  // As many looks as a move takes; two messages are no reason for one.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await stands()).toBe(first.ts);
  await says('three');
  const second = await until('it has come down', async () => ((await stands()) === first.ts ? null : stands()));
  expect(await below(second)).toBe(0);
  expect(JSON.stringify((await live())[0]?.blocks)).toContain('halt.press');
  await says('four', 'five', 'six');
  const third = await until('it has come down again', async () =>
    [first.ts, second].includes((await stands()) ?? first.ts) ? null : stands(),
  );
  await close(shotId);
  const done = await rig.seen('Done: ');
  expect(done.ts).toBe(third);
  expect(await live()).toEqual([]);
});

test('a halted shot has no HALT to bring down', async () => {
  await sending();
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const first = await rig.seen('Sending: ');
  await (
    await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: 'stop', pressedAtMs: Date.now() })
  ).recorded;
  await rig.seen('Halting: ');
  await says('one', 'two', 'three', 'four');
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await rig.seen('Halting: ')).ts).toBe(first.ts);
});

test.each([
  ['before it knows that its new message stands', { postMessage: 1 }],
  ['before the old message is gone', { remove: Infinity }],
] as const)('a leader that dies in the middle of a move, %s, leaves one message to the next', async (_, failures) => {
  const shotId = await sending();
  let posted = 0;
  const broken = () => Promise.reject(new Error('SLACK_CUT: the answer never came'));
  const slack: SlackPort = {
    ...rig.slack,
    async postMessage(channel, message, options) {
      const ts = await rig.slack.postMessage(channel, message, options);
      if (options?.mark?.effectId.includes('/below/') !== true) return ts;
      posted += 1;
      return 'postMessage' in failures ? broken() : ts;
    },
    ...('remove' in failures ? { remove: broken } : {}),
  };
  const first = rig.conductor('first', { slack }).conductor;
  await first.start();
  const from = await rig.seen('Sending: ');
  await says('one', 'two', 'three');
  await until('it posted', () => posted > 0);
  await first.stop();
  await rig.conductor('second', { hasEnded: (holder) => holder === 'first' }).conductor.start();
  await until(
    'one message, below the others',
    async () =>
      (await live()).length === 1 &&
      Number((await live())[0]?.ts) > Number(from.ts) &&
      (await below((await live())[0]?.ts ?? '0')) === 0,
  );
  await close(shotId);
  await rig.seen('Done: ');
  expect(await live()).toEqual([]);
  expect((await rig.messages('Done: ')).length).toBe(1);
});

test('a shot that closes in the middle of a move ends in one message without HALT', async () => {
  const shotId = await sending();
  const slack: SlackPort = {
    ...rig.slack,
    remove: () => Promise.reject(new Error('SLACK_CUT: the answer never came')),
  };
  const first = rig.conductor('first', { slack }).conductor;
  await first.start();
  await rig.seen('Sending: ');
  await says('one', 'two', 'three');
  await until('two stand', async () => (await live()).length === 2);
  await first.stop();
  await close(shotId);
  await rig.conductor('second', { hasEnded: (holder) => holder === 'first' }).conductor.start();
  await rig.seen('Done: ');
  await until('one message', async () => (await live()).length === 0 && (await rig.messages('Done: ')).length === 1);
});
