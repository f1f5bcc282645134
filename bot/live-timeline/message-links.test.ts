import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { SECRETS, startTestWorkspace } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { WAR_ROOM } from '../../infra/local/slack/state/seed.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { EntryTold } from '../conductor/conductor-port.ts';
import { MessageLinks } from './message-links.ts';

let workspace: Workspace;
let client: WebClient;
let ts: string;
beforeAll(async () => {
  workspace = await startTestWorkspace();
  client = new WebClient(SECRETS.botToken, { slackApiUrl: workspace.apiUrl, retryConfig: { retries: 0 } });
  ts = (await client.chat.postMessage({ channel: WAR_ROOM, text: 'said' })).ts ?? '';
});
afterAll(() => workspace.stop());
beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

const entry = (seq: number, more: object = { kind: 'Noted' }) => ({ seq, ...more }) as unknown as Entry;

/** What the store has, what it was asked, and what looks at it. */
function scene(posted: Record<number, string> = {}) {
  const asked: (number[] | 'all')[] = [];
  const of = (entries: readonly EntryTold[]) =>
    new Map(entries.flatMap(({ seq }) => (posted[seq] === undefined ? [] : [[seq, posted[seq]] as const])));
  const conductor = {
    postedAt: vi.fn(async (_: string, entries: readonly EntryTold[]) => {
      asked.push('all');
      return of(entries);
    }),
    postedOf: vi.fn(async (_: string, entries: readonly EntryTold[]) => {
      asked.push(entries.map(({ seq }) => seq));
      return of(entries);
    }),
  };
  const links = new MessageLinks('L', { conductor, client, log: pino({ level: 'silent' }) });
  const look = async (afterMs = 0) => {
    vi.advanceTimersByTime(afterMs);
    await links.look(WAR_ROOM);
    return links.take()?.posted ?? null;
  };
  return { posted, asked, conductor, links, look };
}

test('all that stands is read once; an entry that comes is asked for at once, and again when as much time has passed', async () => {
  const { posted, asked, links, look } = scene({ 1: ts });
  links.learn([entry(1)]);
  expect(await look()).toEqual([[1, ts]]);
  links.learn([entry(2), entry(3)]);
  posted[3] = '3.1';
  expect(await look()).toEqual([[3, '3.1']]);
  for (let second = 1; second <= 20; second += 1) expect(await look(1_000)).toBeNull();
  posted[2] = '2.1';
  expect(await look(12_000)).toEqual([[2, '2.1']]);
  expect(await look(60_000)).toBeNull();
  // At 0, 1, 3, 7, 15 and 32 s.
  expect(asked).toEqual(['all', [2, 3], [2], [2], [2], [2], [2]]);
});

test('what nobody is told of is asked for a dozen times, and then no more', async () => {
  const { asked, links, look } = scene();
  links.learn([entry(1)]);
  for (let second = 0; second <= 10_000; second += 1) await look(1_000);
  expect(asked).toEqual(['all', ...Array.from({ length: 12 }, () => [1])]);
});

test('of a record that somebody opens late only its end is asked for again, a hundred entries a second at most', async () => {
  const { asked, links, look } = scene({ 700: ts });
  links.learn(Array.from({ length: 1_000 }, (_, at) => entry(at + 1)));
  await look();
  for (let second = 0; second < 4; second += 1) await look(1_000);
  const seqs = asked.slice(1).flat() as number[];
  expect(Math.min(...seqs)).toBe(600);
  expect(Math.max(...asked.slice(1).map(({ length }) => length))).toBe(100);
  expect(new Set(seqs).size).toBe(400);
});

test('the live message of a shot is asked for each time, because it moves, until its shot has been closed for a minute', async () => {
  const { posted, asked, links, look } = scene({ 1: ts });
  links.learn([entry(1)]);
  await look();
  posted[2] = '2.1';
  links.learn([entry(2, { kind: 'FireApproved', shotId: 'S2' })]);
  expect(await look()).toEqual([[2, '2.1']]);
  posted[2] = '2.2';
  expect(await look(1_000)).toEqual([[2, '2.2']]);
  links.learn([entry(3, { kind: 'ShotClosed', shotId: 'S2' })]);
  posted[3] = '3.1';
  posted[2] = '2.3';
  expect(await look(1_000)).toEqual([
    [2, '2.3'],
    [3, '3.1'],
  ]);
  const { length } = asked;
  await look(61_000);
  await look(1_000);
  expect(asked.slice(length)).toEqual([]);
});

test('a store or a Slack that is away is left alone for ten seconds, and nothing is missing after it', async () => {
  const { asked, conductor, links, look } = scene({ 1: ts, 2: '2.1' });
  links.learn([entry(1)]);
  conductor.postedAt.mockRejectedValueOnce(new Error('away'));
  expect(await look()).toBeNull();
  workspace.faults.set('chat.getPermalink', { kind: 'error', error: 'fatal_error' });
  expect(await look(9_000)).toBeNull();
  expect(asked).toEqual([]);
  expect(await look(1_000)).toBeNull();
  expect(asked).toEqual(['all']);
  workspace.faults.set('chat.getPermalink', null);
  links.learn([entry(2)]);
  expect(await look(9_000)).toBeNull();
  expect(await look(1_000)).toEqual([
    [1, ts],
    [2, '2.1'],
  ]);
});

test('a message that was deleted gives no link, and the next one does', async () => {
  const { links, look } = scene({ 1: ts, 2: '2.1' });
  links.learn([entry(1), entry(2)]);
  expect(await look()).toBeNull();
  expect(await look(10_000)).toEqual([
    [1, ts],
    [2, '2.1'],
  ]);
});

test('one question at a time: who looks meanwhile waits for none', async () => {
  const { conductor, links, look } = scene({ 1: ts });
  links.learn([entry(1)]);
  const late = Promise.withResolvers<Map<number, string>>();
  conductor.postedAt.mockReturnValueOnce(late.promise);
  const first = look();
  expect(await look(1_000)).toBeNull();
  late.resolve(new Map([[1, ts]]));
  expect(await first).toEqual([[1, ts]]);
  expect(conductor.postedAt).toHaveBeenCalledTimes(1);
});
