import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WebClient } from '@slack/web-api';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ChannelLog } from '../../bot/channel/channel-log.ts';
import { main } from '../../bot/cli/main.ts';
import { documentOf } from '../../bot/timeline-page/document.ts';
import type { DocumentAsked } from '../../bot/timeline-page/document.ts';
import { blankMessage } from '../../infra/aws/channel-message.ts';
import { createClients } from '../../infra/aws/clients.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { channelPartition } from '../../infra/aws/record-store.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import { SECRETS } from '../../infra/local/slack/for-tests.ts';
import { startRig } from '../conductor-rig.ts';
import type { Rig } from '../conductor-rig.ts';

/**
 * What somebody can do who writes the table of what people said by hand: have one message be none any more, and be named. What stands before it
 * is proven, what comes after it is shown and said not to be, nobody's message is lost, and no reader stops.
 */

let rig: Rig;
let folder: string;
let schema: object;
beforeAll(async () => {
  schema = JSON.parse(await readFile(join(import.meta.dirname, '../../runbooks/record.schema.json'), 'utf8')) as object;
});
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
  folder = await mkdtemp(join(tmpdir(), 'gobutton-chain-'));
});
afterEach(async () => {
  await rig.stop();
  await rm(folder, { recursive: true });
});

const said = (at: number) => ({
  ...blankMessage(1_802_539_800_000 + at),
  ts: `1802539800.00000${at}`,
  user: 'U0ONCALL',
  text: `words ${at}`,
});

type Item = Record<string, AttributeValue>;

/** Message 2 of three, as it lies in the table, in another way. */
async function vandalise(change: (item: Item, body: Record<string, unknown>) => Item): Promise<void> {
  let head = { seq: 0, hash: '' };
  for (const at of [1, 2, 3]) {
    const answer = await rig.cloud.record.appendMessage(rig.launchId, head, said(at));
    if (answer.won) head = answer.head;
  }
  const [, two] = await rig.cloud.record.messagesAfter(rig.launchId, 0);
  const { v, atMs, box } = two ?? {};
  const body = { v, atMs, box };
  const place = { launchId: { S: channelPartition(rig.launchId) }, seq: { N: '2' } };
  const item = {
    ...place,
    token: { S: 't' },
    hash: { S: two?.hash ?? '' },
    body: { S: JSON.stringify(body) },
  };
  const { dynamo } = createClients(createConfig());
  await dynamo.send(new PutItemCommand({ TableName: 'gobutton-record', Item: change(item, body) }));
  dynamo.destroy();
}

const createConfig = () => ({
  endpoint: rig.localCloud.url,
  region: 'us-east-1',
  bucket: 'gobutton',
  tablePrefix: 'gobutton',
});

const record = (...args: string[]) => go('record', ...args);

