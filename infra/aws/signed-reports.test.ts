import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportOf } from '../../bot/conductor/for-tests.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { botKeyring, testKey, workerKeyring } from '../../test/keys.ts';
import { Scene } from '../../test/properties/scene.ts';
import { signerOf } from './keyring.ts';
import type { Signer } from './keyring.ts';
import type { ProvenReport } from './report-store.ts';
import { signedReports } from './signed-reports.ts';
import type { SignedReports } from './signed-reports.ts';
import { vouch } from './vouched.ts';

/** What lies in the table, put there by whom a test says; with a real table: bot/conductor/watches/report-watch.test.ts. */

const WORKER = workerKeyring().signer;
const { trusted } = workerKeyring();
let launch: Launch;
let items: Map<string, ProvenReport>;
let unreadable: string[];
let storeMs: number;
let read: () => Promise<SignedReports>;
beforeEach(() => {
  storeMs = 2_000;
  launch = Scene.ready().state;
  items = new Map();
  unreadable = [];
  const readSigned = signedReports(
    async () => ({ reports: [...items.values()], unreadable }),
    () => storeMs,
  );
  read = () => readSigned(launch, trusted);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function lies(bootId: string, atMs: number, signer: Signer | null, more: Partial<WorkerReport> = {}): ProvenReport {
  const report = reportOf(launch, bootId, atMs, more);
  const one = { report, ...vouch('report', JSON.stringify(report), signer) };
  items.set(bootId, one);
  return one;
}
const said = ({ reports }: SignedReports) => reports.map(({ bootId, atMs }) => [bootId, atMs]);
const why = ({ foreign }: SignedReports) => foreign.map((one) => [one.bootId, one.why, one.hides?.atMs ?? null]);

test('a report counts that a worker of this launch has signed, and no other; of each it is known why', async () => {
  lies('ours', 1, WORKER);
  lies('nobody', 1, null);
  lies('stranger', 1, signerOf(testKey(9)));
  lies('bot', 1, botKeyring().signer);
  const changed = lies('changed', 1, WORKER);
  items.set('changed', {
    ...changed,
    ...vouch('report', JSON.stringify(reportOf(launch, 'changed', 2)), WORKER),
    text: changed.text,
  });
  const gate = lies('gate', 1, WORKER);
  items.set('gate', { ...gate, ...vouch('gate', gate.text, WORKER) });
  lies('ours too', 1, WORKER);
  unreadable = ['junk'];
  const found = await read();
  expect(said(found)).toEqual([
    ['ours', 1],
    ['ours too', 1],
  ]);
  expect(why(found)).toEqual([
    ['junk', 'unreadable', null],
    ['nobody', 'unsigned', null],
    ['stranger', 'other key', null],
    ['bot', 'other key', null],
    ['changed', 'false signature', null],
    ['gate', 'false signature', null],
  ]);
});

test('a key that this process does not trust, or that the launch names no more, is nobody’s; also for what it has signed before', async () => {
  lies('ours', 1, WORKER);
  expect(said(await read())).toEqual([['ours', 1]]);
  launch = { ...launch, keys: launch.keys.filter(({ role }) => role === 'bot') };
  expect([said(await read()), why(await read())]).toEqual([[], [['ours', 'other key', null]]]);
  launch = Scene.ready().state;
  const strict = signedReports(async () => ({ reports: [...items.values()], unreadable }));
  expect(said(await strict(launch, { bot: [], worker: [] }))).toEqual([]);
});

test('a launch without keys has none to tell by: all count', async () => {
  launch = { ...launch, keys: [] };
  lies('nobody', 1, null);
  expect([said(await read()), why(await read())]).toEqual([[['nobody', 1]], []]);
});

test.each<[string, (bootId: string) => unknown]>([
  ['unsigned', (bootId) => lies(bootId, 2_000, null, { say: 'forged' })],
  ['other key', (bootId) => lies(bootId, 2_000, signerOf(testKey(9)), { say: 'forged' })],
  [
    'false signature',
    (bootId) => items.set(bootId, { ...lies(bootId, 2_000, WORKER), sig: vouch('report', '', WORKER).sig }),
  ],
  ['old', (bootId) => lies(bootId, -9_000, WORKER, { say: 'of before' })],
  ['unreadable', (bootId) => (items.delete(bootId), (unreadable = [bootId]))],
  ['deleted', (bootId) => items.delete(bootId)],
])(
  'one that is overwritten (%s) hides nothing of what its worker has said, and it is told that it cannot be heard',
  async (how, overwrite) => {
    lies('other', 1, WORKER);
    lies('one', 999, WORKER);
    await read();
    lies('one', 1_000, WORKER, { say: 'honest' });
    await read();
    overwrite('one');
    const found = await read();
    expect(Object.fromEntries(found.reports.map(({ bootId, atMs }) => [bootId, atMs]))).toEqual({
      one: 1_000,
      other: 1,
    });
    expect(found.reports.find(({ bootId }) => bootId === 'one')?.say).toBe('honest');
    expect(why(found)).toEqual([['one', how, 1_000]]);
    // It is heard again.
    unreadable = [];
    lies('one', 3_000, WORKER);
    const again = await read();
    expect([said(again).length, why(again)]).toEqual([2, []]);
    expect(again.reports.find(({ bootId }) => bootId === 'one')?.atMs).toBe(3_000);
  },
);

test('who stood still, and then hears an old last word that the bot removes, misses nobody', async () => {
  lies('one', 1, WORKER);
  await read();
  lies('one', 2, WORKER);
  storeMs = 58_000;
  await read();
  items.clear();
  expect(why(await read())).toEqual([]);
});

test('one that lies somewhere else as well hides nobody who is heard', async () => {
  lies('one', 1, WORKER);
  unreadable = ['one'];
  expect(why(await read())).toEqual([['one', 'unreadable', null]]);
});

test('whoever has ended, and what the bot removes since nobody has reported there for long, is missed by nobody', async () => {
  lies('ended', 1, WORKER);
  lies('silent', 1, WORKER);
  lies('goes', 1, WORKER);
  await read();
  lies('ended', 2, WORKER, { state: 'gone' });
  lies('goes', 2, WORKER);
  await read();
  lies('ended', 3, null);
  expect(why(await read())).toEqual([['ended', 'unsigned', null]]);
  items.clear();
  expect(why(await read())).toEqual([['goes', 'deleted', 2]]);
  const nowMs = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(nowMs + 11_000);
  const later = await read();
  expect([said(later), why(later)]).toEqual([[], []]);
});

test('a clock that is put right by some seconds keeps its worker from being heard by nobody', async () => {
  storeMs = 10_000;
  lies('one', 10_000, WORKER);
  await read();
  lies('one', 6_000, WORKER);
  expect(why(await read())).toEqual([]);
});

test('a clock that was far ahead and is put right keeps its worker from being heard no longer than that; a replay of before changes nothing', async () => {
  const nowMs = storeMs;
  lies('one', nowMs + 599_999, WORKER);
  await read();
  lies('one', nowMs + 600_000, WORKER);
  await read();
  items.clear();
  expect(why(await read())).toEqual([['one', 'deleted', nowMs + 600_000]]);
  lies('one', nowMs, WORKER, { say: 'put right' });
  const found = await read();
  expect([said(found), why(found)]).toEqual([[['one', nowMs]], []]);
  lies('one', nowMs - 9_000, WORKER);
  const later = await read();
  expect([said(later), why(later)]).toEqual([[['one', nowMs]], [['one', 'old', nowMs]]]);
});

test('each is looked at once, however many ask, and other work has its turn meanwhile', async () => {
  for (let at = 0; at < 500; at += 1) lies(`w${at}`, 1, WORKER);
  const turnsOf = async (work: () => Promise<unknown>): Promise<number> => {
    let [turns, isOn] = [0, true];
    const tick = (): void => {
      turns += 1;
      if (isOn) setImmediate(tick);
    };
    setImmediate(tick);
    await work();
    isOn = false;
    return turns;
  };
  // Eight in a turn for each of the three; at once they would be over within one or two.
  expect(await turnsOf(() => Promise.all([read(), read(), read()]))).toBeGreaterThanOrEqual(20);
  expect((await read()).reports).toHaveLength(500);
  // None is looked at a second time: there is no turn to make.
  expect(
    await turnsOf(async () => {
      for (let again = 0; again < 10; again += 1) await read();
    }),
  ).toBeLessThan(20);
});
