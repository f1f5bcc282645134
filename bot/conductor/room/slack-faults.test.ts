import { ErrorCode } from '@slack/web-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { person } from '../../../infra/local/slack/for-tests.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook, segmentTotals } from '../../../test/properties/scene.ts';
import { POST_TIMEOUT_MS } from '../../slack/slack-port.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { FACT } from '../facts.ts';
import { TIMINGS } from '../timings.ts';

/** What the war room shows must survive Slack's faults: nothing is lost, nothing holds up the rest for good. One file over 300 lines: one rig, one question. */

const ROOM = 'C0WARROOM';
let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const note = (text: string) => rig.append({ kind: 'note', by: 'ana', text });
const refusal = (word: string) =>
  Object.assign(new Error(word), { code: ErrorCode.PlatformError, data: { ok: false, error: word } });
/** A Slack that refuses posts with these words, and takes the rest. */
function refusing(refuse: (text: string) => Error | null): { slack: SlackPort; tries: string[] } {
  const tries: string[] = [];
  return {
    tries,
    slack: {
      ...rig.slack,
      async postMessage(channel, message, options) {
        tries.push(message.text);
        const error = refuse(message.text);
        if (error !== null) throw error;
        return rig.slack.postMessage(channel, message, options);
      },
    },
  };
}
const textsOf = async (containing = '') => (await rig.messages(containing)).map(({ text }) => text);
/** What the bot told this person directly. */
async function directMessages(slackId: string) {
  const { channels } = await person(rig.workspace, slackId).get<{ channels: { id: string; im_with: string | null }[] }>(
    'state',
  );
  const own = channels.find(({ im_with: who }) => who === slackId);
  return own === undefined
    ? []
    : (
        await person(rig.workspace, slackId).get<{ messages: { text: string; blocks: object[] }[] }>(
          `channels/${own.id}/messages`,
        )
      ).messages;
}

test.each(['invalid_blocks', 'msg_too_long', 'a_word_of_tomorrow'])(
  'a post that Slack never takes (%s) is left out, and what follows it is shown',
  async (word) => {
    await rig.create({ ready: false });
    const { slack, tries } = refusing((text) => (text.includes('unspeakable') ? refusal(word) : null));
    await rig.conductor('first', { slack }).conductor.start();
    const bad = await note('unspeakable');
    await note('what follows');
    await rig.seen('what follows');
    expect(await rig.messages('unspeakable')).toEqual([]);
    expect(await rig.cloud.live.effectResult(rig.launchId, `${bad.seq}/post-entry`)).toBe('left out');
    expect(tries.filter((text) => text.includes('unspeakable')).length).toBeGreaterThan(1);
  },
);

test('a channel that takes nothing keeps everything waiting, on-call people are told directly, and nothing is lost', async () => {
  await rig.create({ ready: false });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await note('one');
  await rig.seen('one');
  rig.workspace.admin.archive(ROOM, true);
  for (const text of ['two', 'three']) await note(text);
  const [told] = await until('a direct message', async () => {
    const found = await directMessages('U0ONCALL');
    return found.length > 0 ? found : null;
  });
  expect(told?.text).toContain('the channel is archived');
  expect(JSON.stringify(told?.blocks)).toContain('halt.press');
  expect(await directMessages('U0MARKET1')).toEqual([]);
  expect(conductor.shutRooms()).toMatchObject([{ launchId: rig.launchId, code: 'is_archived' }]);

  // Another leader goes on from there, and tells nobody again.
  await conductor.stop();
  const second = rig.conductor('second').conductor;
  await second.start();
  await until('the second knows', () => second.shutRooms().length === 1);
  rig.workspace.admin.archive(ROOM, false);
  await rig.seen('three');
  const texts = (await textsOf()).join('\n');
  expect(texts.indexOf('one')).toBeLessThan(texts.indexOf('two'));
  expect(texts.indexOf('two')).toBeLessThan(texts.indexOf('three'));
  expect(await rig.messages('two')).toHaveLength(1);
  expect(await directMessages('U0ONCALL')).toHaveLength(1);
  await until('the trouble is over', () => second.shutRooms().length === 0);
  expect(await rig.cloud.facts.get(rig.launchId, FACT.roomTrouble)).toBe('');
});

