import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { blankMessage } from '../../../infra/aws/channel-message.ts';
import type { LaunchIndexItem } from '../../../infra/aws/live-store.ts';
import { grantedByManifest } from '../../../infra/local/slack/app-manifest.ts';
import { person, SECRETS, startTestWorkspace, until } from '../../../infra/local/slack/for-tests.ts';
import type { Workspace, WorkspaceOptions } from '../../../infra/local/slack/start.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { audience, LAUNCH_ID, segmentTotals } from '../../../test/properties/scene.ts';
import { ChannelLog } from '../../channel/channel-log.ts';
import { createClient, slackLogger } from '../../slack/slack-client.ts';
import { createSlackPort } from '../../slack/slack-port.ts';
import { fixedToken } from '../../slack/slack-token.ts';
import { tsAt } from '../../slack/ts.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { BackFill } from './back-fill.ts';

let memory: MemoryContext;
let workspace: Workspace;
let index: LaunchIndexItem[];
let mia: ReturnType<typeof person>;
let fill: BackFill;
const log = pino({ level: 'silent' });

async function begin(options: Partial<WorkspaceOptions> = {}) {
  workspace = await startTestWorkspace({ rateLimits: false, nowMs: () => (memory.nowMs += 1), ...options });
  mia = person(workspace, 'U0MARKET1');
  const token = fixedToken(SECRETS.botToken);
  const { context } = memory;
  context.slack = createSlackPort({ token, apiUrl: workspace.apiUrl, log });
  context.channelLog = new ChannelLog({
    record: memory.record,
    client: createClient(token, workspace.apiUrl, slackLogger(log)),
    log,
  });
  context.cloud.record = memory.record;
  context.cloud.live.launches = async () => index;
  context.timings = { ...context.timings, backFillFirstMs: 0, backFillMs: 0, historyPaceMs: 0 };
  fill = new BackFill(context);
}
const look = async () => fill.look(await memory.launch());
const chain = () => memory.record.messagesAfter(LAUNCH_ID, 0);
const say = async (text: string, more: object = {}) =>
  (await mia.send('POST', 'messages', { channel: 'C0WARROOM', text, ...more }))['ts'] as unknown as string;

beforeEach(async () => {
  memory = await MemoryContext.ready();
  index = [];
});
afterEach(async () => {
  fill.stop();
  await workspace.stop();
});

test('what was said, replied, edited and deleted while no bot listened joins the record, once and with its own time', async () => {
  await begin();
  const first = await say('before anybody listened');
  const reply = await say('a reply', { thread_ts: first });
  const other = await say('to be taken back');
  await look();
  expect(await chain()).toMatchObject([
    { ts: first, text: 'before anybody listened', atMs: Math.round(Number(first) * 1_000), found: true, thread: null },
    { ts: reply, text: 'a reply', thread: first, permalink: expect.stringContaining('http') as string },
    { ts: other },
  ]);
  await mia.send('PATCH', `messages/C0WARROOM/${reply}`, { text: 'another reply' });
  await mia.send('DELETE', `messages/C0WARROOM/${other}`, {});
  await look();
  await look();
  expect((await chain()).slice(3)).toMatchObject([
    { edits: reply, text: 'another reply', deleted: false, thread: first },
    { edits: other, deleted: true, user: 'U0MARKET1', found: true },
  ]);
  expect(await chain()).toHaveLength(5);
});

test('what was deleted from the record does not come back from the channel, and what is said after it does', async () => {
  await begin();
  const atMs = Math.ceil(Number(await say('call me: 555')) * 1_000) + 1;
  await memory.record.appendMessage(
    LAUNCH_ID,
    { seq: 0, hash: '' },
    { ...blankMessage(atMs), ts: tsAt(atMs), forgot: { messages: 1, files: 0, tokens: 0 } },
  );
  memory.nowMs += 5;
  await say('all well');
  await look();
  expect((await chain()).map(({ text }) => text)).toEqual(['', 'all well']);
});

