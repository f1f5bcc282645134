import { ErrorCode } from '@slack/web-api';
import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Message } from '../../views/message.ts';
import { Alarm } from './alarm.ts';

/** A war room in memory; `does` is what Slack says to the next calls instead of taking them. */
function room() {
  const posted: [text: string, effectId: string | undefined][] = [];
  const edits: [ts: string, text: string, pace: string | undefined][] = [];
  const state = { does: null as (() => Promise<never>) | null, found: null as string | null, looks: 0 };
  const slack: Partial<SlackPort> = {
    postMessage: async (channel, { text }, { mark } = {}) => {
      if (state.does !== null) return state.does();
      expect([channel, mark?.launchId]).toEqual(['C0WARROOM', LAUNCH_ID]);
      posted.push([text, mark?.effectId]);
      return `ts${posted.length}`;
    },
    update: async (_, ts, { text }, pace) => {
      if (state.does !== null) return state.does();
      edits.push([ts, text, pace]);
    },
    findPosted: async () => ((state.looks += 1), state.found),
  };
  return { posted, edits, state, slack: slack as SlackPort };
}

const fails = (error: object = {}) => Object.assign(new Error('Slack is away'), error);
const limited = fails({ code: ErrorCode.RateLimitedError, retryAfter: 7 });
const gone = fails({ code: ErrorCode.PlatformError, data: { ok: false, error: 'message_not_found' } });

const says = (text: string): Message => ({ text, blocks: [] });

async function alarming(memory?: MemoryContext) {
  const of = memory ?? (await MemoryContext.ready());
  const war = room();
  const context = { ...of.bot(), slack: war.slack };
  const place = { launchId: LAUNCH_ID, channelId: 'C0WARROOM', fact: 'weather', effect: 'storm' };
  const alarm = new Alarm<string, string>(context, place);
  const settle = async () => {
    for (let at = 0; at < 5; at += 1) await alarm.settle();
  };
  await settle();
  const show = async (text: string, afterMs = 0) => {
    of.nowMs += afterMs;
    alarm.show(says(text));
    await settle();
  };
  const begin = (content: string, note: string, inSameMessage = false) =>
    alarm.begin(content, { sinceMs: of.nowMs, note, inSameMessage });
  return { ...war, memory: of, alarm, show, begin, settle, context, place };
}

test('it is one message, edited in place as long as it lasts; beginning and end go into the record, and into it once', async () => {
  const { alarm, begin, show, posted, edits, memory } = await alarming();
  const sinceMs = memory.nowMs;
  await show('nothing yet');
  expect([alarm.isDone, alarm.isOpen, alarm.episode]).toEqual([true, false, null]);
  begin('rain', 'it rains');
  expect([alarm.isOpen, alarm.tells((what) => what === 'rain'), alarm.isDone]).toEqual([true, true, false]);
  await show('rain');
  await show('rain', 5_000);
  alarm.change('hail');
  await show('hail', 5_000);
  expect(JSON.parse((await memory.facts.get(LAUNCH_ID, 'weather')) ?? '')).toMatchObject({
    content: 'hail',
    ts: 'ts1',
  });
  alarm.end('sun', 'it is over');
  expect([alarm.isOpen, alarm.tells(() => true), alarm.episode?.end]).toEqual([false, false, 'sun']);
  await show('sun');
  expect(posted).toEqual([['rain', `storm/${sinceMs}`]]);
  expect(edits).toEqual([
    ['ts1', 'hail', 'urgent'],
    ['ts1', 'sun', 'urgent'],
  ]);
  expect(await memory.notes()).toEqual(['it rains', 'it is over']);
  const noted = (await memory.entries()).filter((entry) => entry.kind === 'Noted');
  expect(noted.map(({ said, over }) => [said, over])).toEqual([
    [true, undefined],
    [true, true],
  ]);
  expect(await memory.facts.get(LAUNCH_ID, 'weather')).toBe('');
  expect(alarm.isDone).toBe(false);
  memory.nowMs += 2_001;
  expect(alarm.isDone).toBe(true);
});

