import { spawnSync } from 'node:child_process';
import { createCipheriv, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../bot/cli/main.ts';
import { messageHash } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { createClients } from '../../infra/aws/clients.ts';
import { looseKeyring } from '../../infra/aws/keyring.ts';
import { channelPartition } from '../../infra/aws/record-store.ts';
import { entryHash } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { verifyRecord } from '../../infra/aws/verify-record.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { startRig } from '../conductor-rig.ts';
import type { Rig } from '../conductor-rig.ts';

/**
 * Somebody without gobutton checks an exported launch, and opens what people wrote, by docs/record.md alone: read-export.py shares no line with us.
 */

const SCRIPT = join(import.meta.dirname, 'read-export.py');
const python = (...args: string[]) => spawnSync('python3', args, { encoding: 'utf8', timeout: 20_000 });
const isThere = python('-c', 'import cryptography').status === 0;

/** What Python would write in another way: line ends of Unicode, an escape, signs of four bytes, half of one. */
const ODD = 'ü שלום 👍🏽 "q" \\ \u0001\u007f\u2028 \ud83d';
const said = (at: number, text: string): ChannelMessage => ({
  ts: `1802539800.00000${at}`,
  user: 'U0MARKET1',
  text,
  atMs: 1_802_539_800_000 + at,
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
  thread: null,
});

type Line = Record<string, unknown>;

let rig: Rig;
let folder: string;
async function go(...args: string[]): Promise<void> {
  let err = '';
  const code = await main([...args], rig.env, { write: () => true }, { write: (text) => (err += text) });
  expect({ code, err }).toEqual({ code: 0, err: '' });
}

/** As versions before this one wrote them: in clear, and by the key of its day. */
async function writeOlder(): Promise<void> {
  const config = { endpoint: rig.localCloud.url, region: 'us-east-1', bucket: 'gobutton', tablePrefix: 'gobutton' };
  const { dynamo } = createClients(config);
  const put = (seq: number, hash: string, stored: object) =>
    dynamo.send(
      new PutItemCommand({
        TableName: 'gobutton-record',
        Item: {
          launchId: { S: channelPartition(rig.launchId) },
          seq: { N: String(seq) },
          token: { S: `t${seq}` },
          hash: { S: hash },
          body: { S: JSON.stringify(stored) },
        },
      }),
    );
  const clear = said(1, ODD);
  const first = messageHash(rig.launchId, 1, '', clear);
  await put(1, first, clear);
  const [secret, nonce] = [randomBytes(32), randomBytes(12)];
  await rig.cloud.objects.put(`launches/${rig.launchId}/words/${sha256(secret)}`, secret);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(rig.launchId));
  const text = Buffer.concat([cipher.update(JSON.stringify(said(2, 'by its day')), 'utf8'), cipher.final()]);
  const sealed = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64');
  const boxed = { v: 2, atMs: 5, box: { key: sha256(secret), sealed } };
  await put(2, messageHash(rig.launchId, 2, first, { ...said(2, ''), ...boxed }), boxed);
  dynamo.destroy();
}

const chain = () => rig.cloud.record.messagesAfter(rig.launchId, 0);

async function play(): Promise<void> {
  await rig.create();
  await writeOlder();
  for (const [at, text] of [ODD, 'a password', 'the neighbour'].entries()) {
    const { seq = 0, hash = '' } = (await chain()).at(-1) ?? {};
    await rig.cloud.record.appendMessage(rig.launchId, { seq, hash }, said(at + 3, text));
  }
  const { seq = 0, hash = '' } = (await chain()).at(-1) ?? {};
  await rig.append({ kind: 'checkpoint', channelSeq: seq, channelHash: hash });
  await rig.append({ kind: 'note', by: 'ana', text: ODD });
  // Numbers that two languages may write in two ways.
  const fleets = [{ target: 'workers' as const, perOpen: 0.000_001_5, perUnit: 1e7 }];
  await rig.append({ kind: 'measure-surge', by: 'ana', source: 'a look', openRate: 0.000_000_25, fleets });
}

/** The export and the objects of its words as they are now. */
async function taken(name: string): Promise<{ file: string; words: string }> {
  const [file, words] = [join(folder, `${name}.ndjson`), join(folder, name)];
  await go('record', 'export', '--launch', rig.launchId, '--out', file);
  const from = `launches/${rig.launchId}/words/`;
  for (const { key } of await rig.cloud.objects.list(from)) {
    const path = join(words, key.slice(from.length));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, (await rig.cloud.objects.get(key)) ?? new Uint8Array());
  }
  return { file, words };
}