test('after a long gap the room gets what matters now, one summary, and no stale post', async () => {
  await rig.create();
  const { conductor } = rig.conductor('first', { timings: { backlogMs: 300 } });
  await conductor.start();
  await until(
    'the posts of the beginning',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  rig.workspace.admin.removeApp(ROOM);
  for (let i = 1; i <= 20; i += 1) await note(`thing number ${i}.`);
  const order = await rig.request();
  await until('the room is shut', () => conductor.shutRooms().length === 1);
  const shutSinceMs = Date.now();
  await until('a gap', () => Date.now() - shutSinceMs > 400);
  rig.workspace.admin.addApp(ROOM);
  const summary = await rig.seen('This room missed 20 posts');
  const asked = await rig.seen('asks to send');
  expect(JSON.stringify(asked.blocks)).toContain(order.orderId);
  expect(Number(asked.ts)).toBeLessThan(Number(summary.ts));
  expect(JSON.stringify(summary.blocks)).toContain('thing number 20.');
  expect(JSON.stringify(summary.blocks)).toContain('the bot was removed from the channel');
  await note('as before');
  await rig.seen('as before');
  expect(await rig.messages('thing number')).toHaveLength(1);
  expect(await rig.messages('This room missed')).toHaveLength(1);
  expect(await rig.cloud.facts.get(rig.launchId, 'outbox/upto')).toBe(String((await rig.launch()).seq));
});

test('a summary swallows nothing that only its own post says: reminders, refused steps, warnings, the close', async () => {
  const runbook = sampleRunbook();
  const steps = runbook.phases.flatMap((phase) => phase.steps);
  const remind = steps.find((step) => step.do.kind === 'remind');
  const other = steps.find((step) => step.do.kind === 'scale');
  if (remind?.do.kind !== 'remind' || other === undefined) throw new Error('NO_STEP');
  await rig.create({ ready: false, runbook });
  await rig.append({ kind: 'run-step', by: 'ana', step: remind.id });
  await rig.append({ kind: 'run-step', by: 'ana', step: other.id });
  await rig.append({ kind: 'finish-step', step: other.id, say: 'no such group', refused: true });
  await rig.append({ kind: 'note', by: null, text: `a warning ${'word '.repeat(60)} with its end` });
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'all done' });
  for (let i = 1; i <= 12; i += 1) await note(`thing number ${i}.`);
  await rig.conductor('first', { timings: { backlogMs: 0 } }).conductor.start();
  await rig.seen('This room missed');
  for (const text of [remind.do.say, 'no such group', 'with its end', 'all done']) await rig.seen(text);
  expect(await rig.messages('thing number')).toHaveLength(1);
});

test('the board of a closed launch says so and has no HALT', async () => {
  await rig.create({ ready: false });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until('the board', async () => (await rig.messages()).some(({ pinned }) => pinned));
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'done' });
  const board = await until('the closed board', async () =>
    (await rig.messages('Super Bowl: closed')).find(({ pinned }) => pinned),
  );
  expect(JSON.stringify(board.blocks)).not.toContain('halt.press');
});

test('a channel that is archived after the close is no trouble: what was still to be said is left to the timeline', async () => {
  await rig.create({ ready: false });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const { seq } = await rig.append({
    kind: 'order-scale',
    by: 'ana',
    target: 'workers',
    desired: 1,
    step: null,
    reason: '',
  });
  // No such service is here.
  await rig.cloud.live.finishEffect(rig.launchId, `${seq}/scale`, 'done');
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'done' });
  await until(
    'the posts of the close',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  rig.workspace.admin.archive(ROOM, true);
  await note('thanks to everybody');
  await rig.append({ kind: 'report-scale', target: 'workers', desired: 1, stands: 1, tookMs: 60_000 });
  await until('the index says that it is over', async () => (await rig.cloud.live.launches())[0]?.closed);
  expect(await directMessages('U0ONCALL')).toEqual([]);
});

