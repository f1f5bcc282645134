import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { messageHash } from '../../infra/aws/channel-message.ts';
import { entryHash, readEntry } from '../../infra/aws/seal.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { exportLines, exportSchema } from '../../runbooks/record/export.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { withDuck } from '../../workers/audience/read/duck.ts';
import { examplesIn, kindWords } from './record-page.ts';
import { playSample } from './sample-launch.ts';

/** The published schema of exported lines, by a validator that nobody here wrote. */

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = read('docs/entries.md');
const published = JSON.parse(read('runbooks/record.schema.json')) as object;
const entries = playSample().map(({ entry }) => entry);
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
const isLine = ajv.compile(published);

const launchId = 'superbowl-2027';
const said = { ts: '1.1', user: 'U1', text: 'hi', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };
const refused = { ...said, refused: { what: 'GO', code: 'SAME_PERSON', say: 'no', times: 1 } };
const messages: ChainedMessage[] = [];
for (const message of [said, refused])
  messages.push({
    ...message,
    seq: messages.length + 1,
    hash: messageHash(launchId, messages.length + 1, messages.at(-1)?.hash ?? '', message),
  });

const parsed = (chains: Parameters<typeof exportLines>[3] = { record: { ok: true }, channel: { ok: true } }) =>
  [...exportLines(launchId, entries, messages, chains)].map((text) => JSON.parse(text) as Record<string, unknown>);

test('the published schema is what the code gives now; else run `npm run docs`', () => {
  expect(published).toEqual(exportSchema(kindWords(page)));
  const { $defs } = exportSchema(kindWords(page));
  for (const { kind } of entries) expect($defs[kind]?.description?.length, kind).toBeGreaterThan(20);
});

test('every line of an export is valid by it, and every example of the page, in its entry’s place', () => {
  for (const one of parsed())
    expect(isLine(one), `${JSON.stringify(one).slice(0, 300)} ${ajv.errorsText(isLine.errors)}`).toBe(true);
  const broken = { ok: false as const, seq: 3, why: 'changed' };
  expect(isLine(parsed({ record: broken, channel: broken }).at(-1))).toBe(true);
  for (const [kind, example] of examplesIn(page)) {
    const { v, launchId: id, token, prev, hash, key, sig } = entries[example.seq - 1] as Entry;
    expect(isLine({ line: 'entry', v, launchId: id, token, prev, hash, key, sig, ...example }), kind).toBe(true);
  }
});

test('DuckDB reads it by what the page says, where the reasons of two providers differ in case alone', async () => {
  const query = /```\n(SELECT json[^`]*)```/.exec(read('docs/record.md'))?.[1] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-export-'));
  try {
    const lines = parsed();
    const totals = { reasons: { Unregistered: 1, UNREGISTERED: 2 } };
    const file = join(folder, 'launch.ndjson');
    await writeFile(file, [...lines, { line: 'odd', totals }].map((one) => `${JSON.stringify(one)}\n`).join(''));
    const rows = await withDuck({ folder }, async (connection) =>
      (await connection.runAndReadAll(query.replace('launch.ndjson', file))).getRowsJson(),
    );
    const kinds = Object.groupBy(entries, ({ kind }) => kind);
    expect(Object.fromEntries(rows.map(([kind, count]) => [kind as string, Number(count)]))).toEqual(
      Object.fromEntries(Object.entries(kinds).map(([kind, those]) => [kind, those.length])),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(['', 'no json', '{"kind":"Noted"}', 'null'])(
  'what stands for an entry whose text is %j is valid by it, too, and nothing else of its kind',
  (text) => {
    const whole = { record: { ok: true }, channel: { ok: true } } as const;
    const [, line = ''] = exportLines(launchId, [readEntry(launchId, 1, text)], [], whole);
    const one = JSON.parse(line) as object;
    expect(isLine(one), line).toBe(true);
    expect(isLine({ ...one, hash: 'a'.repeat(64) })).toBe(false);
  },
);

test('a line with a field that is not what it should be, without what it needs, or of no known kind is not', () => {
  for (const one of parsed()) {
    for (const name of Object.keys(one))
      expect(isLine({ ...one, [name]: { odd: [() => 0] } }), `${String(one['kind'])} ${name}`).toBe(false);
    for (const name of ['line', 'launchId']) {
      const { [name]: _, ...rest } = one;
      expect(isLine(rest), `${String(one['kind'])} without ${name}`).toBe(false);
    }
  }
  const [, first] = parsed();
  expect(isLine({ ...first, kind: 'LaunchImagined' })).toBe(false);
  expect(isLine({ ...first, hash: 'abc' })).toBe(false);
  expect(isLine({ ...first, v: 0 })).toBe(false);
  const { runbook: _, ...without } = first ?? {};
  expect(isLine(without)).toBe(false);
});

test('both ends name the head at which the file ends, and the last counts what is in it', () => {
  const all = parsed();
  const head = { seq: entries.length, hash: entries.at(-1)?.hash };
  expect(all[0]).toMatchObject({ line: 'launch', launchId, head, channelHead: { seq: 2, hash: messages[1]?.hash } });
  expect(all.at(-1)).toMatchObject({ line: 'end', entries: entries.length, messages: 2, head, record: { ok: true } });
  expect(all).toHaveLength(entries.length + 4);
});

test('an entry in which somebody wrote another line is an entry all the same', () => {
  const odd = { ...entries[0], line: 'end' } as unknown as Entry;
  const [, first] = exportLines(launchId, [odd], [], { record: { ok: true }, channel: { ok: true } });
  expect(first).toMatch(/^\{"line":"entry",/);
  expect(JSON.parse(first ?? '')).toMatchObject({ line: 'entry', seq: 1 });
});

test('whoever has the file can check both chains by what the schema says of the hashes', () => {
  let prev = '';
  for (const { line, ...entry } of parsed()) {
    if (line !== 'entry') continue;
    expect(entry['prev']).toBe(prev);
    expect(entryHash(entry as Entry)).toBe(entry['hash']);
    prev = String(entry['hash']);
  }
  expect(verifyChannel(launchId, messages, [])).toEqual({ ok: true, sealed: 0 });
});

test('a channel message that was changed, left out or cut off is found, by the chain or by what the record has sealed', () => {
  const [one, two] = messages as [ChainedMessage, ChainedMessage];
  const sealed = (channelSeq: number, channelHash: string) =>
    [{ ...entries[0], kind: 'Checkpoint', seq: 9, channelSeq, channelHash }] as unknown as Entry[];
  expect(verifyChannel(launchId, messages, sealed(2, two.hash))).toEqual({ ok: true, sealed: 2 });
  expect(verifyChannel(launchId, [{ ...one, text: 'ho' }, two], [])).toMatchObject({ ok: false, seq: 1 });
  expect(verifyChannel(launchId, [two], [])).toMatchObject({ ok: false, seq: 1, why: 'found message 2 in its place' });
  expect(verifyChannel(launchId, [one], sealed(2, two.hash))).toMatchObject({
    ok: false,
    seq: 2,
    why: 'it was cut off: entry 9 has sealed 2 messages',
  });
  expect(verifyChannel(launchId, messages, sealed(2, one.hash))).toMatchObject({ ok: false, seq: 2 });
});