function readBy({ file, words }: { file: string; words: string }): Record<string, unknown> {
  const { status, stdout, stderr } = python(SCRIPT, file, words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe.skipIf(!isThere)('with Python and its package cryptography', () => {
  beforeAll(async () => {
    rig = await startRig();
    folder = await mkdtemp(join(tmpdir(), 'gobutton-export-'));
    await play();
  });
  afterAll(async () => {
    await rig.stop();
    await rm(folder, { recursive: true });
  });

  test('both chains, every signature and all words are read; of a deleted message nothing, and its neighbours as before', async () => {
    const before = await taken('before');
    const words = { 1: ODD, 2: 'by its day', 3: ODD, 4: 'a password', 5: 'the neighbour' };
    const entries = (await rig.journal.entries(rig.launchId)).length;
    expect(readBy(before)).toEqual({ entries, signed: entries, messages: 5, sealed: 5, words });
    await go('forget', '--launch', rig.launchId, '--message', 'm4', '--yes');
    const after = await taken('after');
    const left = { ...words, 4: null, 6: '' };
    expect(readBy(after)).toEqual({ entries, signed: entries, messages: 6, sealed: 5, words: left });
    // Whoever has kept the older file has the box, and the keys that are there now open it as little.
    expect(readBy({ file: before.file, words: after.words })['words']).toEqual({ ...words, 4: null });
  });

  test('words that were changed beside their box are found by who can open it', async () => {
    const { file, words } = await taken('beside');
    const lines = (await readFile(file, 'utf8')).replace('"text":"by its day"', '"text":"by his day"');
    await writeFile(file, lines);
    expect(python(SCRIPT, file).status).toBe(0);
    expect(python(SCRIPT, file, words)).toMatchObject({ status: 1, stderr: 'does not fit: text of message 2\n' });
  });

  test('an entry that somebody has signed by a key of theirs, or by none, is found, with a chain that fits', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const theirs = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    for (const key of [theirs, undefined]) {
      const { file } = await taken(`forged-${key === undefined ? 'none' : 'theirs'}`);
      const lines = (await readFile(file, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      const last = lines.findLast(({ line }) => line === 'entry') ?? {};
      const { line: _, hash: __, sig: ___, ...rest }: Line = { ...last, reason: 'I never said so', key };
      const hash = entryHash(rest as unknown as Entry);
      const sig = sign(null, Buffer.from(`gobutton entry v2\n${hash}`), privateKey).toString('base64');
      Object.assign(last, rest, { hash }, key === undefined ? { key, sig: key } : { sig });
      Object.assign(lines[0] ?? {}, { head: { seq: last['seq'], hash } });
      await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const found = `does not fit: key of entry ${String(last['seq'])}\n`;
      expect(python(SCRIPT, file)).toMatchObject({ status: 1, stderr: found });
      const entries = lines.flatMap(({ line, ...one }) => (line === 'entry' ? [one as unknown as Entry] : []));
      expect(verifyRecord(rig.launchId, entries, looseKeyring(null, null))).toMatchObject({ seq: last['seq'] });
    }
  });

  test.each<[string, (line: Record<string, unknown>) => object | null, RegExp]>([
    ['a word of an entry', (one) => (one['kind'] === 'Noted' ? { ...one, text: 'x' } : one), /hash of entry/],
    ['a signature', (one) => (one['kind'] === 'Noted' ? { ...one, sig: 'A'.repeat(88) } : one), /signature of entry/],
    ['the time of a boxed message', (one) => timeOf(one, 3), /hash of message 3/],
    [
      'a message that is left out',
      (one) => (one['line'] === 'message' && one['seq'] === 2 ? null : one),
      /place of message 2/,
    ],
    ['the end', (one) => (one['line'] === 'end' ? null : one), /cut off/],
  ])('%s is found', async (_, change, found) => {
    const { file } = await taken(`odd-${Date.now()}`);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const changed = lines.flatMap((line) => change(JSON.parse(line) as Record<string, unknown>) ?? []);
    await writeFile(file, changed.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { status, stderr } = python(SCRIPT, file);
    expect(status).toBe(1);
    expect(stderr).toMatch(found);
  });
});

const timeOf = (line: Record<string, unknown>, seq: number): object =>
  line['line'] === 'message' && line['seq'] === seq
    ? { ...line, message: { ...(line['message'] as object), atMs: 1 } }
    : line;