test('what somebody has put with a time to come deletes what stands before it, and keeps nothing away that is said later', async () => {
  await begin();
  const atMs = Math.ceil(Number(await say('call me: 555')) * 1_000) + 1;
  const blank = { user: '', text: '', edits: null, deleted: false, permalink: null, files: [] };
  const heard = { ...blank, ts: (atMs / 1_000).toFixed(6), atMs };
  await memory.record.appendMessage(LAUNCH_ID, { seq: 0, hash: '' }, heard);
  const ahead = { ...blank, ts: '', atMs: 8e15, forgot: { messages: 1, files: 0, tokens: 0 } };
  await memory.record.appendMessage(LAUNCH_ID, { seq: 1, hash: '' }, ahead);
  memory.nowMs += 5;
  await say('all well');
  await look();
  expect((await chain()).map(({ text }) => text)).toEqual(['', '', 'all well']);
});

test('of a message that was deleted alone nothing comes back, neither words, edit nor file; all others do, from before it too', async () => {
  await begin();
  const copied: string[] = [];
  memory.context.roomFiles = { keep: async (_, __, { name }) => void copied.push(name) };
  const missed = await say('nobody has heard this');
  const ts = await say('call me: 555');
  const [head, atMs] = [{ seq: 0, hash: '' }, Math.ceil(Number(ts) * 1_000)];
  const blank = blankMessage(atMs);
  const first = await memory.record.appendMessage(LAUNCH_ID, head, { ...blank, forgotten: true });
  const forgot = { messages: 1, files: 0, tokens: 0, seqs: [1], of: [ts] };
  await memory.record.appendMessage(LAUNCH_ID, first.won ? first.head : head, {
    ...blank,
    ts: '9.9',
    atMs: atMs + 9,
    forgot,
  });
  const texts = async () => (await chain()).map(({ text }) => text);
  await look();
  expect(await texts()).toEqual(['', '', 'nobody has heard this']);
  await mia.send('PATCH', `messages/C0WARROOM/${ts}`, { text: 'call me: 556' });
  // Heard by a bot as it happens.
  const edit = { ...blank, ts: '1802539801.000001', user: 'U0MARKET1', text: 'call me: 556', edits: ts };
  await memory.context.channelLog?.append(LAUNCH_ID, 'C0WARROOM', edit);
  await look();
  expect(await texts()).toEqual(['', '', 'nobody has heard this']);
  await mia.send('DELETE', `messages/C0WARROOM/${missed}`, {});
  await look();
  expect((await chain()).at(-1)).toMatchObject({ deleted: true, edits: missed });
  const { ts: withFile } = (await mia.send('POST', 'files', {
    channel: 'C0WARROOM',
    name: 'number.txt',
    base64: 'cGxhbg==',
  })) as unknown as { ts: string };
  const { seq, hash } = (await chain()).at(-1) ?? head;
  await memory.record.appendMessage(
    LAUNCH_ID,
    { seq, hash },
    { ...blank, ts: '9.8', forgot: { ...forgot, seqs: [], of: [withFile] } },
  );
  await look();
  expect(copied).toEqual([]);
});

test('behind what a newer version has written nothing is added: it would stand there twice', async () => {
  await begin();
  await say('which a newer bot has heard');
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (...asked) =>
    (await messagesAfter(...asked)).map((one) => ({ ...one, unread: 'newer' as const }));
  await memory.record.appendMessage(LAUNCH_ID, { seq: 0, hash: '' }, blankMessage(1));
  await look();
  expect(await chain()).toHaveLength(1);
});

/** Message `seq` as somebody has vandalised it. */
function vandalise(seq: number): void {
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (...asked) =>
    (await messagesAfter(...asked)).map((one) =>
      one.seq === seq
        ? { ...one, ts: '', user: '', text: '', unread: 'broken' as const, problem: 'its text is no JSON of a message' }
        : one,
    );
}
const told = async () =>
  (await memory.entries()).flatMap((entry) => (entry.kind === 'Noted' && 'system' in entry.by ? entry.text : []));

