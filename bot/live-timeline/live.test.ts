import { request } from 'node:http';
import { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listen } from '../../infra/http-server.ts';
import { SECRETS, until } from '../../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { launchBrowser } from '../../test/browser/launch-browser.ts';
import { botKeyring } from '../../test/keys.ts';
import { createLiveLinks } from './links.ts';
import { LiveRecord } from './live-record.ts';
import { LiveServer } from './live-server.ts';
import type { LiveServerOptions } from './live-server.ts';

/** The real bot, what it serves, and a real browser that looks at it. */

let rig: Rig;
let launchId: string;
let path: string;
let browser: Browser;
const there = (at: string) => `http://127.0.0.1:${rig.bot.port}${at}`;
const READER = `reader=${'0'.repeat(16)}`;
const linkIn = (answer: string) => new URL(/<(\S+)\|/.exec(answer)?.[1] ?? '').pathname;

beforeAll(async () => {
  rig = await startRig({ publicUrl: 'https://go.example.com' });
  ({ id: launchId } = await readyLaunch(rig));
  path = linkIn(await rig.ask(rig.ana, 'timeline live'));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await rig.stop();
});

async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; troubles: string[] }> {
  const page = await browser.newPage(options);
  const troubles: string[] = [];
  page.on('request', (one) => one.url().startsWith(there(path)) || troubles.push(one.url()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => troubles.push(message.text()));
  await page.goto(there(path));
  await page.waitForSelector('body[data-ready]');
  return { page, troubles };
}

test('what happens stands in the open page, and what its reader filtered, zoomed and opened stays', async () => {
  const { page, troubles } = await open({ viewport: { width: 390, height: 844 } });
  await page.click('[data-half="60000"]');
  await page.selectOption('#kind', 'LaunchCreated');
  const title = await page.title();
  const window = () => page.locator('#overview .window').getAttribute('width');
  const zoomed = await window();
  expect(Number(zoomed)).toBeGreaterThan(0);
  await page.evaluate("location.hash = 'e1'");
  await page.locator('#e1 .evidence').waitFor();
  await rig.ask(rig.mia, 'note <img src=x onerror="document.title = 1">the ad is on');
  await rig.mia.say('it buzzes & <hums>');
  await expect.poll(() => page.locator('#log li', { hasText: 'the ad is on' }).count()).toBe(1);
  await expect.poll(() => page.locator('#log li', { hasText: 'it buzzes & <hums>' }).count()).toBe(1);
  // There, and filtered as all else is.
  expect(await page.locator('#log li:visible').count()).toBe(1);
  expect(await page.locator('#e1 .evidence').isVisible()).toBe(true);
  expect(await page.inputValue('#kind')).toBe('LaunchCreated');
  expect(await page.locator('#kind option', { hasText: 'Noted' }).count()).toBe(1);
  expect(await page.title()).toBe(title);
  expect(await page.locator('#count').textContent()).toMatch(/^1 of \d+ rows$/);
  await page.selectOption('#kind', '');
  const times = await page.evaluate<number[]>(
    "[...document.querySelectorAll('#log li')].map((row) => Number(row.dataset.t))",
  );
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(await page.locator('#live').textContent()).toMatch(/^live, as of \d\d:\d\d:\d\d$/);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  if (process.env['SHOT'] !== undefined) await page.screenshot({ path: process.env['SHOT'] });
  expect(troubles).toEqual([]);
  await page.close();
});

const linkOf = (page: Page, row: string) =>
  page.locator('#log li', { hasText: row }).locator('p a').getAttribute('href', { timeout: 20_000 });
/** What Slack shows behind a link. */
const shownAt = async (link: string | null): Promise<string> => {
  const channel = (await rig.launch()).channelId;
  const digits = /\/p(\d{10})(\d{6})$/.exec(link ?? '') ?? [];
  const { messages } = await new WebClient(SECRETS.botToken, {
    slackApiUrl: rig.workspace.apiUrl,
  }).conversations.history({
    channel,
    latest: `${digits[1]}.${digits[2]}`,
    inclusive: true,
    limit: 1,
  });
  return JSON.stringify(messages);
};

test('each row leads to the message in which the bot told of it, those too whose message comes behind them', async () => {
  const { page, troubles } = await open();
  await rig.ask(rig.mia, 'note the anthem is over');
  expect(await shownAt(await linkOf(page, 'the anthem is over'))).toContain('the anthem is over');
  // Rows from before the page was opened.
  expect(await shownAt(await linkOf(page, 'created the launch'))).toContain('Fire drill');
  rig.workspace.faults.set('chat.postMessage', { kind: 'error', error: 'fatal_error' });
  await rig.ask(rig.mia, 'note kick-off');
  const row = page.locator('#log li', { hasText: 'kick-off' });
  await row.waitFor();
  const id = await row.getAttribute('id');
  await page.evaluate(`location.hash = '${id}'`);
  await row.locator('.evidence').waitFor();
  expect(await row.locator('p a').count()).toBe(0);
  rig.workspace.faults.set('chat.postMessage', null);
  const link = await linkOf(page, 'kick-off');
  expect(await shownAt(link)).toContain('kick-off');
  // In the evidence too, which the reader has open.
  expect(await row.locator('.evidence a', { hasText: link ?? '?' }).getAttribute('href')).toBe(link);
  expect(await page.locator('#log li', { hasText: 'kick-off' }).count()).toBe(1);
  expect(troubles).toEqual([]);
  await page.close();
});

test('an order and its GO come with their bar, moment and shot, and a mark changes the row that it stands on', async () => {
  const { page, troubles } = await open();
  await rig.ask(rig.ana, 'fire all');
  await rig.press(rig.ben, 'fire.go');
  await expect.poll(() => page.locator('#around option', { hasText: 'GO of' }).count()).toBe(1);
  expect(await page.locator('#shots article').count()).toBe(1);
  await page.selectOption('#around', { index: 0 });
  await expect.poll(() => page.locator('#lanes .go').count()).toBe(1);
  expect(await page.locator('#lanes .bar[data-span]').count()).toBeGreaterThan(0);
  expect(troubles).toEqual([]);
  await page.close();
});

test('many readers cost one read, and one link is read in six places at a time', async () => {
  const reads = vi.spyOn(rig.cloud.record, 'messagesAfter');
  const at = await headNow();
  reads.mockClear();
  const startMs = performance.now();
  const statuses = await Promise.all(names(20).map((reader) => asks(there(path), at, reader)));
  // The bot's own parts read it too.
  const others = 3 * (1 + (performance.now() - startMs) / 1_000);
  expect(reads.mock.calls.length).toBeLessThan(4 + others);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(14);
  expect(statuses.filter((status) => status === 204 || status === 200).length).toBeGreaterThan(0);
  reads.mockRestore();
});

test('a bot has room for so many, and whoever passes a link on takes the places of nobody else', async () => {
  const { at, stop } = await serverOf({ mostReaders: 8 });
  const other = linkIn(await rig.ask(rig.ben, 'timeline live'));
  const head = await headNow();
  const inTurn = async (from: string, readers: string[]) => {
    const statuses = [];
    for (const reader of readers) statuses.push((await asks(from, head, reader)) === 503 ? 503 : 200);
    return statuses;
  };
  expect(await inTurn(at, names(7))).toEqual([...Array.from({ length: 6 }, () => 200), 503]);
  // The same name by another link is another reader, and one that was let in stays.
  expect(await inTurn(at.replace(path, other), names(3))).toEqual([200, 200, 503]);
  expect(await inTurn(at, names(1))).toEqual([200]);
  await stop();
});

const names = (count: number) => Array.from({ length: count }, (_, one) => String(one).padStart(16, 'a'));
async function asks(link: string, at: string, reader: string): Promise<number> {
  const answer = await fetch(`${link}/news?after=${at}&reader=${reader}`);
  await answer.arrayBuffer();
  return answer.status;
}

const headNow = async () => /data-live="([^"]+)"/.exec(await (await fetch(there(path))).text())?.[1] ?? '';

