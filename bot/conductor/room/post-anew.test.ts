import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { message } from '../../views/blocks.ts';
import type { Context } from '../context.ts';
import { FACT, fact } from '../facts.ts';
import { postAnew } from './post-anew.ts';

let rig: Rig;
let memory: MemoryContext;
beforeEach(async () => {
  [rig, memory] = await Promise.all([startRig(), MemoryContext.ready()]);
  await rig.create({ ready: false });
});
afterEach(() => rig.stop());

const bot = (holder: string, slack: SlackPort = rig.slack): Context => ({
  ...memory.context,
  cloud: rig.cloud,
  journal: rig.journal,
  slack,
  holder,
  nowMs: Date.now,
});

/** A board that stands in the channel and, as this bot believes, can't be edited any more. */
async function gone(text = 'the board') {
  const launch = await rig.launch();
  const goneTs = await rig.slack.postMessage(launch.channelId, message('the old board', []), {});
  const what = { name: FACT.board, goneTs, message: message(text, []), error: new Error('edit window') };
  return { launch, what };
}

test('of two bots that see it one posts; the other is told where it stands', async () => {
  const { launch, what } = await gone();
  const first = await postAnew(bot('first'), rig.slack, launch, what);
  const second = await postAnew(bot('second'), rig.slack, launch, what);
  expect(first?.mine).toBe(true);
  expect(second).toEqual({ ts: first?.ts, mine: false });
  const standing = await rig.messages('board');
  expect(standing.map(({ ts, pinned }) => [ts, pinned])).toEqual([[first?.ts, true]]);
  expect(await fact(bot('third'), launch.id, FACT.board)).toBe(first?.ts);
});

test('while another bot is at it nothing is posted', async () => {
  const { launch, what } = await gone();
  const { live } = rig.cloud;
  const claimed = await live.claimEffect(
    launch.id,
    `${what.name}/after/${what.goneTs}`,
    'other',
    5_000,
    Date.now(),
    () => false,
  );
  expect(claimed.mine).toBe(true);
  expect(await postAnew(bot('first'), rig.slack, launch, what)).toBeNull();
  expect((await rig.messages('board')).map(({ ts }) => ts)).toEqual([what.goneTs]);
});

test('a bot that died right after its post is found out: its post stands, and is not made again', async () => {
  const { launch, what } = await gone();
  const effectId = `${what.name}/after/${what.goneTs}`;
  await rig.cloud.live.claimEffect(launch.id, effectId, 'dead', 5_000, Date.now(), () => false);
  const posted = await rig.slack.postMessage(launch.channelId, what.message, {
    mark: { launchId: launch.id, effectId },
  });
  const next = { ...bot('next'), hasEnded: (holder: string) => holder === 'dead' };
  expect(await postAnew(next, rig.slack, launch, what)).toEqual({ ts: posted, mine: true });
  expect((await rig.messages('the board')).map(({ ts }) => ts)).toEqual([posted]);
});

test('a post that Slack does not take rejects, and notes nothing', async () => {
  const { launch, what } = await gone();
  const slack: SlackPort = { ...rig.slack, postMessage: () => Promise.reject(new Error('no answer')) };
  await expect(postAnew(bot('first', slack), slack, launch, what)).rejects.toThrow('no answer');
  expect(await rig.cloud.facts.get(launch.id, FACT.board)).toBeNull();
});

test('an old message that stays, and a board that no one may pin, take nothing from the new one', async () => {
  const { launch, what } = await gone();
  const no = () => Promise.reject(new Error('not allowed'));
  const slack: SlackPort = { ...rig.slack, remove: no, pin: no };
  const anew = await postAnew(bot('first', slack), slack, launch, what);
  expect(anew?.mine).toBe(true);
  expect(await rig.cloud.facts.get(launch.id, FACT.board)).toBe(anew?.ts);
});

test('only the board is pinned', async () => {
  const { launch, what } = await gone('an order');
  const anew = await postAnew(bot('first'), rig.slack, launch, { ...what, name: FACT.order('o1') });
  expect((await rig.messages('an order')).map(({ ts, pinned }) => [ts, pinned])).toEqual([[anew?.ts, false]]);
});
