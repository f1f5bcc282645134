import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClients } from '../../infra/aws/clients.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { ChannelLog } from '../channel/channel-log.ts';
import { main } from '../cli/main.ts';
import type { Context } from '../conductor/context.ts';
import { withWords } from '../conductor/effects/with-words.ts';
import type { Desk } from '../desk.ts';
import { giveAnswer } from './give-answer.ts';

/** Answers to the postmortem against a real table and bucket: written in two steps, each of which may be the last, and deleted for good. */

const QUESTION = 'Who or what helped when it mattered?';
const SECRET = 'my number is 0171-555';
const PLACE = { endpoint: '', region: 'us-east-1', bucket: 'gobutton', tablePrefix: 'gobutton' };
let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
  folder = await mkdtemp(join(tmpdir(), 'gobutton-answers-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
  await rm(folder, { recursive: true });
});

const log = pino({ level: 'silent' });
const chain = () => rig.cloud.record.messagesAfter(rig.launchId, 0);
const given = async () =>
  (await rig.journal.entries(rig.launchId)).filter((entry) => entry.kind === 'QuestionAnswered');

/** An instance of the bot, as far as answers need it. */
function instance(name = 'one'): Desk {
  const { cloud } = rig;
  const client = new WebClient();
  const channelLog = new ChannelLog({ record: cloud.record, client, log });
  const refusals = { note: vi.fn() };
  return { cloud, client, channelLog, refusals, log, nowMs: Date.now, ...rig.conductor(name) } as unknown as Desk;
}

interface Said {
  words?: string;
  slackId?: string;
  press?: string;
  question?: string;
  messages?: Awaited<ReturnType<typeof chain>>;
}
async function answer(desk: Desk, { words = SECRET, slackId = 'U0MARKET1', press = 'p1', ...more }: Said = {}) {
  const { launchId } = rig;
  await desk.journal.launch(launchId);
  const messages = more.messages ?? (await chain());
  const question = more.question ?? QUESTION;
  return giveAnswer({ desk, launchId, slackId, press, messages }, { question, words, field: 'q1' });
}