test('a message that was vandalised is told in the room once, and recorded anew as the channel still has it', async () => {
  await begin();
  for (const text of ['one', 'two', 'three']) await say(text);
  await look();
  expect(await told()).toEqual([]);
  vandalise(2);
  await look();
  // Who has told it asks nothing more: the chain would be verified at each look, and it may be long.
  let verified = 0;
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (...asked) =>
    (await messagesAfter(...asked)).map((one) => ({
      ...one,
      get hash() {
        verified += 1;
        return one.hash;
      },
    }));
  fill = new BackFill(memory.context);
  await look();
  expect(verified).toBeGreaterThan(0);
  verified = 0;
  await look();
  expect(verified).toBe(0);
  expect((await chain()).map(({ text }) => text)).toEqual(['one', '', 'three', 'two']);
  expect(await told()).toEqual([
    `What stands in the record of what was written here is not all as it was written: its chain is BROKEN at message 2: its text is no JSON of a message. It was changed or cut in the table. What stands before it holds; what comes after it is shown, and is not proven. Messages go on being recorded, and nothing else of this launch hangs on them. \`npm run record -- verify --launch ${LAUNCH_ID}\` shows the break; find out who can write that table.`,
  ]);
});

test('with a record that does not hold either, what was said is recorded all the same', async () => {
  await begin();
  for (const text of ['one', 'two']) await say(text);
  await look();
  const launch = await memory.launch();
  memory.record.tamper(LAUNCH_ID, (entries) =>
    entries.map((entry) => (entry.kind === 'AudienceSet' ? { ...entry, atMs: entry.atMs + 1 } : entry)),
  );
  vandalise(1);
  await say('three');
  fill = new BackFill(memory.context);
  await fill.look(launch);
  expect((await chain()).map(({ text }) => text)).toEqual(['', 'two', 'one', 'three']);
});

test('words that were changed in the table are told in the room by whoever begins to lead', async () => {
  await begin();
  for (const text of ['one', 'two']) await say(text);
  await look();
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (...asked) =>
    (await messagesAfter(...asked)).map((one) => (one.seq === 1 ? { ...one, text: 'another' } : one));
  fill = new BackFill(memory.context);
  await look();
  expect(await told()).toEqual([expect.stringContaining('BROKEN at message 1: it was changed') as string]);
});

test('a mark that nobody heard of is found, put on and taken off', async () => {
  await begin();
  const ts = await say('GO is green');
  const react = (name: string, on: boolean) => mia.send('POST', 'reactions', { channel: 'C0WARROOM', ts, name, on });
  await react('stopwatch', true);
  await react('tada', true);
  await look();
  await react('stopwatch', false);
  await look();
  await look();
  expect((await chain()).slice(1)).toMatchObject([
    { user: 'U0MARKET1', mark: { of: ts, name: 'stopwatch', on: true }, found: true },
    { user: 'U0MARKET1', mark: { of: ts, name: 'stopwatch', on: false }, found: true },
  ]);
});

test('a file of which the chain does not say what became of it is copied, once', async () => {
  await begin();
  const copied: string[] = [];
  const { channelLog } = memory.context;
  memory.context.roomFiles = {
    keep: async (launchId, channelId, { of, id, user, name }) => {
      copied.push(name);
      const file = { of, id, name, type: '', bytes: 1, sha256: 'a', key: 'k', lost: null };
      const said = { ts: '1.1', user, text: '', atMs: 1, edits: null, deleted: false, files: [], file };
      await channelLog?.append(launchId, channelId, said);
    },
  };
  await mia.send('POST', 'files', { channel: 'C0WARROOM', name: 'plan.txt', base64: 'eA==' });
  await look();
  await look();
  expect(copied).toEqual(['plan.txt']);
  expect((await chain()).map(({ files, file }) => [files, file?.name])).toEqual([
    [['plan.txt'], undefined],
    [[], 'plan.txt'],
  ]);
});

test('all pages are read, and what Slack limits is waited out', async () => {
  await begin();
  for (let i = 0; i < 201; i += 1) await say(`line ${i}`);
  workspace.faults.set('conversations.history', { kind: 'limited', retryAfterS: 1 });
  const looking = look();
  await until('a limited read', () => workspace.faults.calls('conversations.history') === 1);
  workspace.faults.set('conversations.history', null);
  await looking;
  expect((await chain()).map(({ text }) => text)).toEqual(Array.from({ length: 201 }, (_, i) => `line ${i}`));
  expect(workspace.faults.calls('conversations.history')).toBe(3);
});

