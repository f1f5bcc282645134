import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { blankMessage, messageHash } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { createClients } from '../../infra/aws/clients.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { channelPartition } from '../../infra/aws/record-store.ts';
import type { RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { SECRETS } from '../../infra/local/slack/for-tests.ts';
import { MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { botKeyring } from '../../test/keys.ts';
import { ChannelLog } from '../channel/channel-log.ts';
import { forgetAsked } from './forget-some.ts';
import { main } from './main.ts';
import type { Session } from './session.ts';

/** Some messages of a launch deleted, against a real table and bucket, and what is left of them anywhere. */

let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
  folder = await mkdtemp(join(tmpdir(), 'gobutton-forget-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
  await rm(folder, { recursive: true });
});

async function go(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(args, rig.env, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}
const forget = (...args: string[]) => go('forget', '--launch', rig.launchId, ...args);
const SECRET = 'call me: 0171-555';
const TS = '1802539800.000001';
const LINK = (ts: string, channel = 'C0WARROOM') =>
  `https://lingo.slack.com/archives/${channel}/p${ts.replace('.', '')}`;

const said = (at: number, more: Partial<ChannelMessage> = {}): ChannelMessage => ({
  ...blankMessage(1_802_539_800_000 + at),
  ts: `1802539800.00000${at}`,
  user: 'U0MARKET1',
  text: `words ${at}`,
  thread: null,
  ...more,
});
const copy = (at: number, of: string, key: string, user = 'U0MARKET1') =>
  said(at, {
    user,
    text: '',
    file: {
      of,
      id: `F${at}`,
      name: 'number.txt',
      type: 'text/plain',
      bytes: 3,
      sha256: 'a'.repeat(64),
      key,
      lost: null,
    },
  });
const keyOf = (name: string) => `launches/${rig.launchId}/files/${name}`;

async function write(...messages: ChannelMessage[]): Promise<void> {
  for (const message of messages) {
    const { seq = 0, hash = '' } = (await chain()).at(-1) ?? {};
    expect(await rig.cloud.record.appendMessage(rig.launchId, { seq, hash }, message)).toMatchObject({ won: true });
    if (message.file?.key != null)
      await rig.cloud.objects.put(message.file.key, Buffer.from(message.file.key === keyOf('one') ? SECRET : 'a plan'));
  }
}
type Body =
  | { kind: 'QuestionAnswered'; question: string; words: string }
  | { kind: 'Noted'; item: { seq: number; hash: string } };
/** Words of mia's: as a version before 0.6 has entered them, or as an entry that names their item. */
async function old(body: Body): Promise<void> {
  const { seq, headHash: hash } = await rig.launch();
  const entry = { ...body, atMs: Date.now(), by: { person: 'mia' } };
  const { signer } = botKeyring();
  expect(await rig.cloud.record.append(rig.launchId, { seq, hash }, entry, { signer })).toMatchObject({ won: true });
}
const chain = () => rig.cloud.record.messagesAfter(rig.launchId, 0);
const files = async () => (await rig.cloud.objects.list(`launches/${rig.launchId}/files/`)).map(({ key }) => key);

/** m1 the secret, m2 its edit, m3 a file on it, m4 a reply, m5 a mark on it, m6 another one with the same file. */
const room = () =>
  write(
    said(1, { text: SECRET }),
    said(2, { text: `${SECRET}!`, edits: TS }),
    copy(3, TS, keyOf('one')),
    said(4, { user: 'U0ONCALL', text: 'a reply', thread: TS }),
    said(5, { user: 'U0ONCALL', text: '', mark: { of: TS, name: 'pushpin', on: true } }),
    said(6, { user: 'U0ONCALL', text: 'another' }),
    copy(7, said(6).ts, keyOf('two'), 'U0ONCALL'),
  );

/** By a process that has seen nothing before, and by all that a person can open. */
async function nowhere(secret: string): Promise<void> {
  const other = createCloud({
    endpoint: rig.localCloud.url,
    region: 'us-east-1',
    bucket: 'gobutton',
    tablePrefix: 'gobutton',
  });
  const even = await other.record.messagesAfter(rig.launchId, 0, { evenDeleted: true });
  expect(JSON.stringify(even)).not.toContain(secret);
  for (const { key } of await other.objects.list(`launches/${rig.launchId}/`))
    expect(Buffer.from((await other.objects.get(key)) ?? []).toString(), key).not.toContain(secret);
  other.close();
  for (const [name, command] of [
    ['t.md', 'timeline'],
    ['t.html', 'timeline'],
    ['p.md', 'postmortem'],
    ['r.ndjson', 'export'],
  ] as const) {
    const file = join(folder, `${Date.now()}-${name}`);
    expect(await go('record', command, '--launch', rig.launchId, '--out', file)).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8'), name).not.toContain(secret);
  }
  expect(await go('record', 'verify', '--launch', rig.launchId)).toMatchObject({ code: 0 });
}

const session = (cloud: Partial<Session['cloud']>): Session => ({
  cloud: { ...rig.cloud, ...cloud },
  ...rig.conductor('cli', { slack: null }),
  log: pino({ level: 'silent' }),
  out: () => undefined,
  nowMs: () => Date.now(),
});

describe('one message', () => {
  test.each([
    ['by its link', () => LINK(TS)],
    ['by its link in a thread', () => `${LINK(TS)}?thread_ts=1802539800.000001&cid=C0WARROOM`],
    ['by its link of the local workspace', () => LINK(TS).replace(/^https:..[^/]+/, 'http://127.0.0.1:4600')],
    ['by its number', () => 'm1'],
    ['by the number of its edit', () => '2'],
    ['by the number of its file', () => 'm3'],
  ])('named %s goes with edits and file; all others stay', async (_, name) => {
    await room();
    const { code, out } = await forget('--message', name(), '--reason', 'a number', '--yes');
    expect(code).toBe(0);
    expect(out).toContain("Deleted 2 messages of superbowl-2027's channel (m1, m2, m3) and 1 file.");
    expect(out).toContain('Stays: 1 reply to it.');
    expect(out).toContain(
      'the message in Slack itself (delete it there), timelines, postmortems and notes that were posted',
    );
    expect(await chain()).toMatchObject([
      { text: '', user: '', forgotten: true },
      { forgotten: true },
      { forgotten: true },
      { text: 'a reply' },
      { mark: { name: 'pushpin' } },
      { text: 'another' },
      { file: { key: keyOf('two') } },
      { forgot: { messages: 2, files: 1, tokens: 0, seqs: [1, 2, 3], of: [TS], reason: 'a number' } },
    ]);
    expect(await files()).toEqual([keyOf('two')]);
    const told = await go('timeline', '--launch', rig.launchId);
    expect(told.out.match(/what was written here was deleted/g)).toHaveLength(3);
    expect(told.out).toContain(
      'the command line | deleted 2 messages that were written in the channel (m1, m2, m3), and 1 file that hung there: “a number”',
    );
    await nowhere(SECRET);
  });

  test('is shown before, and deleted by --yes alone', async () => {
    await room();
    const { code, out, err } = await forget('--message', 'm1');
    expect(code).toBe(1);
    expect(out).toMatch(
      /m1 {2}2027-02-1\d \d\d:\d\d:\d\d UTC {2}message of Mia Chen\n {2}m2 .* edit of .*\n {2}m3 .* file of/,
    );
    expect(out).not.toContain(SECRET);
    expect(err).toContain('nothing was deleted. 3 items of the channel would be, for good');
    expect(err).toContain('(NOT_CONFIRMED)');
    expect((await chain()).map(({ text }) => text)).toContain(SECRET);
    expect(await chain()).toHaveLength(7);
  });

  test('named by the entry that names its words is told under which number they lie, and the line to type', async () => {
    await room();
    const note = said(8, { text: SECRET, ts: 'given T1', given: { as: 'note' } });
    await write(note);
    const { seq = 0, hash = '' } = (await chain()).at(-1) ?? {};
    await old({ kind: 'Noted', item: { seq, hash } });
    const noted = (await rig.launch()).seq;
    await old({ kind: 'QuestionAnswered', question: 'What helped?', words: 'tea' });
    const { code, err } = await forget('--message', `m1, E${noted}`, '--yes');
    expect(code).toBe(2);
    expect(err).toContain(
      `found an entry, expected an item of the channel: the words of E${noted} lie under m${seq}. Type: npm run go -- forget --launch ${rig.launchId} --message m1,m${seq} (USAGE)`,
    );
    for (const [name, why] of [
      [`e${noted + 1}`, 'it holds them itself, signed, and goes only with the record'],
      ['e1', 'e1 is LaunchCreated and names no words that could be deleted'],
      ['e999', 'there is no entry e999'],
    ] as const)
      expect((await forget('--message', `e${noted},${name}`, '--yes')).err).toContain(why);
    expect((await chain()).map(({ text }) => text)).toContain(SECRET);
    // The line that it says works as it is.
    expect(await forget('--message', `m1,m${seq}`, '--yes')).toMatchObject({ code: 0 });
    expect(await chain()).toHaveLength(9);
    await nowhere(SECRET);
  });

  test('whose file somebody else has attached, too, leaves it', async () => {
    await write(said(1, { text: SECRET }), copy(2, TS, keyOf('one')), copy(3, said(9).ts, keyOf('one'), 'U0ONCALL'));
    expect((await forget('--message', 'm1', '--yes')).out).toContain(
      'Stays: 1 file that somebody else has attached, too.',
    );
    expect(await files()).toEqual([keyOf('one')]);
    await forget('--message', 'm3', '--yes');
    expect(await files()).toEqual([]);
  });

  test('of several each is deleted', async () => {
    await room();
    await forget('--message', `m6, ${LINK(TS)}`, '--yes');
    expect((await chain()).map(({ text, forgotten }) => forgotten ?? text)).toEqual([
      true,
      true,
      true,
      'a reply',
      '',
      true,
      true,
      '',
    ]);
    expect(await files()).toEqual([]);
  });

  test('is deleted by whoever gave their key, and by nobody whose key the roster has not', async () => {
    await room();
    const { people } = await rig.launch();
    const mia = people.find(({ id }) => id === 'mia')?.operator_keys[0] ?? '';
    const by = (publicKey: string) =>
      forgetAsked(session({}), rig.launchId, { message: 'm6', yes: true }, { publicKey, privateKey: null as never });
    await expect(by('nobody')).rejects.toMatchObject({ code: 'NOT_ON_ROSTER' });
    expect(await chain()).toHaveLength(7);
    await by(mia);
    expect((await chain()).at(-1)).toMatchObject({ forgot: { by: 'Mia Chen' } });
    expect((await go('timeline', '--launch', rig.launchId)).out).toContain(
      '| Mia Chen | deleted 1 message that was written in the channel (m6, m7), and 1 file that hung there · m8 |',
    );
  });

  test.each([
    [['--message', 'm99'], 'm99 is not there: the channel’s chain has m1 to m7'],
    [['--message', 'm5'], 'm5 is a mark, and has no words'],
    [['--message', 'the first'], '--message: found "the first", expected the message\'s number'],
    [['--message', LINK('1802539899.000001')], 'nothing is recorded of the message of that link'],
    [['--message', LINK(TS, 'C9OTHER')], 'the link is of the channel C9OTHER, and this launch is in C0WARROOM'],
    [['--message', ''], '--message: found no value after it'],
    [['--message', 'm1,'], '--message: found nothing between two commas of "m1,"'],
    [['--person', ' '], '--person: found no value after it'],
    [['--message', 'm1', '--person', 'mia'], 'found --message and --person, expected one of them'],
    [['--person', '@nobody'], '--person: found "@nobody", expected somebody of the roster'],
  ])('%j is told what is wrong, and deletes nothing', async (args, why) => {
    await room();
    const { code, err } = await forget(...args, '--yes');
    expect(code).not.toBe(0);
    expect(err.replaceAll("'", '’')).toContain(why.replaceAll("'", '’'));
    expect(await chain()).toHaveLength(7);
    expect(await files()).toHaveLength(2);
  });
});

describe('one person', () => {
  test.each(['mia', 'MIA', '@Mia Chen', 'U0MARKET1'])(
    'as %s: all that they wrote and attached, and nobody else’s',
    async (who) => {
      await room();
      await write(
        said(8, { text: 'and again', refused: { what: `note ${SECRET}`, code: 'ROLE_MISSING', say: 'no', times: 1 } }),
        said(9, { deleted: true, edits: TS, text: '' }),
      );
      await old({ kind: 'QuestionAnswered', question: 'What helped?', words: 'tea' });
      await rig.cloud.facts.put(rig.launchId, 'canvas/postmortem', 'F0CANVAS');
      const { out, code } = await forget('--person', who, '--yes');
      expect(code).toBe(0);
      expect(out).toContain('(m1, m2, m3, m8, m9) and 1 file');
      expect(out).toContain(
        'NOT deleted: 1 answer of theirs that a version before 0.6 has entered, and all that they decided',
      );
      expect(out).toContain('what others wrote about them: name such a message with --message');
      const now = await chain();
      expect(now.map(({ forgotten }) => forgotten === true)).toEqual([1, 1, 1, 0, 0, 0, 0, 1, 1, 0].map(Boolean));
      expect(out).toContain('and the canvas F0CANVAS until `/go postmortem canvas` writes it anew');
      // Whom it was about stands nowhere.
      expect(JSON.stringify(now.at(-1))).not.toMatch(/U0MARKET1|mia/i);
      await nowhere(SECRET);
    },
  );

  test('of whom nothing is there is told so', async () => {
    await room();
    expect((await forget('--person', 'U0NOBODY', '--yes')).out).toContain('There is nothing to delete');
    expect(await chain()).toHaveLength(7);
  });
});

describe('a run that is cut off', () => {
  const killed = (): never => {
    throw new Error('killed');
  };
  test.each<[string, () => Partial<Session['cloud']>]>([
    ['before a file', () => ({ objects: { ...rig.cloud.objects, remove: async () => killed() } })],
    ['before a key', () => ({ words: { ...rig.cloud.words, forgetBoxes: async () => killed() } })],
  ])('%s has its note, shows nothing any more, and is finished by the next one', async (_, cloud) => {
    await room();
    const asked = { message: 'm1', yes: true };
    await expect(forgetAsked(session(cloud()), rig.launchId, asked, null)).rejects.toThrow('killed');
    expect(await chain()).toMatchObject([
      { text: '', forgotten: true },
      {},
      {},
      { text: 'a reply' },
      {},
      {},
      {},
      { forgot: { seqs: [1, 2, 3] } },
    ]);
    const { out } = await forget('--message', 'm1', '--yes');
    expect(out).toContain('if an earlier run had left anything of it, that is gone now');
    expect(await chain()).toHaveLength(8);
    expect(await files()).toEqual([keyOf('two')]);
    await nowhere(SECRET);
    expect((await forget('--message', LINK(TS), '--yes')).out).toContain('There is nothing to delete');
  });

  test('by others who write all the time has noted nothing, and says so', async () => {
    await room();
    const record = { ...rig.cloud.record, appendMessage: async () => ({ won: false as const }) };
    await expect(
      forgetAsked(session({ record }), rig.launchId, { message: 'm1', yes: true }, null),
    ).rejects.toMatchObject({ code: 'FORGET_CONTENDED' });
    expect((await chain()).map(({ text }) => text)).toContain(SECRET);
  });
});

test('what was written between the look and the note is found, too', async () => {
  await room();
  const append = rig.cloud.record.appendMessage.bind(rig.cloud.record);
  vi.spyOn(rig.cloud.record, 'appendMessage').mockImplementationOnce(async (id, head, message) => {
    await append(id, head, said(8, { text: `${SECRET}?`, edits: TS }));
    return append(id, head, message);
  });
  await forgetAsked(session({}), rig.launchId, { message: 'm1', yes: true }, null);
  expect((await chain()).at(-1)).toMatchObject({ forgot: { seqs: [1, 2, 3, 8] } });
  await nowhere(SECRET);
});

test('more than one note can name are named by several', async () => {
  const all: (ChannelMessage & Head)[] = Array.from({ length: 5_001 }, (_, at) => ({
    ...blankMessage(1_802_539_800_000 + at),
    ts: `${1_802_539_800 + at}.000001`,
    user: 'U0MARKET1',
    v: 3,
    box: { key: 'a'.repeat(64), sealed: '' },
    seq: at + 1,
    hash: '',
  }));
  const notes: number[] = [];
  const record: RecordStore = {
    ...rig.cloud.record,
    messagesAfter: async () => [...all],
    appendMessage: async (_, { seq }, message) => {
      notes.push(message.forgot?.seqs?.length ?? 0);
      const head = { seq: seq + 1, hash: '' };
      all.push({ ...message, ...head });
      return { won: true, head };
    },
  };
  await forgetAsked(session({ record }), rig.launchId, { person: 'U0MARKET1', yes: true }, null);
  expect(notes).toEqual([5_000, 1]);
});

test('a copy of a file that was on its way is told, and goes when the same is asked again', async () => {
  await room();
  await forget('--message', 'm1', '--yes');
  const log = pino({ level: 'silent' });
  const bot = new ChannelLog({ record: rig.cloud.record, client: new WebClient(SECRETS.botToken), log });
  await rig.cloud.objects.put(keyOf('one'), Buffer.from(SECRET));
  await bot.append(rig.launchId, null, copy(9, TS, keyOf('one')));
  // Its words are not.
  await bot.append(rig.launchId, null, said(1, { text: SECRET }));
  expect(await chain()).toHaveLength(9);
  expect((await forget('--message', LINK(TS), '--yes')).out).toContain('(m9) and 1 file');
  expect(await files()).toEqual([keyOf('two')]);
  await nowhere(SECRET);
});

/** By whoever can write the table, as message 1. */
async function putInClear(message: ChannelMessage): Promise<void> {
  const { dynamo } = createClients({
    endpoint: rig.localCloud.url,
    region: 'us-east-1',
    bucket: 'gobutton',
    tablePrefix: 'gobutton',
  });
  await dynamo.send(
    new PutItemCommand({
      TableName: 'gobutton-record',
      Item: {
        launchId: { S: channelPartition(rig.launchId) },
        seq: { N: '1' },
        token: { S: 't' },
        hash: { S: messageHash(rig.launchId, 1, '', message) },
        body: { S: JSON.stringify(message) },
      },
    }),
  );
  dynamo.destroy();
}

test('messages from before they had keys of their own are named, with what deletes them, and stay', async () => {
  await putInClear({ ...said(1, { text: SECRET }), v: 2 });
  expect(await forget('--message', 'm1', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /nothing was deleted\. NOT deleted: m1\. A version before 0\.6 wrote it.*`npm run go -- forget --launch superbowl-2027`.*\(WORDS_SHARED\)/,
    ) as string,
  });
  expect(await chain()).toHaveLength(1);
  await write(said(2));
  expect((await forget('--person', 'mia', '--yes')).out).toMatch(/Deleted 1 message .*\(m2\)[^]*NOT deleted: m1\./);
  expect(await chain()).toMatchObject([{ text: SECRET }, { forgotten: true }, { forgot: { seqs: [2] } }]);
});

test('what somebody has put into the table in clear has no key of its own, and names nothing that is deleted', async () => {
  await rig.cloud.objects.put('audiences/a/manifest.json', Buffer.from('the audience'));
  await putInClear({ ...copy(1, said(2).ts, 'audiences/a/manifest.json'), v: MESSAGE_FORMAT });
  // Nor does one that somebody had a bot write.
  await write(said(2), copy(3, said(2).ts, 'audiences/a/manifest.json'));
  expect((await forget('--person', 'mia', '--yes')).out).toMatch(
    /Deleted 1 message .*\(m2, m3\) and 0 files[^]*NOT deleted: m1\./,
  );
  expect(await rig.cloud.objects.get('audiences/a/manifest.json')).not.toBeNull();
});

test('a note that somebody has put into the table makes no run delete what it does not name', async () => {
  await room();
  await write(said(8, { text: '', forgot: { messages: 1, files: 0, tokens: 0, seqs: [6, 7], of: [] } }));
  expect((await chain())[5]).toMatchObject({ forgotten: true });
  await forget('--message', 'm1', '--yes');
  const even = await rig.cloud.record.messagesAfter(rig.launchId, 0, { evenDeleted: true });
  expect(even[5]).toMatchObject({ text: 'another' });
  expect(await files()).toEqual([keyOf('two')]);
});

test('after all of a launch was deleted nothing of it is there for one, and its row says why', async () => {
  await room();
  expect((await forget('--yes', '--reason', 'its time is over')).code).toBe(0);
  expect((await go('timeline', '--launch', rig.launchId)).out).toMatch(
    /the command line \| deleted what people wrote in the channel until then .*: “its time is over”/,
  );
  const { out } = await forget('--message', 'm1', '--yes');
  expect(out).toContain('There is nothing to delete');
  await nowhere(SECRET);
});
