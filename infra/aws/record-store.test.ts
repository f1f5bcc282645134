import { createCipheriv } from 'node:crypto';
import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { decidedPart } from '../../runbooks/launch/vouch.ts';
import { timelineOf } from '../../runbooks/record/model.ts';
import { MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import type { Box } from '../../runbooks/record/rows.ts';
import { Scene } from '../../test/properties/scene.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { messageHash } from './channel-message.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';
import { loseAnswers, loseRequests, withFault } from './faults-for-tests.ts';
import type { Fault } from './faults-for-tests.ts';
import { createJournal } from './journal.ts';
import { channelPartition, createRecordStore } from './record-store.ts';
import { entryHash, linkProblem, readEntry } from './seal.ts';
import { sha256 } from './sha256.ts';
import { verifyChannel } from './verify-channel.ts';
import { createWords } from './words.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
// Megabytes of entries at once, as no record grows: DynamoDB would make it wait.
beforeAll(async () => {
  local = await localCloudForTests({ throughput: null });
});
afterAll(async () => {
  await local.stop();
});

const EMPTY = { seq: 0, hash: '' };
const noted = (text: string): NewEntry => ({ kind: 'Noted', text, atMs: 1_000, by: { person: 'ana' } });
const said = (text: string) => ({
  ts: '1.1',
  user: 'U1',
  text,
  atMs: 1,
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
});

function recordWith(fault: Fault) {
  const clients = createClients(local.config);
  withFault(clients.dynamo, fault);
  return createRecordStore({ dynamo: clients.dynamo, table: 'gobutton-record' });
}

test('of fifty appends to one sequence from five instances exactly one wins', async () => {
  const instances = Array.from({ length: 5 }, () => createCloud(local.config));
  const results = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => instances[at % 5]?.record.append('race', EMPTY, noted(`try ${at}`))),
  );
  const winners = results.filter((result) => result?.won === true);
  expect(winners).toHaveLength(1);
  const entries = await local.cloud.record.readAfter('race', 0);
  expect(entries).toEqual(winners.map((winner) => winner?.won === true && winner.entry));
  for (const instance of instances) instance.close();
});

test('an entry whose text is cut is named with its place by whoever reads on, and told in the timeline', async () => {
  const scene = Scene.created();
  const { record } = local.cloud;
  await record.append('cut', EMPTY, decidedPart(scene.entries[0] as Entry) as NewEntry, scene.keyring);
  const journal = createJournal({ record, keyring: scene.keyring });
  expect((await journal.launch('cut'))?.seq).toBe(1);
  await createClients(local.config).dynamo.send(
    new PutItemCommand({
      TableName: 'gobutton-record',
      Item: { launchId: { S: 'cut' }, seq: { N: '2' }, token: { S: 't' }, body: { S: '{"seq":2,"kin' } },
    }),
  );
  const broken = {
    code: 'RECORD_BROKEN',
    message:
      'RECORD_BROKEN: the record of cut is broken at entry 2: its text is no entry: it was changed or cut in the table',
  };
  await expect(journal.launch('cut')).rejects.toMatchObject(broken);
  await expect(journal.append('cut', { kind: 'note', by: 'ana', text: 'x' })).rejects.toMatchObject(broken);
  const entries = await record.readAfter('cut', 0);
  expect(JSON.stringify(timelineOf(entries, [], { chain: await journal.verify(entries) }))).toContain('entry 2');
});

test.each(['', 'null', '7', '{}', '{"seq":"2"}'])('the text %j is no entry, and stands where it was found', (text) => {
  const read = readEntry('odd', 2, text);
  expect(read).toMatchObject({ launchId: 'odd', seq: 2 });
  expect(linkProblem('odd', { seq: 1, hash: '' }, read)).toContain('its text is no entry');
});

test('an append whose answer is lost is a success, once', async () => {
  const record = recordWith(loseAnswers('PutItemCommand', 1));
  const appended = await record.append('lost', EMPTY, noted('mine'));
  expect(appended.won).toBe(true);
  expect(await record.readAfter('lost', 0)).toHaveLength(1);
});