/** What is done after each page, by its number from 1. */
function afterPage(work: (page: number) => void | Promise<void>): () => number {
  const { slack } = memory.context;
  if (slack === null) throw new Error('NO_SLACK');
  let pages = 0;
  memory.context.slack = {
    ...slack,
    history: async (...asked) => {
      const page = await slack.history(...asked);
      await work((pages += 1));
      return page;
    },
  };
  return () => pages;
}
const texts = async () => (await chain()).map(({ text }) => text);
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const sayLines = async (from: number, to: number, more: object = {}) => {
  for (const line of lines(from, to)) await say(line, more);
};

test('a cursor that Slack refuses in the middle is no end: it is read on behind what was read, of a channel and of a thread', async () => {
  let aheadMs = 0;
  await begin({ nowMs: () => (memory.nowMs += 1) + aheadMs });
  const root = await say('root');
  await sayLines(0, 210, { thread_ts: root });
  await sayLines(210, 420);
  memory.nowMs += 1_000;
  // For Slack it takes long. By our own clock a stretch would end before the cursor does.
  const pages = afterPage(() => void (aheadMs += 360_000));
  await look();
  expect(await texts()).toEqual(['root', ...lines(0, 420)]);
  // Two of each, and one refused in between.
  expect([pages(), workspace.faults.calls('conversations.history')]).toEqual([4, 3]);
  expect(workspace.faults.calls('conversations.replies')).toBe(3);
});

test('a shot that begins in the middle is waited out, and then it is read on, with nothing lost and nothing twice', async () => {
  await begin();
  memory.context.timings = { ...memory.context.timings, shotMs: 20 };
  await sayLines(0, 450);
  const pages = afterPage(async (page) => {
    if (page === 1) await memory.fires();
  });
  const looking = look();
  await until('the shot', () => pages() === 1);
  // It asks whether the shot still runs, and nothing else.
  const asks = vi.spyOn(memory.context.journal, 'peek');
  await until('looks at the shot', () => asks.mock.calls.length > 3);
  expect(workspace.faults.calls('conversations.history')).toBe(1);
  const [shot] = Object.values((await memory.launch()).shots);
  if (shot === undefined) throw new Error('NO_SHOT');
  const segments = shot.segments.map(({ segment, attempt }) =>
    segmentTotals(segment, attempt, audience.segments.find(({ id }) => id === segment)?.devices ?? 0),
  );
  await memory.does({ kind: 'close-shot', shotId: shot.id, cause: 'complete', segments });
  await looking;
  expect(await texts()).toEqual(lines(0, 450));
  expect(pages()).toBe(3);
});

test('fifteen messages a minute are read to the end, by whichever leaders, and none is read twice', async () => {
  await begin({ isSold: true });
  await sayLines(0, 100);
  const root = await say('root');
  await sayLines(100, 120, { thread_ts: root });
  memory.nowMs += 1_000;
  let leaders = 0;
  const pages = afterPage(() => {
    memory.nowMs += 60_000;
    // Each ends where the next page is asked for.
    if ((leaders += 1) > 2) fill.stop();
  });
  await expect(look()).rejects.toThrow('aborted');
  // The first stretch: a page, and two of its thread.
  expect((await texts()).toSorted()).toEqual(['root', ...lines(86, 120)].toSorted());
  while (pages() < 9) {
    fill = new BackFill(memory.context);
    await look().catch((error: unknown) => expect(String(error)).toContain('aborted'));
  }
  expect((await texts()).toSorted()).toEqual(['root', ...lines(0, 120)].toSorted());
  expect(await chain()).toHaveLength(121);
  // Read to its end, it is compared anew as a whole: a page was never taken for all of it.
  leaders = -100;
  fill = new BackFill(memory.context);
  await look();
  expect(pages()).toBe(18);
  expect(await chain()).toHaveLength(121);
});

/** From which message on the chain was read, each time. */
function readsFrom(): number[] {
  const from: number[] = [];
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (launchId, after, ...more) => {
    from.push(after);
    return messagesAfter(launchId, after, ...more);
  };
  return from;
}

test('for all stretches the chain is read whole once, and then what came since', async () => {
  await begin({ isSold: true });
  await sayLines(0, 40);
  await look();
  await sayLines(40, 45);
  memory.nowMs += 1_000;
  afterPage(() => void (memory.nowMs += 60_000));
  const from = readsFrom();
  fill = new BackFill(memory.context);
  await look();
  // Once more behind each stretch: what was deleted meanwhile does not come back.
  expect(from).toEqual([0, 40, 40, 45, 45, 45]);
  expect((await texts()).toSorted()).toEqual(lines(0, 45).toSorted());
});