test('a page of another instance, or an older one, gets what it lacks', async () => {
  const { rows, at, parts } = (await (
    await fetch(there(`${path}/news?after=e3.m0.c0&reader=${'a'.repeat(15)}0`))
  ).json()) as {
    rows: string[];
    at: string;
    parts: Record<string, string>;
  };
  // Three that it has, with what nobody knew of their messages then, and what came.
  expect(rows.slice(0, 4).map((row) => /id="(\w+)"/.exec(row)?.[1])).toEqual(['e1', 'e2', 'e3', 'e4']);
  expect(at).toMatch(/^e\d+\.m\d+\.c0\.l\d+-\d{16}$/);
  expect(Object.keys(parts)).toContain('shots');
});

test('what is no link of this bot, or asks in another way, is answered alike, and says nothing of a launch', async () => {
  const asked = async (at: string, init: RequestInit = {}) => {
    const answer = await fetch(there(at), init);
    return { status: answer.status, text: await answer.text(), cookies: answer.headers.get('set-cookie') };
  };
  const nothing = { status: 404, text: 'nothing is here\n', cookies: null };
  const forged = path.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
  expect(await asked('/timeline/')).toEqual(nothing);
  expect(await asked(forged)).toEqual(nothing);
  expect(await asked(path.replace(launchId, 'other'))).toEqual(nothing);
  expect(await asked(`${path}?x=1`)).toEqual(nothing);
  expect(await asked(`${path}/news`)).toEqual(nothing);
  expect(await asked(`${path}/news?after=../..&${READER}`)).toEqual(nothing);
  expect(await asked(path, { method: 'POST', body: 'x' })).toEqual(nothing);
  expect(await asked(path, { method: 'HEAD' })).toMatchObject({ status: 404 });
  expect(await asked(`${path}${'a'.repeat(3_000)}`)).toEqual(nothing);
  expect(await withBody()).toBe(404);
  const page = await fetch(there(path));
  expect(Object.fromEntries(page.headers)).toMatchObject({
    'cache-control': 'no-store',
    'content-security-policy': "frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(page.headers.get('set-cookie')).toBeNull();
  expect(await page.text()).toContain('connect-src &#39;self&#39;');
});

/** A GET with a body, which fetch does not send. */
const withBody = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(there(path), { method: 'GET', headers: { 'content-length': 3 } }, (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    asked.once('error', reject);
    asked.end('abc');
  });

test('a press goes on while readers ask for what costs most', async () => {
  const pages = Array.from({ length: 20 }, async () => (await fetch(there(path))).arrayBuffer());
  expect(await rig.ask(rig.mia, 'note while they look')).toContain('Noted');
  await Promise.all(pages);
});

const optionsOf = (more: Partial<LiveServerOptions> = {}): LiveServerOptions => ({
  record: rig.cloud.record,
  conductor: rig.bot.conductor,
  client: new WebClient('xoxb-nobody', { slackApiUrl: rig.workspace.apiUrl, retryConfig: { retries: 0 } }),
  trusted: botKeyring().trusted,
  log: pino({ level: 'silent' }),
  ...more,
});
const recordOf = (more: Partial<LiveServerOptions> = {}) => new LiveRecord(launchId, optionsOf(more));

/** Beside the bot, with short times; gives where it answers. */
async function serverOf(more: Partial<LiveServerOptions>): Promise<{ at: string; stop: () => Promise<void> }> {
  const links = createLiveLinks({ signer: botKeyring().signer, publicUrl: null, nowMs: () => rig.nowMs() });
  const live = new LiveServer(links, optionsOf(more));
  const server = await listen('127.0.0.1', 0, (asked, response) => void live.answers(asked, response));
  const stop = async (): Promise<void> => {
    vi.restoreAllMocks();
    await live.stop();
    await server.close();
  };
  return { at: `http://127.0.0.1:${server.port}${path}`, stop };
}

test('eight pages are on their way at a time, and one that is for too long is given up', async () => {
  const { at, stop } = await serverOf({ sentWithinMs: 2_000 });
  const asked = vi.spyOn(LiveRecord.prototype, 'page').mockReturnValue(new Promise(() => undefined));
  const eight = Promise.allSettled(Array.from({ length: 8 }, async () => fetch(at)));
  await until('eight', () => (asked.mock.calls.length === 8 ? true : null));
  expect((await fetch(at)).status).toBe(503);
  expect((await eight).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'rejected'));
  asked.mockRestore();
  // Under load the first page may be given up, too.
  await expect.poll(() => statusOf(at)).toBe(200);
  await stop();
});

/** Null: given up. */
const statusOf = (at: string) =>
  fetch(at).then(
    ({ status }) => status,
    () => null,
  );

test('news that nobody takes are given up, sixty are on their way at a time, and large ones count as pages', async () => {
  const { at, stop } = await serverOf({ sentWithinMs: 2_000 });
  const news = (one: number) => fetch(`${at}/news?after=e1.m0.c0&reader=${'b'.repeat(15)}${one % 2}`);
  const asked = vi.spyOn(LiveRecord.prototype, 'news').mockReturnValue(new Promise(() => undefined));
  const sixty = Promise.allSettled(Array.from({ length: 60 }, async (_, one) => news(one)));
  await until('sixty', () => (asked.mock.calls.length === 60 ? true : null));
  expect((await news(1)).status).toBe(503);
  expect(new Set((await sixty).map(({ status }) => status))).toEqual(new Set(['rejected']));
  // None of them reads what it gets.
  asked.mockResolvedValue(new Uint8Array(16 * 1_048_576));
  const eight = await Promise.all(Array.from({ length: 8 }, async (_, one) => news(one)));
  expect((await news(1)).status).toBe(503);
  expect(eight.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  await Promise.allSettled(eight.map(async (one) => one.body?.cancel()));
  await stop();
});

test('a launch that nobody looks at any more is let go', async () => {
  const { at, stop } = await serverOf({ goneAfterMs: 90 });
  const ends = vi.spyOn(LiveRecord.prototype, 'end');
  expect((await fetch(at)).status).toBe(200);
  await until('the end', () => (ends.mock.calls.length > 0 ? true : null));
  expect((await fetch(at)).status).toBe(200);
  await stop();
});

test('what failed is not begun anew at once', async () => {
  const { at, stop } = await serverOf({ answeredWithinMs: 0 });
  const reads = vi.spyOn(LiveRecord.prototype, 'settled');
  for (let time = 0; time < 3; time += 1) expect((await fetch(at)).status).toBe(503);
  expect(reads).toHaveBeenCalledTimes(1);
  await stop();
});

test('a thread that is late is ended, and asked nothing any more', async () => {
  const late = recordOf({ answeredWithinMs: 0 });
  await expect(late.settled()).rejects.toMatchObject({ code: 'LIVE_LATE' });
  expect(late.ended).toBe(true);
  await expect(late.page()).rejects.toMatchObject({ code: 'LIVE_LOST' });
});

test('a store that gives no answer ends nothing: the next question reads it', async () => {
  const record = recordOf();
  const reads = vi.spyOn(rig.cloud.record, 'messagesAfter').mockRejectedValueOnce(new Error('away'));
  await expect(record.settled()).rejects.toThrow('away');
  reads.mockRestore();
  expect((await record.settled()).slackIds).toContain('U0ONCALL');
  expect(record.ended).toBe(false);
  await record.end();
});

test('words that were deleted while somebody looks are shown to nobody any more', async () => {
  const said = { ts: '1.1', user: '', text: '', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };
  const forgot = { messages: 1, files: 0, tokens: 0 };
  const messagesAfter = async (_: string, after: number) => [
    { ...said, ...(after === 0 ? {} : { forgot }), seq: after + 1, hash: 'h' },
  ];
  const record = recordOf({ record: { ...rig.cloud.record, messagesAfter } });
  expect((await record.settled()).at).toMatch(/m1/);
  await expect.poll(() => record.settled().catch((error: unknown) => error)).toMatchObject({ code: 'LIVE_FORGOT' });
  expect(record.ended).toBe(true);
});

test('a message that was vandalised is named on the page, and one that was taken away has none told twice', async () => {
  const blank = { ts: '', user: '', text: '', atMs: 0, edits: null, deleted: false, permalink: null, files: [] };
  const all = [
    { ...blank, unread: 'broken' as const, problem: 'its text is no JSON of a message', seq: 1, hash: 'h' },
    // Message 2 was taken out of the table.
    { ...blank, ts: '3.1', text: 'the third', atMs: 3, seq: 3, hash: 'h' },
  ];
  let reads = 0;
  const messagesAfter = async (_: string, after: number) => {
    reads += 1;
    return all.filter(({ seq }) => seq > after);
  };
  const record = recordOf({ record: { ...rig.cloud.record, messagesAfter } });
  expect((await record.settled()).at).toMatch(/m2/);
  const page = new TextDecoder().decode((await record.page()) ?? undefined);
  expect(page).toContain('BROKEN at message 1: its text is no JSON of a message');
  expect(page).toContain('the third');
  // What comes behind message 3 is read, and not what comes behind two messages.
  await expect.poll(() => record.settled().then(() => reads)).toBeGreaterThan(1);
  expect((await record.settled()).at).toMatch(/m2/);
  await record.end();
});

test('an item that somebody put far behind the chain is told once, and keeps no message behind it from being shown', async () => {
  const blank = { ts: '', user: '', text: '', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };
  const all = [
    { ...blank, ts: '1.1', text: 'the first', seq: 1, hash: 'h' },
    { ...blank, text: 'far away', seq: 10 ** 15, hash: 'h' },
  ];
  const messagesAfter = async (_: string, after: number) => all.filter(({ seq }) => seq > after);
  const record = recordOf({ record: { ...rig.cloud.record, messagesAfter } });
  expect((await record.settled()).at).toMatch(/m2/);
  all.splice(1, 0, { ...blank, ts: '2.1', text: 'the second', seq: 2, hash: 'h' });
  await expect.poll(async () => (await record.settled()).at).toMatch(/m3/);
  const page = new TextDecoder().decode((await record.page()) ?? undefined);
  for (const text of ['the first', 'the second', 'far away']) expect(page).toContain(text);
  await record.end();
});

test('an instance takes the heads of another one, and tells of no link again that was known to it', async () => {
  // Three yesterday, and one an hour later.
  const yesterday = Math.floor(rig.nowMs() / 1_000) - 86_400;
  const posted = new Map([1, 2, 3].map((seq) => [seq, `${yesterday}.00000${seq}`]));
  posted.set(4, `${yesterday + 3_600}.000001`);
  const permalink = `https://a.slack.com/archives/C1/p${posted.get(4)?.replace('.', '') ?? ''}`;
  const getPermalink = () => Promise.resolve({ ok: true, permalink });
  const client = Object.assign(Object.create(optionsOf().client) as WebClient, { chat: { getPermalink } });
  const conductor = {
    keptFigures: () => Promise.resolve(null),
    postedAt: vi.fn(() => Promise.resolve(new Map(posted))),
    postedOf: vi.fn(() => Promise.resolve(new Map(posted))),
  };
  // As it stands now: what the bot notes meanwhile of a shot without workers would be told, too.
  const [entries, messages] = [
    await rig.cloud.record.readAfter(launchId, 0),
    await rig.cloud.record.messagesAfter(launchId, 0),
  ];
  const standing = {
    ...rig.cloud.record,
    readAfter: async (_: string, after: number) => entries.filter(({ seq }) => seq > after),
    messagesAfter: async (_: string, after: number) => messages.filter(({ seq }) => seq > after),
  };
  const more = { conductor, client, record: standing };
  const both = [recordOf(more), recordOf(more)] as const;
  const [{ at }] = [await both[0].settled(), await both[1].settled()];
  expect(at).toMatch(/\.l4-\d{16}$/);
  const rowsOf = async (record: LiveRecord, after: string) =>
    (
      JSON.parse(new TextDecoder().decode((await record.news(after)) ?? new TextEncoder().encode('{"rows":[]}'))) as {
        rows: string[];
      }
    ).rows;
  await both[0].page();
  // One that is posted now: only its row is told, by the instance that gave the page and by another one.
  posted.set(5, `${Math.floor(rig.nowMs() / 1_000)}.000001`);
  await expect.poll(async () => (await both[0].settled()).at).toContain('.l5-');
  await expect.poll(async () => (await both[1].settled()).at).toContain('.l5-');
  // Who gave the page knows what it has; another one tells of the last ten minutes again.
  for (const [record, ids] of [
    [both[0], ['e5']],
    [both[1], ['e4', 'e5']],
  ] as const) {
    const rows = await rowsOf(record, at);
    expect(rows.map((row) => /id="(\w+)"/.exec(row)?.[1])).toEqual(ids);
    expect(rows.at(-1)).toContain(`/p${posted.get(5)?.replace('.', '')}"`);
  }
  // From a version without links, or before any was known.
  expect((await rowsOf(both[0], at.replace(/\.l.*/, ''))).length).toBe(5);
  expect(conductor.postedAt).toHaveBeenCalledTimes(2);
  await Promise.all(both.map((record) => record.end()));
});

test('of a record whose channel nobody knows no link is asked for', async () => {
  const conductor = {
    keptFigures: () => Promise.resolve(null),
    postedAt: vi.fn(() => Promise.resolve(new Map())),
    postedOf: () => Promise.resolve(new Map()),
  };
  const record = recordOf({ conductor, record: { ...rig.cloud.record, readAfter: () => Promise.resolve([]) } });
  expect((await record.settled()).channelId).toBe('');
  expect(conductor.postedAt).not.toHaveBeenCalled();
  await record.end();
});

test('without links a page is there all the same', async () => {
  const conductor = {
    keptFigures: () => Promise.resolve(null),
    postedAt: () => Promise.reject(new Error('no store')),
    postedOf: () => Promise.reject(new Error('no store')),
  };
  const record = recordOf({ conductor });
  expect((await record.settled()).at).toMatch(/\.c\d+$/);
  expect(new TextDecoder().decode((await record.page()) ?? undefined)).toContain('id="e1"');
  await record.end();
});

test('a store that says nothing of links holds up no page for good', async () => {
  const never = () => new Promise<never>(() => undefined);
  const record = recordOf({
    conductor: { keptFigures: () => Promise.resolve(null), postedAt: never, postedOf: never },
  });
  expect((await record.settled()).at).toMatch(/\.c\d+$/);
  expect(new TextDecoder().decode((await record.page()) ?? undefined)).toContain('id="e1"');
  await record.end();
});

test('who wants the thread to do much for nothing is refused', async () => {
  const record = recordOf();
  await record.settled();
  const all = await Promise.allSettled(Array.from({ length: 30 }, (_, one) => record.news(`e${one}.m0.c0`)));
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused.length).toBe(18);
  expect(refused[0]?.reason).toMatchObject({ code: 'LIVE_BUSY' });
  expect(record.ended).toBe(false);
  await record.end();
});

test('whoever leaves the roster has no link any more; nor has anybody once its time is over', async () => {
  const olu = linkIn(await rig.ask(rig.olu, 'timeline live'));
  expect((await fetch(there(olu))).status).toBe(200);
  await rig.ask(rig.ana, 'people remove <@U0OBSERVER>');
  await rig.press(rig.ben, 'roster.approve').catch(() => '');
  await until('the end of it', async () => ((await fetch(there(olu))).status === 403 ? true : null));
  const { page } = await open();
  rig.later(13 * 3_600_000);
  const ended = await fetch(there(path));
  expect([ended.status, await ended.text()]).toEqual([403, expect.stringContaining('This link has ended')]);
  await expect.poll(() => page.locator('#live').textContent()).toContain('This link has ended');
  expect(await page.locator('#log li').count()).toBeGreaterThan(5);
});

test('a bot shows three launches at a time, and says so', async () => {
  const links = createLiveLinks({
    signer: botKeyring().signer,
    publicUrl: 'https://go.example.com',
    nowMs: () => rig.nowMs(),
  });
  const { runbook } = await rig.launch();
  const statuses: number[] = [];
  for (const id of ['second', 'third', 'fourth']) {
    const created = await rig.journal.append(id, {
      kind: 'create-launch',
      by: 'ana',
      launchId: id,
      name: id,
      channelId: `C0${id.toUpperCase()}`,
      runbook,
      runbookHash: 'r',
      targetAtMs: rig.nowMs() + 3_600_000,
      compress: 1,
    });
    expect(created).toMatchObject({ ok: true });
    const { pathname } = new URL(links.give(id, 'U0ONCALL')?.url ?? '');
    const answer = await fetch(there(pathname));
    statuses.push(answer.status);
    const text = await answer.text();
    expect(text).toContain(
      answer.status === 200 ? `<title>${id}: timeline</title>` : '3 launches are looked at already',
    );
  }
  expect(statuses).toEqual([200, 200, 503]);
});