test('an append whose every answer is lost is read back as a success', async () => {
  const record = recordWith(loseAnswers('PutItemCommand', 3));
  expect((await record.append('all-lost', EMPTY, noted('mine'))).won).toBe(true);
});

test('an append that loses to somebody else while its answers are lost is told so', async () => {
  await local.cloud.record.append('theirs', EMPTY, noted('first'));
  const record = recordWith(loseAnswers('PutItemCommand', 3));
  expect(await record.append('theirs', EMPTY, noted('second'))).toEqual({ won: false });
});

test('an append that never arrives rejects with RECORD_UNAVAILABLE and leaves nothing', async () => {
  const record = recordWith(loseRequests('PutItemCommand', 3));
  await expect(record.append('gone', EMPTY, noted('x'))).rejects.toMatchObject({ code: 'RECORD_UNAVAILABLE' });
  expect(await record.readAfter('gone', 0)).toEqual([]);
});

test('an aborted append rejects with the abort', async () => {
  await expect(
    local.cloud.record.append('aborted', EMPTY, noted('x'), { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});

test('entries come back in order and chained, over several pages of 1 MB', async () => {
  let head = EMPTY;
  for (let at = 0; at < 12; at++) {
    const appended = await local.cloud.record.append('long', head, noted(`${at} ${'x'.repeat(200_000)}`));
    if (!appended.won) throw new Error('lost to nobody');
    head = { seq: appended.entry.seq, hash: appended.entry.hash };
  }
  const entries = await local.cloud.record.readAfter('long', 0);
  expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const [at, entry] of entries.entries()) {
    expect(entry.prev).toBe(entries[at - 1]?.hash ?? '');
    expect(entryHash(entry)).toBe(entry.hash);
  }
  expect(await local.cloud.record.readAfter('long', 10)).toHaveLength(2);
});

test('words that were deleted are read nowhere, their chain holds, and what is written after them is read', async () => {
  const { record, words } = local.cloud;
  const other = createCloud(local.config);
  let head = EMPTY;
  const say = async (text: string, cloud = local.cloud): Promise<void> => {
    const answer = await cloud.record.appendMessage('secret', head, said(text));
    if (answer.won) head = answer.head;
  };
  await say('hi');
  await say('there', other);
  const read = async (cloud = local.cloud) => cloud.record.messagesAfter('secret', 0);
  expect((await read()).map(({ text }) => text)).toEqual(['hi', 'there']);
  const keys = await words.keys('secret');
  expect(keys).toHaveLength(1);
  await words.forget('secret', keys);
  for (const cloud of [local.cloud, other]) {
    const gone = await read(cloud);
    expect(gone).toMatchObject([
      { text: '', user: '', forgotten: true, atMs: said('').atMs },
      { text: '', user: '', forgotten: true },
    ]);
    expect(verifyChannel('secret', gone, [])).toMatchObject({ ok: true });
  }
  await say('again', other);
  expect((await read()).map(({ text }) => text)).toEqual(['', '', 'again']);
  expect(verifyChannel('secret', await read(), [])).toMatchObject({ ok: true });
  // Of another launch, and changed by hand.
  const box = (await read())[2]?.box ?? { key: '', sealed: '' };
  expect(
    await words.open('secret', [
      { seq: 3, box: { ...box, sealed: box.sealed.replace(/^./, (first) => (first === '/' ? 'z' : '/')) } },
    ]),
  ).toEqual([null]);
  expect(await words.open('open', [{ seq: 3, box }])).toEqual([null]);
  // In another place of the chain, and in its own.
  expect(
    await words.open(
      'secret',
      [4, 3].map((seq) => ({ seq, box })),
    ),
  ).toEqual([null, expect.stringContaining('again')]);
  await record.appendMessage('plain', EMPTY, { ...said(''), forgot: { messages: 2, files: 0, tokens: 0 } });
  await words.forget('plain', await words.keys('plain'));
  expect(await record.messagesAfter('plain', 0)).toMatchObject([{ forgot: { messages: 2 } }]);
  other.close();
});

test('what is written while words are being deleted keeps its key: whoever writes behind the note seals with another one', async () => {
  const { record, words } = local.cloud;
  const other = createCloud(local.config);
  const first = await record.appendMessage('moment', EMPTY, said('before'));
  const head = first.won ? first.head : EMPTY;
  const keys = await words.keys('moment');
  await record.appendMessage('moment', head, { ...said(''), forgot: { messages: 1, files: 0, tokens: 0, keys } });
  // Its key is there still, and was sealed with already: that place is taken.
  expect(await other.record.appendMessage('moment', head, said('meanwhile'))).toEqual({ won: false });
  const read = () => other.record.messagesAfter('moment', 0);
  // The note alone is the deletion, for every reader.
  expect(await read()).toMatchObject([{ text: '', forgotten: true }, { forgot: { keys } }]);
  const { seq = 0, hash = '' } = (await read())[1] ?? {};
  expect(await other.record.appendMessage('moment', { seq, hash }, said('meanwhile'))).toMatchObject({ won: true });
  await words.forget('moment', keys);
  expect(await read()).toMatchObject([{ forgotten: true }, {}, { text: 'meanwhile' }]);
  other.close();
});

test('no key seals for longer than a day: words are readable for the days of the bucket, less one', async () => {
  const { objects } = local.cloud;
  let nowMs = Date.now();
  const words = createWords(objects, () => nowMs);
  const seal = async (text: string) => (await words.seal('days', 1, text)).key;
  const first = await seal('on the first day');
  nowMs += 86_000_000;
  expect(await seal('a little later')).toBe(first);
  nowMs += 86_400_000;
  const second = await words.seal('days', 1, 'two days later');
  expect(second.key).not.toBe(first);
  expect(await seal('and again')).toBe(second.key);
  // Another process goes by the dates of S3, and reads what either has sealed.
  expect((await createWords(objects).seal('days', 1, 'from elsewhere')).key).toMatch(
    new RegExp(`${first}|${second.key}`),
  );
  expect(await createWords(objects).open('days', [{ seq: 1, box: second }])).toEqual(['two days later']);
  expect(await words.keys('days')).toHaveLength(2);
});

/** As it lies in the table, whoever has written it. */
async function putStored(launchId: string, seq: number, hash: string, body: object): Promise<void> {
  const clients = createClients(local.config);
  const place = { launchId: { S: channelPartition(launchId) }, seq: { N: String(seq) } };
  const item = { ...place, token: { S: `t${seq}` }, hash: { S: hash }, body: { S: JSON.stringify(body) } };
  await clients.dynamo.send(new PutItemCommand({ TableName: 'gobutton-record', Item: item }));
  clients.destroy();
}
const rowsOf = async (launchId: string, record = local.cloud.record) =>
  timelineOf(Scene.ready().entries.slice(0, 1), await record.messagesAfter(launchId, 0, { isToldAway: true }), {
    chain: { ok: true },
  })
    ?.rows.filter(({ kind }) => kind === 'Message')
    .map(({ what }) => what);

/** As format 2 had it: all messages of a day by one key, which lies in the bucket as it is. */
async function sealedBefore(launchId: string, text: string): Promise<Box> {
  const [secret, nonce] = [Buffer.alloc(32, 9), Buffer.alloc(12, 3)];
  const key = sha256(secret);
  await local.cloud.objects.put(`launches/${launchId}/words/${key}`, secret);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(launchId));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { key, sealed: sealed.toString('base64') };
}

test('messages of every format before are read and told in one chain with those of today', async () => {
  const { record, words } = local.cloud;
  // In clear, as versions before boxes did; in a box without a number; in one by the key of its day.
  await putStored('formats', 1, messageHash('formats', 1, '', said('in clear')), said('in clear'));
  let head = (await record.messagesAfter('formats', 0)).at(-1)?.hash ?? '';
  for (const [at, v] of [{}, { v: 2 }].entries()) {
    const boxed = { ...v, atMs: 1, box: await sealedBefore('formats', JSON.stringify(said(`in a box ${at}`))) };
    head = messageHash('formats', at + 2, head, { ...said(''), ...boxed });
    await putStored('formats', at + 2, head, boxed);
  }
  await record.appendMessage('formats', { seq: 3, hash: head }, said('today'));
  const messages = await record.messagesAfter('formats', 0);
  expect(messages.map(({ text, v }) => [text, v])).toEqual([
    ['in clear', undefined],
    ['in a box 0', undefined],
    ['in a box 1', 2],
    ['today', MESSAGE_FORMAT],
  ]);
  expect(verifyChannel('formats', messages, [])).toEqual({ ok: true, sealed: 0 });
  expect(await rowsOf('formats')).toEqual(['“in clear”', '“in a box 0”', '“in a box 1”', '“today”']);
  // The number is in the hash.
  const last = messages.at(-1);
  expect(
    verifyChannel(
      'formats',
      [...messages.slice(0, 3), { ...said(''), ...last, seq: 4, hash: last?.hash ?? '', v: 1 }],
      [],
    ),
  ).toMatchObject({ seq: 4 });
  // All of them go with all of the launch.
  await words.forget('formats', await words.keys('formats'));
  expect((await record.messagesAfter('formats', 0)).map(({ text }) => text)).toEqual(['in clear', '', '', '']);
});

test('a message of a newer format is named as one, and nothing of it is taken for words', async () => {
  const { record } = local.cloud;
  await record.appendMessage('newer', EMPTY, said('before'));
  await putStored('newer', 2, 'f'.repeat(64), { v: MESSAGE_FORMAT + 1, atMs: 2, ts: { is: 'another thing' }, text: 7 });
  const messages = await record.messagesAfter('newer', 0);
  expect(messages).toMatchObject([{ text: 'before' }, { text: '', unread: 'newer', v: MESSAGE_FORMAT + 1, seq: 2 }]);
  expect(verifyChannel('newer', messages, [])).toEqual({
    ok: false,
    seq: 2,
    why: 'it has format 4, and this version of gobutton reads 1 to 3: it was written by a newer one. Update this process',
  });
  expect(await rowsOf('newer')).toEqual([
    '“before”',
    "message 2 can't be read by this version of gobutton: it is of format 4",
  ]);
});

test('a box that holds no message is named, and those behind it are read', async () => {
  const { record, words } = local.cloud;
  await record.appendMessage('odd-box', EMPTY, said('before'));
  const [before] = await record.messagesAfter('odd-box', 0);
  for (const [at, text] of ['{"ts":', '7', '{"ts":"1.1"}'].entries()) {
    const boxed = { v: MESSAGE_FORMAT, atMs: 2, box: await words.seal('odd-box', at + 2, text) };
    const head = (await record.messagesAfter('odd-box', 0)).at(-1) ?? EMPTY;
    const hash = messageHash('odd-box', head.seq + 1, head.hash, { ...said(''), ...boxed });
    await putStored('odd-box', at + 2, hash, boxed);
  }
  const head = (await record.messagesAfter('odd-box', 0)).at(-1) ?? EMPTY;
  await record.appendMessage('odd-box', head, said('after'));
  const messages = await record.messagesAfter('odd-box', 0);
  expect(messages.map(({ text, problem }) => problem ?? text)).toEqual([
    'before',
    expect.stringMatching(/^in its box its text is no message/),
    expect.stringMatching(/^in its box its text is no message/),
    expect.stringMatching(/^in its box its text is no message \(user: /),
    'after',
  ]);
  expect(verifyChannel('odd-box', messages, [])).toMatchObject({ ok: false, seq: 2 });
  expect(before).toMatchObject({ seq: 1 });
});

test('words that were deleted, whose time is over, and that S3 does not give just now are told apart', async () => {
  const { record, words, objects } = local.cloud;
  await record.appendMessage('gone', EMPTY, said('long ago'));
  const clients = createClients(local.config);
  const silent = createRecordStore({
    dynamo: clients.dynamo,
    table: 'gobutton-record',
    words: { ...words, open: () => Promise.reject(new Error('S3 is away')) },
  });
  expect(await rowsOf('gone', silent)).toEqual([expect.stringMatching(/could not be read when this was made/)]);
  const [away] = await silent.messagesAfter('gone', 0, { isToldAway: true });
  expect(away?.unread).toBe('away');
  expect(verifyChannel('gone', away === undefined ? [] : [away], [])).toMatchObject({ ok: true });
  // Whoever compares with what was said must not go by it.
  await expect(silent.messagesAfter('gone', 0)).rejects.toThrow('S3 is away');
  clients.destroy();
  // As S3 does by itself, once the days are over.
  for (const { key } of await objects.list('launches/gone/words/')) await objects.remove(key);
  expect(await rowsOf('gone')).toEqual([expect.stringMatching(/the time for which words are kept is over/)]);
  // Of another one.
  const alone = { messages: 1, files: 0, tokens: 0, seqs: [9], of: [] };
  const last = (await record.messagesAfter('gone', 0)).at(-1) ?? EMPTY;
  await record.appendMessage('gone', last, { ...said(''), forgot: alone });
  expect((await rowsOf('gone'))?.[0]).toMatch(/the time for which words are kept is over/);
  const head = (await record.messagesAfter('gone', 0)).at(-1);
  await record.appendMessage('gone', head ?? EMPTY, { ...said(''), forgot: { messages: 1, files: 0, tokens: 0 } });
  await record.appendMessage('gone', (await record.messagesAfter('gone', 0)).at(-1) ?? EMPTY, said('since then'));
  const told = await rowsOf('gone');
  expect(told?.[0]).toBe('what was written here was deleted');
  expect(told?.[3]).toBe('“since then”');
});

test('channel messages chain in a partition of their own and never meet the entries', async () => {
  const { record } = local.cloud;
  await record.append('talk', EMPTY, noted('decision'));
  const first = await record.appendMessage('talk', EMPTY, said('hi'));
  if (!first.won) throw new Error('lost to nobody');
  expect(await record.appendMessage('talk', EMPTY, said('late'))).toEqual({ won: false });
  await record.appendMessage('talk', first.head, said('there'));
  const messages = await record.messagesAfter('talk', 0);
  expect(messages.map((message) => message.text)).toEqual(['hi', 'there']);
  const [, second] = messages;
  if (second === undefined) throw new Error('one message');
  const { seq, hash, ...message } = second;
  expect(hash).toBe(messageHash('talk', seq, first.head.hash, message));
  expect(await record.readAfter('talk', 0)).toHaveLength(1);
  expect(channelPartition('talk')).toBe('talk/channel');
});

test('a chain of thousands is read in turns with everything else that the process does', async () => {
  const clients = createClients(local.config);
  const item = (seq: number) => ({
    launchId: { S: channelPartition('long') },
    seq: { N: String(seq) },
    hash: { S: 'a'.repeat(64) },
    body: { S: JSON.stringify({ ...said(`words ${seq}`), v: 1 }) },
  });
  for (let at = 0; at < 1_500; at += 25)
    await clients.dynamo.send(
      new BatchWriteItemCommand({
        RequestItems: {
          'gobutton-record': Array.from({ length: 25 }, (_, one) => ({ PutRequest: { Item: item(at + one + 1) } })),
        },
      }),
    );
  let turns: number | null = null;
  const goesOn = () => {
    if (turns === null) return;
    turns += 1;
    setImmediate(goesOn);
  };
  // From the last answer of the table on.
  withFault(clients.dynamo, async (call) => {
    const answer = await call();
    turns = 0;
    setImmediate(goesOn);
    return answer;
  });
  const record = createRecordStore({ dynamo: clients.dynamo, table: 'gobutton-record' });
  expect(await record.messagesAfter('long', 0)).toHaveLength(1_500);
  expect(turns).toBeGreaterThanOrEqual(3);
  turns = null;
  clients.dynamo.destroy();
});