test('what was deleted from the record while its channel is read does not come back', async () => {
  await begin({ isSold: true });
  await sayLines(0, 40);
  const lastMs = memory.nowMs;
  memory.nowMs += 1_000;
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  const from = readsFrom();
  afterPage(async (page) => {
    memory.nowMs += 60_000;
    if (page !== 2) return;
    const head = (await messagesAfter(LAUNCH_ID, 0)).at(-1) ?? { seq: 0, hash: '' };
    const forgot = { messages: head.seq, files: 0, tokens: 0 };
    await memory.record.appendMessage(LAUNCH_ID, head, { ...blankMessage(lastMs), ts: '9.9', forgot });
  });
  await look();
  // Behind the deletion whole: nobody keeps words that were deleted.
  expect(from.slice(-3)).toEqual([15, 0, 16]);
  // Of the first page; of the second, and of what stood before it in the channel, nothing.
  expect((await texts()).filter((text) => text !== '')).toEqual(lines(25, 40));
});

test('in a chain with an empty place all of it is read each time', async () => {
  await begin({ isSold: true });
  await sayLines(0, 40);
  await look();
  const messagesAfter = memory.record.messagesAfter.bind(memory.record);
  memory.record.messagesAfter = async (...asked) => (await messagesAfter(...asked)).filter(({ seq }) => seq !== 20);
  memory.nowMs += 1_000;
  afterPage(() => void (memory.nowMs += 60_000));
  const from = readsFrom();
  fill = new BackFill(memory.context);
  await look();
  expect(new Set(from)).toEqual(new Set([0]));
  expect(from.length).toBeGreaterThan(2);
});

test('a read that was kept goes no further back than the launch may by now, and one that makes no sense is none', async () => {
  await begin();
  await say('of the launch before');
  const createdAtMs = memory.nowMs;
  memory.nowMs += 5;
  await say('now');
  memory.nowMs += 5;
  index = [{ launchId: 'other', name: 'Other', channelId: 'C0WARROOM', pool: 'p', closed: true, createdAtMs }];
  const kept = { since: '1.000000', downTo: (memory.nowMs / 1_000).toFixed(6), begunAtMs: memory.nowMs, isWhole: true };
  const odd = [{ downTo: 'x' }, { downTo: '-1.000000' }, { begunAtMs: memory.nowMs + 6 * 60_000 }, { since: 'x' }];
  const others = odd.map((more) => ({ ...kept, ...more, isWhole: false }));
  const late = { ...kept, since: '9999999999.000000' };
  for (const one of [...[kept, late, ...others].map((any) => JSON.stringify(any)), '{"since": 1}', 'x']) {
    await keepFact(memory.context, LAUNCH_ID, FACT.backFill, one);
    await look();
    expect(await texts()).toEqual(['now']);
    expect(await fact(memory.context, LAUNCH_ID, FACT.backFill)).toBe('');
  }
});

test('what is deleted behind a page is found in the stretch where it was', async () => {
  await begin({ isSold: true });
  await sayLines(0, 40);
  await look();
  const before = await chain();
  expect(before).toHaveLength(40);
  await mia.send('DELETE', `messages/C0WARROOM/${before[3]?.ts}`, {});
  afterPage(() => void (memory.nowMs += 60_000));
  fill = new BackFill(memory.context);
  await look();
  expect((await chain()).slice(40)).toMatchObject([{ edits: before[3]?.ts, deleted: true }]);
});

test('replies of a thread whose first message was deleted are found, and its deletion', async () => {
  await begin();
  const root = await say('root');
  const reply = await say('a reply', { thread_ts: root });
  await look();
  await say('another', { thread_ts: root });
  await mia.send('DELETE', `messages/C0WARROOM/${root}`, {});
  await look();
  await look();
  expect(await chain()).toMatchObject([
    { ts: root },
    { ts: reply, thread: root },
    { text: 'another', thread: root },
    { edits: root, deleted: true },
  ]);
});