test('a channel that takes edits but no posts is one trouble: on-call people hear of it once, and it ends with a post', async () => {
  await rig.create({ ready: false });
  let readOnly = false;
  const { slack, tries } = refusing((text) =>
    readOnly && !text.includes("can't post") ? refusal('restricted_action_read_only_channel') : null,
  );
  const { conductor } = rig.conductor('first', { slack });
  await conductor.start();
  await note('one');
  await rig.seen('one');
  readOnly = true;
  for (const text of ['two', 'three', 'four']) await note(text);
  await until('the room is shut', () => conductor.shutRooms().length === 1);
  // News for the board, which Slack lets the bot edit all the same.
  for (let n = 1; n <= 4; n += 1) {
    await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: n % 2 === 1, note: '' });
    const upTo = tries.length;
    await until('another try', () => tries.length > upTo);
  }
  expect(await directMessages('U0ONCALL')).toHaveLength(1);
  expect(conductor.shutRooms()).toHaveLength(1);
  readOnly = false;
  await rig.seen('four');
  await until('the trouble is over', () => conductor.shutRooms().length === 0);
});

test.each(['missing_scope', 'no_permission', 'restricted_action'])(
  'an app that may not upload (%s) leaves the picture out, says its figures, and the room stays open',
  async (word) => {
    await rig.create();
    const slack: SlackPort = { ...rig.slack, upload: () => Promise.reject(refusal(word)) };
    const { shotId } = await rig.appendAs('FireApproved', rig.approval(await rig.request(['us-ios'])));
    await rig.append({
      kind: 'close-shot',
      shotId,
      cause: 'not-after',
      segments: [segmentTotals('us-ios', 1, 500, { late: 500 })],
    });
    await rig.request(['us-ios']);
    const { conductor } = rig.conductor('first', { slack });
    await conductor.start();
    expect(JSON.stringify((await rig.seen('asks to send')).blocks)).toContain('fire.go');
    expect(await textsOf('Delivery curve of shot')).toEqual([
      expect.stringContaining(', us-ios: 0 of 500 devices (0%) accepted'),
    ]);
    expect(conductor.shutRooms()).toEqual([]);
    expect(await directMessages('U0ONCALL')).toEqual([]);
  },
);

test('on-call people hear of a shut room although the store takes no note of it just then', async () => {
  await rig.create({ ready: false });
  let down = true;
  const facts = {
    ...rig.cloud.facts,
    put: (launchId: string, name: string, value: string) =>
      down && name === FACT.roomTrouble
        ? Promise.reject(new Error('throttled'))
        : rig.cloud.facts.put(launchId, name, value),
  };
  rig.workspace.admin.archive(ROOM, true);
  const { conductor } = rig.conductor('first', { cloud: { ...rig.cloud, facts } });
  await conductor.start();
  await until('a direct message', async () => (await directMessages('U0ONCALL')).length > 0);
  down = false;
  await until('it is noted', async () =>
    (await rig.cloud.facts.get(rig.launchId, FACT.roomTrouble))?.includes('is_archived'),
  );
  expect(await directMessages('U0ONCALL')).toHaveLength(1);
});