test('what Slack did not take is tried again after a second, or when Slack says, and looked for before it is posted again', async () => {
  const { begin, show, posted, edits, state } = await alarming();
  begin('rain', 'it rains');
  state.does = () => Promise.reject(fails());
  await show('rain');
  state.does = null;
  await show('rain', 999);
  expect([posted, state.looks]).toEqual([[], 0]);
  state.found = 'ts-of-before';
  await show('rain', 1);
  expect([posted, edits, state.looks]).toEqual([[], [['ts-of-before', 'rain', 'urgent']], 1]);
  state.does = () => Promise.reject(limited);
  await show('hail', 1_000);
  state.does = null;
  await show('hail', 6_999);
  expect(edits).toHaveLength(1);
  await show('hail', 1);
  expect(edits).toHaveLength(2);
});

test('one call at a time: what changes meanwhile is shown by the next look', async () => {
  const { alarm, begin, show, settle, posted, edits, state } = await alarming();
  begin('rain', 'it rains');
  const answer = Promise.withResolvers<never>();
  state.does = () => answer.promise;
  alarm.show(says('rain'));
  alarm.show(says('hail'));
  expect(alarm.isDone).toBe(false);
  state.does = null;
  answer.resolve('ts0' as never);
  await settle();
  expect([posted, edits]).toEqual([[], []]);
  await show('hail');
  expect(edits).toEqual([['ts0', 'hail', 'urgent']]);
});

test('a message that somebody deleted was read; the next beginning is a new one, or the same where it says so', async () => {
  const { alarm, begin, show, posted, edits, state, memory } = await alarming();
  begin('rain', 'it rains');
  await show('rain');
  state.does = () => Promise.reject(gone);
  await show('hail');
  state.does = null;
  await show('hail', 5_000);
  expect(edits).toEqual([]);
  alarm.end('sun', 'it is over');
  await show('sun');
  begin('snow', 'it snows', true);
  await show('snow');
  expect([posted.length, edits.at(-1)]).toEqual([1, ['ts1', 'snow', 'urgent']]);
  alarm.end('sun', 'over again');
  await show('sun again');
  memory.nowMs += 10_000;
  begin('fog', 'it is foggy');
  await show('fog');
  expect(posted.map(([text]) => text)).toEqual(['rain', 'fog']);
  expect(await memory.notes()).toEqual(['it rains', 'it is over', 'it snows', 'over again', 'it is foggy']);
});

test('what is over before Slack took a word of it is not told any more, but recorded', async () => {
  const { alarm, begin, show, posted, memory } = await alarming();
  begin('rain', 'it rains');
  alarm.end('sun', 'it is over');
  await show('sun');
  expect(posted).toEqual([]);
  expect(await memory.notes()).toEqual(['it rains', 'it is over']);
});

test('one that was tried, and may stand there, is told its end; an end that Slack has not taken for a minute is left', async () => {
  const { alarm, begin, show, posted, edits, state } = await alarming();
  begin('rain', 'it rains');
  state.does = () => Promise.reject(fails());
  await show('rain');
  alarm.end('sun', 'it is over');
  await show('sun', 1_000);
  expect(state.looks).toBe(1);
  // It never stood there.
  state.does = null;
  expect([posted, edits]).toEqual([[], []]);
  begin('snow', 'it snows');
  await show('snow');
  alarm.end('sun', 'it is over');
  state.does = () => Promise.reject(fails());
  await show('sun');
  state.does = null;
  await show('sun', 60_001);
  expect(edits).toEqual([]);
});