test('a reply that was sent to the channel too is there once, with its thread, and so is its deletion', async () => {
  await begin();
  const root = await say('root');
  const reply = await say('for all', { thread_ts: root, broadcast: true });
  await say('for the thread', { thread_ts: root });
  await look();
  await look();
  expect(await chain()).toMatchObject([
    { ts: root, thread: null },
    { ts: reply, thread: root },
    { text: 'for the thread', thread: root },
  ]);
  await mia.send('DELETE', `messages/C0WARROOM/${reply}`, {});
  await look();
  await look();
  expect((await chain()).slice(3)).toMatchObject([{ edits: reply, deleted: true }]);
});

test('what was deleted from the record in the same millisecond does not come back', async () => {
  await begin();
  const ts = await say('call me: 555');
  const atMs = Math.floor(Number(ts) * 1_000);
  // Later than its millisecond began.
  expect(Number(ts) * 1_000).toBeGreaterThan(atMs);
  await memory.record.appendMessage(
    LAUNCH_ID,
    { seq: 0, hash: '' },
    { ...blankMessage(atMs), forgot: { messages: 1, files: 0, tokens: 0 } },
  );
  memory.nowMs += 5;
  await say('all well');
  memory.nowMs += 5;
  await look();
  expect(await texts()).toEqual(['', 'all well']);
});

test('of many threads so many are read, and are in the record, before more of the channel is', async () => {
  await begin();
  await sayLines(0, 10);
  const roots: string[] = [];
  for (let i = 0; i < 20; i += 1) roots.push(await say(`root ${i}`));
  await sayLines(10, 190);
  for (const root of roots) await say('a reply', { thread_ts: root });
  memory.nowMs += 1_000;
  const pages = afterPage((page) => (page === 21 ? fill.stop() : undefined));
  await expect(look()).rejects.toThrow('aborted');
  expect(await chain()).toHaveLength(220);
  fill = new BackFill(memory.context);
  await look();
  expect([pages(), (await chain()).length]).toEqual([22, 230]);
});

test('the end of the process does not wait for what Slack limits', async () => {
  await begin();
  workspace.faults.set('conversations.history', { kind: 'limited', retryAfterS: 3_600 });
  const looking = look();
  await until('a limited read', () => workspace.faults.calls('conversations.history') === 1);
  fill.stop();
  await expect(looking).rejects.toThrow('aborted');
});

test('a history that Slack refuses is told once, with the way out, and read when it may be', async () => {
  await begin({ scopes: grantedByManifest().scopes.filter((scope) => scope !== 'channels:history') });
  await say('unheard');
  await look();
  await look();
  const notes = await memory.notes();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('`missing_scope`): the app lacks a permission. Install it again from its manifest.');
  expect(await chain()).toEqual([]);
  await workspace.stop();
  await begin();
  workspace.admin.removeApp('C0WARROOM');
  await look();
  expect(await memory.notes()).toHaveLength(1);
  workspace.admin.addApp('C0WARROOM');
  await say('heard');
  await look();
  expect((await chain()).map(({ text }) => text)).toContain('heard');
});

test('nothing is read while a shot runs: then the limit is for what people look at', async () => {
  await begin();
  await memory.fires();
  await look();
  expect(workspace.faults.calls('conversations.history')).toBe(0);
});

test('a channel of several launches: what was said before belongs to the one before, and now to the newest open one', async () => {
  await begin();
  const { createdAtMs } = await memory.launch();
  const other = { launchId: 'other', name: 'Other', channelId: 'C0WARROOM', pool: 'p', closed: false };
  await say('now');
  index = [{ ...other, createdAtMs: createdAtMs + 1 }];
  await look();
  expect(await chain()).toEqual([]);
  const early = memory.nowMs;
  index = [{ ...other, closed: true, createdAtMs: early }];
  await say('later');
  await look();
  expect((await chain()).map(({ text }) => text)).toEqual(['later']);
});

test('each look goes back an hour behind the last one, and some times a day to the beginning', async () => {
  await begin();
  const old = await say('old');
  await look();
  memory.nowMs += 2 * 3_600_000;
  await look();
  await mia.send('DELETE', `messages/C0WARROOM/${old}`, {});
  memory.nowMs += 2 * 3_600_000;
  await look();
  expect(await chain()).toHaveLength(1);
  memory.nowMs += 4 * 3_600_000;
  await look();
  expect(await chain()).toHaveLength(2);
});