test('a later gap is not put down to a trouble that was over before it began', async () => {
  await rig.create({ ready: false });
  let down = false;
  const { slack } = refusing(() => (down ? new Error('connect ECONNREFUSED') : null));
  const { conductor } = rig.conductor('first', { slack, timings: { backlogMs: 300 } });
  await conductor.start();
  rig.workspace.admin.archive(ROOM, true);
  await note('one');
  await until('the room is shut', () => conductor.shutRooms().length === 1);
  rig.workspace.admin.archive(ROOM, false);
  await until(
    'everything is posted',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  down = true;
  for (let i = 1; i <= 12; i += 1) await note(`thing number ${i}.`);
  const sinceMs = Date.now();
  await until('a gap', () => Date.now() - sinceMs > 1_500);
  down = false;
  expect(JSON.stringify((await rig.seen('This room missed')).blocks)).not.toContain('archived');
});

test('a summary whose leader died when all of it was marked stands in the way of no later one', async () => {
  await rig.create({ ready: false });
  const { seq } = await note('told long ago');
  await rig.cloud.facts.put(rig.launchId, FACT.folding, String(seq));
  await rig.cloud.facts.put(rig.launchId, FACT.watermark, String(seq));
  rig.workspace.admin.removeApp(ROOM);
  for (let i = 1; i <= 12; i += 1) await note(`thing number ${i}.`);
  const { conductor } = rig.conductor('second', { timings: { backlogMs: 300 } });
  await conductor.start();
  await until('the room is shut', () => conductor.shutRooms().length === 1);
  const shutSinceMs = Date.now();
  await until('a gap', () => Date.now() - shutSinceMs > 400);
  rig.workspace.admin.addApp(ROOM);
  await rig.seen('This room missed 12 posts');
  await until('it is over', async () => (await rig.cloud.facts.get(rig.launchId, FACT.folding)) === '');
});

test('a leader that died after its summary leaves the next one nothing to say twice', async () => {
  await rig.create({ ready: false });
  for (let i = 1; i <= 12; i += 1) await note(`thing number ${i}.`);
  const { seq } = await rig.launch();
  await rig.cloud.facts.put(rig.launchId, FACT.folding, String(seq));
  await rig.cloud.live.claimEffect(rig.launchId, `missed/${seq}`, 'dead', 300, Date.now());
  await rig.slack.postMessage(
    ROOM,
    { text: 'This room missed 12 posts', blocks: [] },
    { mark: { launchId: rig.launchId, effectId: `missed/${seq}` } },
  );
  await note('after the summary');
  await rig.conductor('second').conductor.start();
  await rig.seen('after the summary');
  expect(await rig.messages('This room missed')).toHaveLength(1);
  expect(await rig.messages('thing number')).toEqual([]);
});

test('what an earlier leader has posted is no backlog, however far back the next one begins', async () => {
  await rig.create({ ready: false });
  const first = rig.conductor('first').conductor;
  await first.start();
  for (let i = 1; i <= 10; i += 1) await note(`thing number ${i}.`);
  await rig.seen('thing number 10.');
  await first.stop();
  // As if an effect in the cloud had been stuck since then.
  await rig.cloud.facts.put(rig.launchId, FACT.watermark, '0');
  await rig.conductor('second', { timings: { backlogMs: 0 } }).conductor.start();
  await note('and on');
  await rig.seen('and on');
  expect(await rig.messages('thing number')).toHaveLength(10);
  expect(await rig.messages('This room missed')).toEqual([]);
});

test('a rate limit is waited out, and the order stays', async () => {
  await rig.create({ ready: false });
  let limited = true;
  const { slack, tries } = refusing((text) =>
    limited && text.includes('first')
      ? Object.assign(new Error('ratelimited'), { code: ErrorCode.RateLimitedError, retryAfter: 1 })
      : null,
  );
  await rig.conductor('one', { slack }).conductor.start();
  await note('first');
  await note('second');
  await until('the limit', () => tries.some((text) => text.includes('first')));
  const limitedAtMs = Date.now();
  limited = false;
  await rig.seen('second');
  expect(Date.now() - limitedAtMs).toBeGreaterThan(900);
  const texts = (await textsOf()).join('\n');
  expect(texts.indexOf('first')).toBeLessThan(texts.indexOf('second'));
});

test('the board and an open order that somebody deletes come back, once', async () => {
  await rig.create();
  await rig.conductor('first').conductor.start();
  const order = await rig.request();
  const asked = await rig.seen('asks to send');
  const board = (await rig.messages()).find(({ pinned }) => pinned);
  if (board === undefined) throw new Error('NO_BOARD');
  rig.workspace.admin.deleteMessage(ROOM, board.ts);
  rig.workspace.admin.deleteMessage(ROOM, asked.ts);
  // News for both of them.
  await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: false, note: '' });
  await until('a pinned board', async () => (await rig.messages()).some(({ pinned, ts }) => pinned && ts !== board.ts));
  const again = await until('the order', async () =>
    (await rig.messages(order.orderId)).find(({ blocks }) => JSON.stringify(blocks).includes('fire.go')),
  );
  expect(again.ts).not.toBe(asked.ts);
  await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  await until(
    'the order as it is now',
    async () => !JSON.stringify((await rig.messages(order.orderId)).at(-1)?.blocks).includes('GO anyway'),
  );
  expect((await rig.messages()).filter(({ pinned }) => pinned)).toHaveLength(1);
  expect(
    (await rig.messages(order.orderId)).filter(({ blocks }) => JSON.stringify(blocks).includes('fire.go')),
  ).toHaveLength(1);
});

