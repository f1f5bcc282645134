import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { main } from './main.ts';

let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = await startRig();
  folder = await mkdtemp(join(tmpdir(), 'gobutton-record-'));
});
afterEach(async () => {
  await rig.stop();
  await rm(folder, { recursive: true });
});

async function record(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(
    ['record', ...args],
    rig.env,
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
  );
  return { code, out, err };
}
const file = (name: string) => join(folder, name);
const ofLaunch = () => ['--launch', rig.launchId];

test('`record timeline` writes the page or the Markdown, by the name of the file', async () => {
  await rig.create();
  const written = await record('timeline', ...ofLaunch(), '--out', file('t.html'));
  expect(written).toMatchObject({ code: 0, err: '' });
  expect(written.out).toMatch(/Wrote .*t\.html: \d+ entr(y|ies), 0 messages, hash chain verified/);
  const page = await readFile(file('t.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html><html lang="en">/);
  expect(page).toContain('<li id="e1"');
  expect(page).not.toMatch(/^(?:import|export) /m);
  await record('timeline', ...ofLaunch(), '--out', file('t.md'));
  expect(await readFile(file('t.md'), 'utf8')).toContain('## Timeline');
});

test('entries lead to the messages that told of them, by the link of one that somebody wrote', async () => {
  await rig.create();
  const { seq } = await rig.launch();
  await rig.cloud.live.finishEffect(rig.launchId, `${seq}/post-entry`, '1802539801.000200');
  const written = async (name: string) => {
    await record('timeline', ...ofLaunch(), '--out', file(name));
    return readFile(file(name), 'utf8');
  };
  expect(await written('1.md')).not.toContain('[message]');
  const reply = { text: 'me too', ts: '1802539802.000300' };
  const said = { user: 'U1', atMs: Date.now(), edits: null, deleted: false, files: [] };
  const first = await rig.cloud.record.appendMessage(
    rig.launchId,
    { seq: 0, hash: '' },
    { ...said, ...reply, permalink: 'https://x.slack.com/archives/C1/p1802539802000300?thread_ts=1.1&cid=C1' },
  );
  expect(first.won).toBe(true);
  expect(await written('2.md')).toContain('([message](https://x.slack.com/archives/C1/p1802539801000200))');
});

test('a launch that is not there, a name of another kind and a folder that is not there are said, and no file is left', async () => {
  expect(await record('timeline', '--launch', 'gone', '--out', file('t.html'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no launch gone; `npm run go -- launches` lists them (NO_LAUNCH)') as string,
  });
  await rig.create();
  expect(await record('timeline', ...ofLaunch(), '--out', file('t.pdf'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /--out: found ".*t\.pdf", expected a name that ends in \.html \(a page\) or \.md/,
    ) as string,
  });
  expect(await record('timeline', ...ofLaunch())).toMatchObject({
    code: 2,
    err: expect.stringContaining('record timeline needs --out') as string,
  });
  expect(await record('timeline', ...ofLaunch(), '--out', file('no/t.html'))).toMatchObject({
    code: 1,
    err: expect.stringMatching(/can't be written \(ENOENT\).*\(FILE_UNWRITABLE\)/) as string,
  });
  await expect(readFile(file('t.html'))).rejects.toThrow('ENOENT');
});

test("a file that is there stays as it is, and what is written is its owner's alone", async () => {
  await rig.create();
  const write = () => record('timeline', ...ofLaunch(), '--out', file('t.md'));
  expect(await write()).toMatchObject({ code: 0 });
  expect((await stat(file('t.md'))).mode & 0o777).toBe(0o600);
  const before = await readFile(file('t.md'), 'utf8');
  await rig.append({ kind: 'note', by: null, text: 'later' });
  expect(await write()).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /found ".*t\.md" there already, expected a name that is free.*\(FILE_UNWRITABLE\)/,
    ) as string,
  });
  expect(await readFile(file('t.md'), 'utf8')).toBe(before);
  expect(await record('export', ...ofLaunch(), '--out', '/dev/null')).toMatchObject({ code: 0 });
});

test('of a record that does not hold the page is made all the same, and says on top where it breaks', async () => {
  await rig.create();
  const { seq } = await rig.launch();
  const note = { kind: 'Noted', text: 'never said', atMs: Date.now(), by: { person: 'ana' } } as const;
  await rig.cloud.record.append(rig.launchId, { seq, hash: '0'.repeat(64) }, note);
  const written = await record('timeline', ...ofLaunch(), '--out', file('t.html'));
  expect(written.out).toContain(
    `BROKEN at entry ${seq + 1}: it does not chain to the entry before it. What stands before`,
  );
  expect(await readFile(file('t.html'), 'utf8')).toContain(`<strong class="bad">BROKEN at entry ${seq + 1}`);
});

test('`record export` writes every entry and message, up to a head that it names; of a record that does not hold too', async () => {
  await rig.create();
  const lines = async (name = 'r.ndjson') =>
    (await readFile(file(name), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as { line: string; head?: object });
  const { seq, headHash } = await rig.launch();
  const written = await record('export', ...ofLaunch(), '--out', file('r.ndjson'));
  expect(written).toMatchObject({ code: 0, err: '' });
  expect(written.out).toContain(`up to ${seq}:${headHash}, 0 messages`);
  expect((await lines()).map(({ line }) => line)).toEqual(['launch', ...Array<string>(seq).fill('entry'), 'end']);
  expect((await lines())[0]).toMatchObject({ head: { seq, hash: headHash } });
  const said = { ts: '1.1', user: 'U1', text: 'hi', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };
  await rig.cloud.record.appendMessage(rig.launchId, { seq: 0, hash: 'wrong' }, said);
  expect(await record('export', ...ofLaunch(), '--out', file('r2.ndjson'))).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /channel messages is BROKEN at message 1: it was changed, or does not chain.*The file has all of it \(RECORD_BROKEN\)/,
    ) as string,
  });
  expect((await lines('r2.ndjson')).at(-1)).toMatchObject({
    line: 'end',
    record: { ok: true },
    channel: { ok: false, seq: 1 },
  });
  expect(await record('verify', ...ofLaunch())).toMatchObject({
    code: 1,
    err: expect.stringContaining("CAN'T BE BELIEVED: message 1 of the channel: it was changed") as string,
  });
  expect(await record('export', '--launch', 'gone', '--out', file('r.ndjson'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_LAUNCH') as string,
  });
});