async function go(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(args, rig.env, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}
const forget = (...args: string[]) => go('forget', '--launch', rig.launchId, ...args, '--yes');

async function documents(
  codes = [0],
): Promise<Record<'timeline' | 'page' | 'postmortem' | 'postmortemPage' | 'export', string>> {
  const made = async (name: string, command: string) => {
    const file = join(folder, `${Date.now()}-${name}`);
    expect(codes).toContain((await go('record', command, '--launch', rig.launchId, '--out', file)).code);
    return readFile(file, 'utf8');
  };
  return {
    timeline: await made('t.md', 'timeline'),
    page: await made('t.html', 'timeline'),
    postmortem: await made('p.md', 'postmortem'),
    postmortemPage: await made('p.html', 'postmortem'),
    export: await made('r.ndjson', 'export'),
  };
}

/** Every table and every object as they lie there, and all that a process opens which has seen nothing before. */
async function everything(): Promise<string> {
  const { dynamo } = createClients({ ...PLACE, endpoint: rig.localCloud.url });
  const tables = ['record', 'claims', 'live'].map((name) => `gobutton-${name}`);
  const items = await Promise.all(tables.map((TableName) => dynamo.send(new ScanCommand({ TableName }))));
  dynamo.destroy();
  const other = createCloud({ ...PLACE, endpoint: rig.localCloud.url });
  const keys = (await other.objects.list('')).map(({ key }) => key);
  const objects = await Promise.all(keys.map(async (key) => Buffer.from((await other.objects.get(key)) ?? [])));
  const even = await other.record.messagesAfter(rig.launchId, 0, { evenDeleted: true });
  other.close();
  expect(items.flatMap(({ Items }) => Items ?? []).length).toBeGreaterThan(2);
  return JSON.stringify([items, keys, objects.map((one) => one.toString()), even, await documents()]);
}

describe('an answer', () => {
  test('lies in the channel’s chain, in a box, and the entry names it and holds no word of it', async () => {
    expect(await answer(instance())).toMatchObject({ ok: true });
    const [item] = await chain();
    expect(item).toMatchObject({ user: 'U0MARKET1', text: SECRET, given: { as: 'answer', question: QUESTION } });
    expect(item?.box).toBeDefined();
    expect(await given()).toMatchObject([{ by: { person: 'mia' }, item: { seq: 1, hash: item?.hash } }]);
    expect(JSON.stringify(await given())).not.toContain(SECRET);
    const made = await documents();
    for (const text of Object.values(made)) expect(text).toContain(SECRET);
    expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
  });

  test('given once more, by the same press in two instances or by another one, is there once', async () => {
    const messages = await chain();
    const [one, two] = [instance(), instance('two')];
    const answers = await Promise.all([answer(one, { messages }), answer(two, { messages })]);
    expect(new Set(answers.map((outcome) => (outcome.ok ? 'kept' : outcome.code)))).toEqual(
      new Set(['kept', 'ALREADY_SO']),
    );
    expect(await answer(one, { press: 'p2' })).toMatchObject({ ok: false, code: 'ALREADY_SO' });
    expect(await chain()).toHaveLength(1);
    expect(await given()).toHaveLength(1);
  });

  test('that the core refuses is put nowhere', async () => {
    expect(await answer(instance(), { words: 'x'.repeat(3_001) })).toMatchObject({ ok: false, code: 'VALUE_INVALID' });
    expect(await chain()).toEqual([]);
  });

  test('while S3 does not answer is no entry, and is taken when it is given again', async () => {
    const desk = instance();
    vi.spyOn(rig.cloud.words, 'seal').mockRejectedValueOnce(new Error('S3 is away'));
    await expect(answer(desk)).rejects.toThrow('S3 is away');
    expect([await chain(), await given()]).toEqual([[], []]);
    expect(await answer(desk, { press: 'p2' })).toMatchObject({ ok: true });
    expect([await chain(), await given()]).toMatchObject([[{ text: SECRET }], [{ item: { seq: 1 } }]]);
  });

  test('cut off before its entry is a row that says so, and the next try names what is there', async () => {
    const desk = instance();
    vi.spyOn(desk.conductor, 'execute').mockRejectedValueOnce(new Error('killed'));
    await expect(answer(desk)).rejects.toThrow('killed');
    const made = await documents();
    expect(made.timeline).toContain(`gave an answer to “${QUESTION}” that is in no entry: “${SECRET}”`);
    expect(made.postmortem).not.toContain(SECRET);
    expect(await answer(instance('two'), { press: 'p2' })).toMatchObject({ ok: true });
    expect([await chain(), await given()]).toMatchObject([[{ seq: 1 }], [{ item: { seq: 1 } }]]);
    expect((await documents()).timeline).not.toContain('that is in no entry');
  });

  test('of a guest has one name in the record, whichever of their answers are left', async () => {
    const desk = instance();
    const guest = { slackId: 'U9STRANGER' };
    await answer(desk, { ...guest, words: 'one' });
    await answer(desk, { ...guest, words: 'two', press: 'p2' });
    await answer(desk, { slackId: 'U9OTHER', words: 'two', press: 'p3' });
    expect(await given()).toMatchObject([{ guest: 'm1' }, { guest: 'm1' }, { guest: 'm3' }]);
    await forget('--message', 'm1');
    await answer(desk, { ...guest, words: 'three', press: 'p4' });
    // Of whom all is deleted nobody knows any more that they were here.
    expect((await given()).at(-1)).toMatchObject({ guest: 'm1' });
    await forget('--person', 'U9STRANGER');
    await answer(desk, { ...guest, words: 'four', press: 'p5' });
    expect((await given()).at(-1)).toMatchObject({ guest: 'm7' });
    expect((await documents()).postmortem).toContain('the writer of m1, not on the roster');
  });
});

describe('deleted', () => {
  test.each<[string, string[], RegExp]>([
    ['by its number', ['--message', 'm1'], /Deleted 1 answer of superbowl-2027's channel \(m1\) and 0 files/],
    ['with its author', ['--person', 'mia'], /Deleted 1 answer of superbowl-2027's channel \(m1\) and 0 files/],
    ['with all of the launch', [], /Deleted 2 answers of its channel and 0 files/],
  ])('%s, its words are nowhere, the question counts as answered, and all verifies', async (_, args, says) => {
    await answer(instance());
    await answer(instance('two'), { slackId: 'U0MARKET2', words: 'the plan', press: 'p2' });
    expect((await everything()).split(SECRET).length).toBeGreaterThan(4);
    const { out, code } = await forget(...args);
    expect([code, out]).toEqual([0, expect.stringMatching(says)]);
    expect(out).not.toContain('a version before 0.6');
    expect(await everything()).not.toContain(SECRET);
    const made = await documents();
    expect(made.timeline).toContain(`answered “${QUESTION}”: (what was written here was deleted)`);
    for (const text of [made.postmortem, made.postmortemPage])
      expect(text).toMatch(/Mia Chen, [^]{0,400}\(what was written here was deleted/);
    expect(made.export).toContain('"item":{"seq":1,"hash":"');
    expect((await rig.journal.launch(rig.launchId))?.postmortem.answers).toHaveLength(2);
    const verified = await go('record', 'verify', '--launch', rig.launchId);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('3 messages, chained')]);
    if (args.length > 0) expect(made.postmortem).toContain('the plan');
  });

  test('a note is nowhere, either', async () => {
    const desk = instance();
    const note = { press: 'n1', user: 'U0MARKET1', text: SECRET, atMs: Date.now(), given: { as: 'note' as const } };
    const item = await desk.channelLog.give(rig.launchId, note);
    await rig.append({ kind: 'note', by: 'mia', text: SECRET, item });
    const before = await documents();
    for (const text of Object.values(before)) expect(text).toContain(SECRET);
    expect((await forget('--person', 'mia')).out).toContain("Deleted 1 note of superbowl-2027's channel (m1)");
    expect(await everything()).not.toContain(SECRET);
    expect((await documents()).timeline).toContain('noted: (what was written here was deleted)');
    expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
  });

  test('and given by the same press once more, it stays deleted', async () => {
    await answer(instance());
    await forget('--message', 'm1');
    await expect(answer(instance('two'))).rejects.toThrow('GIVEN_DELETED');
    expect(await chain()).toHaveLength(2);
    expect(await given()).toHaveLength(1);
  });

  test('the account of somebody who is not on the roster is nowhere, either', async () => {
    await answer(instance(), { slackId: 'U9STRANGER' });
    expect(await everything()).toContain('U9STRANGER');
    await forget('--person', 'U9STRANGER');
    expect(await everything()).not.toMatch(/U9STRANGER|0171-555/);
    expect((await documents()).postmortem).toContain('the writer of m1, not on the roster');
  });
});

test('an entry that names what another one wrote, or nothing, is named, and the others are read', async () => {
  const desk = instance();
  await answer(desk, { slackId: 'U0MARKET2', words: 'the plan' });
  const [item] = await chain();
  const forged = { kind: 'answer-question', by: 'mia', words: '-' } as const;
  const hash = item?.hash ?? '';
  await rig.append({ ...forged, question: QUESTION, item: { seq: 9, hash } });
  await rig.append({ ...forged, question: `${QUESTION} Or else?`, item: { seq: 8, hash } });
  expect(await answer(desk, { words: 'mine', press: 'p2' })).toMatchObject({ ok: true });
  const made = await documents();
  expect(made.timeline).toContain('(m9 is not in the chain of channel messages)');
  expect(made.postmortem).toContain('> the plan');
  expect(made.postmortem).toContain('> mine');
  expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(0);
});

test('words that somebody has put there under the hash of others are not told as what the entry says, by no reader', async () => {
  const desk = instance();
  await answer(desk, { words: 'before' });
  const note = { press: 'n1', user: 'U0MARKET1', text: SECRET, atMs: Date.now(), given: { as: 'note' as const } };
  await rig.append({ kind: 'note', by: 'mia', text: SECRET, item: await desk.channelLog.give(rig.launchId, note) });
  const [before, item] = await chain();
  const { dynamo } = createClients({ ...PLACE, endpoint: rig.localCloud.url });
  const key = { launchId: { S: `${rig.launchId}/channel` }, seq: { N: '2' } };
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'gobutton-record', Key: key }));
  const { seq: _, hash: __, box: ___, ...clear } = { ...item, text: 'it was Ben', v: 3 };
  const forged = { ...Item, ...key, body: { S: JSON.stringify(clear) } };
  await dynamo.send(new PutItemCommand({ TableName: 'gobutton-record', Item: forged }));
  dynamo.destroy();
  for (const made of Object.values(await documents([0, 1]))) {
    expect(made).not.toContain('it was Ben');
    expect(made).toContain('before');
  }
  expect((await documents([0, 1])).timeline).toContain(
    "noted: (message 2 can't be read: its hash is that of something else. It was changed or cut in the table)",
  );
  const behind = { isToldAway: true, prev: before?.hash ?? '' };
  expect(await rig.cloud.record.messagesAfter(rig.launchId, 1, behind)).toMatchObject([{ unread: 'broken', text: '' }]);
  const noted = await rig.entries('Noted');
  const told = await withWords({ cloud: rig.cloud, journal: rig.journal } as unknown as Context, rig.launchId, noted);
  expect(JSON.stringify(told)).toContain('its hash is that of something else');
  expect((await go('record', 'verify', '--launch', rig.launchId)).code).toBe(1);
  // The next ones are.
  expect(await answer(desk, { press: 'p3', question: 'What was odd?', words: 'after' })).toMatchObject({ ok: true });
  expect((await documents([0, 1])).postmortem).toContain('after');
});