test('a halt shows at once on the board and on the live message, whatever their clocks', async () => {
  await rig.create();
  const { conductor, journal } = rig.conductor('first', { timings: { boardMs: 60_000, liveMs: 60_000 } });
  await conductor.start();
  const submitted = await journal.append(rig.launchId, rig.approval(await rig.request(['us-ios'])));
  if (!submitted.ok) throw new Error(submitted.say);
  await conductor.perform(rig.launchId, submitted.entry);
  await rig.seen('Sending: Super Bowl');
  const { recorded } = await conductor.halt(rig.launchId, {
    by: 'mia',
    source: 'slack',
    reason: '',
    pressedAtMs: Date.now(),
  });
  await recorded;
  await until('the halted board', async () => (await textsOf('HALTED')).length > 0);
  await until('the halting shot', async () => (await rig.messages('Halting: Super Bowl')).length > 0);
});

test('a claim lasts as long as its post, and no longer than its bot', async () => {
  await rig.create({ ready: false });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let begunAtMs: number | null = null;
  const slack: SlackPort = {
    ...rig.slack,
    postMessage: async (channel, message, options) => {
      if (message.text.includes('slow')) {
        begunAtMs = Date.now();
        await held;
      }
      return rig.slack.postMessage(channel, message, options);
    },
  };
  await rig.conductor('first', { slack, timings: { claimMs: 600 } }).conductor.start();
  const { seq } = await note('slow');
  const effectId = `${seq}/post-entry`;
  await until('twice a claim’s life', () => begunAtMs !== null && Date.now() - begunAtMs > 1_200);
  expect(await rig.cloud.live.claimEffect(rig.launchId, effectId, 'other', 600, Date.now())).toMatchObject({
    mine: false,
    done: false,
  });
  release();
  await rig.seen('slow');
  expect(await rig.messages('slow')).toHaveLength(1);
  // What a dead bot leaves behind: seconds, and a post that is over by then.
  expect(TIMINGS.claimMs).toBeLessThanOrEqual(TIMINGS.leaseMs);
  expect(TIMINGS.claimMs).toBeGreaterThan(POST_TIMEOUT_MS);
});