test('`record device` says where devices are looked up', async () => {
  expect(await record('device', 'u1')).toMatchObject({
    code: 2,
    err: expect.stringContaining('npm run audience -- device USER_OR_TOKEN --launch ID') as string,
  });
});

test('`record figures` prints what was fired, or nothing yet; --csv has its columns alone', async () => {
  await rig.create();
  expect(await record('figures', ...ofLaunch())).toMatchObject({ code: 0, out: 'nothing was fired\n' });
  await rig.append(rig.approval(await rig.request(['us-ios'])));
  expect((await record('figures', ...ofLaunch())).out).toMatch(/^S\d+ {2}us-ios\n {2}total {5}running\n/);
  expect((await record('figures', ...ofLaunch(), '--csv')).out).toMatch(/^figure,shot,segment,/);
  expect((await record('figures', ...ofLaunch(), '--csv', '--out', file('f.csv'))).out).toContain('figures of 1 shot');
  expect(await readFile(file('f.csv'), 'utf8')).toMatch(/^figure,shot,/);
  expect(await record('figures', '--launch', 'gone')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_LAUNCH') as string,
  });
});

test('`record postmortem` writes the document by the name of the file, beside another launch that is named', async () => {
  await rig.create();
  const written = await record('postmortem', ...ofLaunch(), '--out', file('p.html'));
  expect(written).toMatchObject({ code: 0, err: '' });
  expect(written.out).toMatch(/Wrote .*p\.html: \d+ entr(y|ies), 0 messages, hash chain verified/);
  const page = await readFile(file('p.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html><html lang="en">/);
  expect(page).toContain('Nothing was sent.');
  await record('postmortem', ...ofLaunch(), '--out', file('p.md'), '--against', rig.launchId);
  expect(await readFile(file('p.md'), 'utf8')).toMatch(/\| asked for \| this launch \| .* \(.*\) \|/);
  expect(await record('postmortem', ...ofLaunch(), '--out', file('p.txt'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('expected a name that ends in .html (a page) or .md') as string,
  });
  expect(await record('postmortem', ...ofLaunch(), '--out', file('q.md'), '--against', 'gone')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_LAUNCH') as string,
  });
  await expect(readFile(file('q.md'))).rejects.toThrow('ENOENT');
});

test('`record compare` sets launches beside each other, `record launches` all of them, printed or as a file', async () => {
  await rig.create();
  const beside = await record('compare', ...ofLaunch(), '--against', rig.launchId);
  expect(beside).toMatchObject({ code: 0, err: '' });
  expect(beside.out).toMatch(/^ +asked for +this launch +.*\n(?:.*\n)*halts +– +0 +0$/m);
  expect(await record('compare', ...ofLaunch(), '--against', 'gone')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_LAUNCH') as string,
  });
  // An index line whose launch never came to be is no launch.
  const [item] = await rig.cloud.live.launches();
  if (item !== undefined) await rig.cloud.live.putLaunch({ ...item, launchId: 'never' });
  const all = await record('launches');
  expect(all).toMatchObject({ code: 0, err: '' });
  expect(all.out).toMatch(/^target +launch +runbook /);
  expect(all.out).toContain(`(${rig.launchId})`);
  expect(all.out).not.toContain('never');
  expect((await record('launches', '--out', file('l.html'))).out).toMatch(/Wrote .*l\.html: 1 launch$/m);
  expect(await readFile(file('l.html'), 'utf8')).toMatch(/^<!doctype html>.*All launches/s);
  await record('launches', '--out', file('l.md'));
  expect(await readFile(file('l.md'), 'utf8')).toContain('## All launches');
  expect(await record('launches', '--out', file('l.txt'))).toMatchObject({ code: 2 });
});