test('while the record is away the notes wait for it, in order, and Slack is told all the same', async () => {
  const { alarm, begin, show, posted, edits, memory } = await alarming();
  memory.record.faultOfAppend = () => 'failed';
  begin('rain', 'it rains');
  await show('rain');
  expect(posted).toHaveLength(1);
  alarm.end('sun', 'it is over');
  await show('sun', 1_000);
  expect(edits).toHaveLength(1);
  memory.record.faultOfAppend = () => null;
  await show('sun', 999);
  expect(await memory.notes()).toEqual([]);
  memory.nowMs += 5_000;
  expect(alarm.isDone).toBe(false);
  await show('sun');
  expect([await memory.notes(), alarm.isDone]).toEqual([['it rains', 'it is over'], true]);
});

test('notes that the record never takes are given up a minute after the end', async () => {
  const { alarm, begin, show, memory } = await alarming();
  memory.record.faultOfAppend = () => 'failed';
  begin('rain', 'it rains');
  alarm.end('sun', 'it is over');
  await show('sun', 60_000);
  expect(alarm.isDone).toBe(false);
  memory.nowMs += 1;
  expect(alarm.isDone).toBe(true);
});

test('the facts being away keeps nothing from the room', async () => {
  const { begin, show, posted, memory } = await alarming();
  memory.facts.takes = false;
  begin('rain', 'it rains');
  await show('rain');
  expect([posted.length, await memory.notes()]).toEqual([1, ['it rains']]);
});

test('another leader goes on with the message of the one before, and with no other', async () => {
  const memory = await MemoryContext.ready();
  const first = await alarming(memory);
  first.begin('rain', 'it rains');
  await first.show('rain');
  const second = await alarming(memory);
  expect(second.alarm.episode).toMatchObject({ content: 'rain', sinceMs: memory.nowMs });
  second.alarm.end('sun', 'it is over');
  await second.show('sun');
  expect([second.posted, second.edits]).toEqual([[], [['ts1', 'sun', 'urgent']]]);
  expect((await alarming(memory)).alarm.episode).toBeNull();
  await memory.facts.put(LAUNCH_ID, 'weather', JSON.stringify({ of: 'an older bot' }));
  expect((await alarming(memory)).alarm.episode).toBeNull();
});

test('nothing begins while it is looked whether an earlier leader has told it, for 700 ms at most; what has begun is kept', async () => {
  const { context, place, memory } = await alarming();
  const answer = Promise.withResolvers<string | null>();
  const facts = { ...memory.facts, get: () => answer.promise };
  const alarm = new Alarm<string, string>({ ...context, cloud: { ...context.cloud, facts } }, place);
  expect(alarm.mayBegin).toBe(false);
  memory.nowMs += 699;
  expect(alarm.mayBegin).toBe(false);
  memory.nowMs += 1;
  expect(alarm.mayBegin).toBe(true);
  alarm.begin('rain', { sinceMs: memory.nowMs, note: 'it rains', inSameMessage: false });
  answer.resolve(JSON.stringify({ content: 'an old storm' }));
  await alarm.settle();
  expect(alarm.episode?.content).toBe('rain');
});

test('a look that fails lets it begin at once; without Slack it is recorded alone', async () => {
  const { context, place, memory } = await alarming();
  const facts = { ...memory.facts, get: () => Promise.reject(new Error('away')) };
  const alarm = new Alarm<string, string>({ ...context, slack: null, cloud: { ...context.cloud, facts } }, place);
  await alarm.settle();
  expect(alarm.mayBegin).toBe(true);
  alarm.begin('rain', { sinceMs: memory.nowMs, note: 'it rains', inSameMessage: false });
  alarm.show(says('rain'), 'stats');
  for (let at = 0; at < 5; at += 1) await alarm.settle();
  expect(await memory.notes()).toEqual(['it rains']);
  expect(alarm.episode?.content).toBe('rain');
});

test('with no episode there is nothing to change or to end', async () => {
  const { alarm, show, posted, memory } = await alarming();
  alarm.change('hail');
  alarm.end('sun', 'it is over');
  await show('sun');
  expect([alarm.episode, posted, await memory.notes()]).toEqual([null, [], []]);
});