test('what a bot of this machine held when it ended is free at once, and looked for before it is posted', async () => {
  await rig.create({ ready: false });
  const { seq } = await note('half done');
  await rig.cloud.live.lease('conductor', 'ended', 60_000, Date.now());
  const effectId = `${seq}/post-entry`;
  await rig.cloud.live.claimEffect(rig.launchId, effectId, 'ended', 60_000, Date.now());
  await rig.slack.postMessage(ROOM, { text: 'half done', blocks: [] }, { mark: { launchId: rig.launchId, effectId } });
  await rig.conductor('next', { hasEnded: (holder) => holder === 'ended' }).conductor.start();
  await note('and on');
  await rig.seen('and on');
  expect(await rig.messages('half done')).toHaveLength(1);
});

test('a person who came back with another account while Slack was slow is not removed for the old one', async () => {
  await rig.create();
  const { people } = await rig.launch();
  const returned = people.map((one) => (one.id === 'mia' ? { ...one, slack: ['U0NEW'] } : one));
  let asked = 0;
  const slack: SlackPort = {
    ...rig.slack,
    isDeactivated: async (slackId) => {
      asked += 1;
      if (slackId !== 'U0MARKET1') return false;
      const { changeId } = await rig.appendAs('RosterChangeRequested', {
        kind: 'request-roster-change',
        by: 'ana',
        people: returned,
        reason: 'new account',
      });
      await rig.append({ kind: 'approve-roster-change', by: 'ben', changeId });
      return true;
    },
  };
  await rig.conductor('first', { slack, timings: { rosterMs: 300 } }).conductor.start();
  await until('everybody was asked about twice', () => asked >= 2 * people.length);
  expect((await rig.launch()).people).toEqual(returned);
});

test('a person who was deactivated in Slack while no bot was there leaves the roster at the start, and later ones soon after', async () => {
  await rig.create();
  const order = await rig.request();
  rig.workspace.admin.deactivate('U0MARKET1');
  const slack: SlackPort = {
    ...rig.slack,
    isDeactivated: async (slackId) => {
      if (slackId === 'U0ONCALL') throw refusal('internal_error');
      return rig.slack.isDeactivated(slackId);
    },
  };
  await rig.conductor('first', { slack, timings: { rosterMs: 300 } }).conductor.start();
  await until('mia is removed', async () => (await rig.launch()).people.every(({ id }) => id !== 'mia'));
  expect(await rig.journal.append(rig.launchId, rig.approval(order))).toMatchObject({
    ok: false,
    code: 'NOT_ON_ROSTER',
  });
  rig.workspace.admin.deactivate('U0MARKET2');
  await until('ben is removed', async () => (await rig.launch()).people.every(({ id }) => id !== 'ben'));
  // One of her accounts is of no Slack that the bot knows: that is no deactivation.
  expect((await rig.launch()).people.map(({ id }) => id)).toEqual(['ana', 'olu']);
  expect(await rig.entries('PersonRemoved')).toMatchObject([
    { person: 'mia', by: { system: 'slack' } },
    { person: 'ben' },
  ]);
});

test('what went into a summary is posted again by no later leader, one by one or in another summary', async () => {
  await rig.create({ ready: false });
  for (let i = 1; i <= 12; i += 1) await note(`thing number ${i}.`);
  const first = rig.conductor('first', { timings: { backlogMs: 0 } }).conductor;
  await first.start();
  const isAllDone = async () =>
    (await rig.cloud.facts.get(rig.launchId, FACT.watermark)) === String((await rig.launch()).seq);
  await until('the summary, and its marks', isAllDone);
  await first.stop();
  const before = await textsOf();
  expect(before.filter((text) => text.includes('This room missed'))).toHaveLength(1);
  // As if an effect in the cloud had been stuck since then.
  for (const [name, backlogMs] of [
    ['second', TIMINGS.backlogMs],
    ['third', 0],
  ] as const) {
    await rig.cloud.facts.put(rig.launchId, FACT.watermark, '0');
    const { conductor } = rig.conductor(name, { timings: { backlogMs } });
    await conductor.start();
    await until(`all of it is known to be done by the ${name}`, isAllDone);
    await conductor.stop();
  }
  expect(await textsOf()).toEqual(before);
});