async function go(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(args, rig.env, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { code, out, err };
}

async function written(name: string, command: string): Promise<string> {
  const file = join(folder, name);
  await record(command, '--launch', rig.launchId, '--out', file);
  return readFile(file, 'utf8');
}

const WAYS: [string, (item: Item, body: Record<string, unknown>) => Item, RegExp][] = [
  ['cut', (item) => ({ ...item, body: { S: '{"v":2,"atM' } }), /its text is no JSON of a message/],
  ['null', (item) => ({ ...item, body: { S: 'null' } }), /its text is no JSON of a message/],
  ['JSON of no message', (item) => ({ ...item, body: { S: '{"say":"hi"}' } }), /its text is no message \(ts: /],
  [
    'a box that is none',
    (item) => ({ ...item, body: { S: '{"v":2,"atMs":1,"box":7}' } }),
    /its text is no message \(box: /,
  ],
  [
    'a mark of nothing, in clear',
    (item) => ({ ...item, body: { S: JSON.stringify({ ...said(2), mark: null }) } }),
    /its text is no message \(mark: /,
  ],
  [
    'what only a reader says',
    (item) => ({ ...item, body: { S: JSON.stringify({ ...said(2), unread: 'away' }) } }),
    /its text is no message \(unread: /,
  ],
  // The hash is over the box alone: it would hold.
  [
    "somebody else's words beside its box",
    (item, body) => ({ ...item, body: { S: JSON.stringify({ ...body, ...said(2), text: 'forged' }) } }),
    /its text is no message/,
  ],
  // Neither token nor hash: whoever appends must not take the place for free, nor stand still before it.
  ['nothing at all', ({ launchId, seq }) => ({ launchId, seq }) as Item, /its text is no JSON of a message/],
];

test.each(WAYS)('a message that is %s is named by every reader, and no other one is lost', async (_, change, why) => {
  await vandalise(change);
  const broken = /BROKEN at message 2: .*What stands before it holds; what comes after it is shown, and is not proven/;
  const { launchId } = rig;
  const read = () => rig.cloud.record.messagesAfter(launchId, 0);
  expect(await read()).toMatchObject([
    { text: 'words 1' },
    { text: '', unread: 'broken', problem: expect.stringMatching(why) as string },
    { text: 'words 3' },
  ]);

  const verified = await record('verify', '--launch', launchId);
  expect(verified).toMatchObject({ code: 1, err: expect.stringContaining('message 2 of the channel: ') as string });
  expect(verified.err).toMatch(why);

  for (const [name, command] of [
    ['t.md', 'timeline'],
    ['t.html', 'timeline'],
    ['p.md', 'postmortem'],
    ['p.html', 'postmortem'],
  ] as const) {
    const text = (await written(name, command)).replaceAll('\\', '');
    expect(text, name).toMatch(broken);
    // Where it stood, as it says no time.
    if (name === 't.md' && why.source.includes('no JSON'))
      expect(text).toMatch(/words 1[^]*message 2 can't be read[^]*words 3/);
    if (command === 'postmortem') continue;
    expect(text, name).toMatch(/message 2 can(?:'|&#39;)t be read: /);
    for (const word of ['words 1', 'words 3']) expect(text, name).toContain(word);
    expect(text, name).not.toContain('forged');
  }
  // As the bot makes them.
  const entries = await rig.cloud.record.readAfter(launchId, 0);
  for (const name of ['timeline', 'postmortem', 'canvas'] as const) {
    const asked: DocumentAsked = {
      name,
      launchId,
      slackNames: new Map(),
      links: new Map(),
      curves: {},
      seen: null,
      trusted: null,
    };
    const made = await documentOf(asked, entries, await read());
    expect(made?.markdown.replaceAll('\\', ''), name).toMatch(broken);
    expect(made?.channel).toMatchObject({ ok: false, seq: 2 });
  }

  const lines = (await written('r.ndjson', 'export'))
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { line: string; message?: object });
  const isLine = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
  for (const line of lines) expect(isLine(line), JSON.stringify(line)).toBe(true);
  expect(lines.flatMap(({ message }) => message ?? [])).toMatchObject([{}, { unread: 'broken' }, {}]);
  expect(lines.at(-1)).toMatchObject({ channel: { ok: false, seq: 2, why: expect.stringMatching(why) as string } });
});

test('nobody’s message is lost where the last one is vandalised: neither by a bot that has read it before nor by one that begins', async () => {
  const log = pino({ level: 'silent' });
  const client = new WebClient(SECRETS.botToken, { slackApiUrl: rig.workspace.apiUrl });
  const before = new ChannelLog({ record: rig.cloud.record, client, log });
  for (const at of [1, 2]) await before.append(rig.launchId, null, said(at));
  const place = { launchId: { S: channelPartition(rig.launchId) }, seq: { N: '2' } };
  const { dynamo } = createClients(createConfig());
  await dynamo.send(new PutItemCommand({ TableName: 'gobutton-record', Item: place }));
  dynamo.destroy();
  const other = createCloud(createConfig());
  const begins = new ChannelLog({ record: other.record, client, log });
  await begins.append(rig.launchId, null, said(3));
  await before.append(rig.launchId, null, said(4));
  await begins.append(rig.launchId, null, said(5));
  const chain = await rig.cloud.record.messagesAfter(rig.launchId, 0);
  expect(chain.map(({ text, unread }) => unread ?? text)).toEqual([
    'words 1',
    'broken',
    'words 3',
    'words 4',
    'words 5',
  ]);
  // It has no hash of its own; what the next one chains to, and a checkpoint seals, is the same for every reader.
  expect(chain[1]?.hash).toMatch(/^[0-9a-f]{64}$/);
  // Behind the break they chain to each other, and to what stands there now.
  expect(verifyChannel(rig.launchId, chain, [])).toMatchObject({ ok: false, seq: 2 });
  // Somebody who races for the vandalised place has lost it, and is told so.
  const [{ seq, hash } = { seq: 0, hash: '' }] = chain;
  expect(await other.record.appendMessage(rig.launchId, { seq, hash }, said(6))).toEqual({ won: false });
  other.close();
});

/** Somebody's item at this number, which DynamoDB takes whatever it is. */
async function putAt(seq: string, body: object = {}): Promise<void> {
  const { dynamo } = createClients(createConfig());
  const place = { launchId: { S: channelPartition(rig.launchId) }, seq: { N: seq } };
  const Item = { ...place, token: { S: 't' }, hash: { S: '0'.repeat(64) }, body: { S: JSON.stringify(body) } };
  await dynamo.send(new PutItemCommand({ TableName: 'gobutton-record', Item }));
  dynamo.destroy();
}

test.each(['1000000000000000', '9007199254740993', '2147483646', '2.5'])(
  'an item at %s is no place of the chain: people’s words go on being recorded, sealed and deleted before it, and verify names it',
  async (far) => {
    const client = new WebClient(SECRETS.botToken, { slackApiUrl: rig.workspace.apiUrl });
    const log = pino({ level: 'silent' });
    const { record: store } = rig.cloud;
    const hears = new ChannelLog({ record: store, client, log });
    for (const at of [1, 2]) await hears.append(rig.launchId, null, said(at));
    await putAt(far, { ...said(9), atMs: 1 });
    const begins = new ChannelLog({ record: store, client, log });
    for (const at of [3, 4]) await begins.append(rig.launchId, null, said(at));
    await hears.append(rig.launchId, null, said(5));
    const chain = await store.messagesAfter(rig.launchId, 0);
    const ours = chain.filter(({ seq }) => String(seq) !== String(Number(far)));
    expect(ours.map(({ seq, text }) => [seq, text])).toEqual([1, 2, 3, 4, 5].map((at) => [at, `words ${at}`]));
    expect(verifyChannel(rig.launchId, ours, [])).toMatchObject({ ok: true });
    expect(verifyChannel(rig.launchId, chain, [])).toMatchObject({ ok: false, seq: far === '2.5' ? 3 : 6 });
    const { code, out } = await go('forget', '--launch', rig.launchId, '--message', 'm4', '--yes');
    expect([code, out]).toEqual([0, expect.stringContaining('Deleted 1 message') as string]);
    const after = await store.messagesAfter(rig.launchId, 0);
    expect(after.find(({ seq }) => seq === 4)).toMatchObject({ text: '', forgotten: true });
    expect(after.find(({ seq }) => seq === 6)?.forgot?.seqs).toEqual([4]);
  },
);
