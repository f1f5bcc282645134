import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEntry } from '../../runbooks/launch/entries.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';
import { loseAnswers, loseRequests, withFault } from './faults-for-tests.ts';
import type { Fault } from './faults-for-tests.ts';
import { channelPartition, createRecordStore, messageHash } from './record-store.ts';
import { entryHash } from './seal.ts';
import { verifyChannel } from './verify-channel.ts';

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
  expect(await words.forget('secret')).toBe(1);
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
  expect(await words.open('secret', [{ ...box, sealed: box.sealed.replace(/^./, 'z').replace(/^z/, '/') }])).toEqual([
    null,
  ]);
  expect(await words.open('open', [box])).toEqual([null]);
  expect(await words.open('secret', [null, { key: box.key }, { ...box, sealed: 5 }, box] as never[])).toEqual([
    null,
    null,
    null,
    expect.stringContaining('again'),
  ]);
  await record.appendMessage('plain', EMPTY, { ...said(''), forgot: { messages: 2, files: 0, tokens: 0 } });
  await words.forget('plain');
  expect(await record.messagesAfter('plain', 0)).toMatchObject([{ forgot: { messages: 2 } }]);
  other.close();
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
