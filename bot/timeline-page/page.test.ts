import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postmortemOf } from '../../runbooks/postmortem/postmortem.ts';
import { timelineOf } from '../../runbooks/record/model.ts';
import type { TimelineMessage } from '../../runbooks/record/rows.ts';
import { launchBrowser } from '../../test/browser/launch-browser.ts';
import { playSample } from '../../test/docs/sample-launch.ts';
import { pageOf, postmortemPageOf } from './page.ts';

/** The page in a real browser, from a file, as somebody opens it. */

const entries = playSample().map(({ entry }) => entry);
const goAtMs = entries.find(({ kind }) => kind === 'FireApproved')?.atMs ?? 0;
const messages: TimelineMessage[] = Array.from({ length: 400 }, (_, index) => ({
  ts: `${index}.1`,
  user: index % 2 === 0 ? 'U0MARKET1' : 'U9STRANGER',
  text:
    index === 7
      ? '<img src=x onerror="document.title = \'run\'"><script>document.title = "run"</script>'
      : `line ${index}`,
  atMs: goAtMs - 600_000 + index * 1_000,
  edits: null,
  deleted: false,
  permalink: 'https://lingo.slack.com/archives/C1/p1',
  files: [],
  seq: index + 1,
  hash: 'c'.repeat(64),
}));

let folder: string;
let browser: Browser;
let address: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-timeline-'));
  const timeline = timelineOf(entries, messages, { chain: { ok: true } });
  if (timeline === null) throw new Error('no timeline');
  await writeFile(join(folder, 'timeline.html'), pageOf(timeline, {}));
  address = `file://${join(folder, 'timeline.html')}`;
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

async function open(
  options: Parameters<Browser['newPage']>[0] = {},
  hash = '',
): Promise<{ page: Page; asked: string[] }> {
  const page = await browser.newPage(options);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => asked.push(`error ${error.message}`));
  page.on('console', (message) => asked.push(`console ${message.text()}`));
  await page.goto(`${address}${hash}`);
  await page.waitForSelector('body[data-ready]');
  return { page, asked };
}
const rows = (page: Page) => page.locator('#log li:visible');

test('it asks for nothing but itself, breaks no policy, and runs nothing that somebody wrote', async () => {
  const { page, asked } = await open();
  expect(asked).toEqual([address]);
  expect(await page.title()).toBe('Super Bowl: timeline');
  expect(await page.locator('#count').textContent()).toBe(`${entries.length + 400} rows`);
});

test('filters by person, kind, lane and words leave what fits, and say how many of how many', async () => {
  const { page } = await open();
  await page.selectOption('#kind', 'HaltSet');
  expect(await page.locator('#count').textContent()).toBe(`2 of ${entries.length + 400} rows`);
  expect(await rows(page).locator('b').allTextContents()).toEqual(['Ben Okafor', 'ssm']);
  await page.selectOption('#who', 'ssm');
  expect(await rows(page).count()).toBe(1);
  await page.selectOption('#who', '');
  await page.selectOption('#kind', '');
  await page.fill('#find', 'wrong LINK');
  expect(await rows(page).count()).toBe(1);
  await page.click('[data-lane=incidents]');
  expect(await rows(page).count()).toBe(0);
});

test('from the whole to milliseconds around GO: a mark of several comes apart, one opens its row with its evidence', async () => {
  const { page } = await open({ timezoneId: 'America/New_York' });
  await page.click('[data-half="whole"]');
  expect(await page.locator('#lanes .mark[data-count="1"]').count()).toBeLessThan(entries.length / 2);
  await page.click('[data-half="500"]');
  await page.waitForFunction('document.querySelector("#lanes .go") !== null');
  expect(await page.locator('#lanes .time', { hasText: 'GO+' }).first().textContent()).toMatch(/^GO\+00\.\d{3}$/);
  await page.check('#inside');
  await expect.poll(() => rows(page).count()).toBeLessThan(8);
  await page.locator('#lanes .mark.shots[data-count="1"]').first().click();
  const evidence = page.locator('#log li:target .evidence');
  await evidence.waitFor();
  const text = await evidence.textContent();
  expect(text).toContain('KindFireApproved');
  expect(text).toContain('America/New_York');
  expect(text).toContain(`npm run record -- verify --launch superbowl-2027 --head 54:${entries[53]?.hash ?? ''}`);
  expect(text).toContain('pressed in Slack by');
});

test('of a runbook with many gates each has its bar', async () => {
  const timeline = timelineOf(entries, [], { chain: { ok: true } });
  const gate = timeline?.spans.find(({ lane }) => lane === 'gates');
  if (timeline === null || gate === undefined) throw new Error('no gate');
  const spans = Array.from({ length: 14 }, (_, at) => ({ ...gate, track: `gate ${at}`, label: `gate ${at}` }));
  await writeFile(join(folder, 'gates.html'), pageOf({ ...timeline, spans }, {}));
  const page = await browser.newPage();
  await page.goto(address.replace('timeline.html', 'gates.html'));
  await page.waitForSelector('body[data-ready]');
  const drawn = "new Set([...document.querySelectorAll('[data-span]')].map(({ dataset }) => dataset.span)).size";
  expect(await page.evaluate<number>(drawn)).toBe(14);
});

test('equal refusals one behind the other are one row with a count, and the address leads to each', async () => {
  const refused = { what: 'asking for fire', code: 'GATES_RED', say: 'The copy was not read.', times: 1 };
  const several = messages
    .slice(0, 6)
    .map((one, index) => ({ ...one, user: 'U0MARKET1', ...(index === 4 ? {} : { refused }) }));
  const timeline = timelineOf(entries, several, { chain: { ok: true } });
  if (timeline === null) throw new Error('no timeline');
  await writeFile(join(folder, 'folds.html'), pageOf(timeline, {}));
  const page = await browser.newPage({ timezoneId: 'UTC' });
  await page.goto(address.replace('timeline.html', 'folds.html'));
  await page.waitForSelector('body[data-ready]');
  const refusals = page.locator('#log li[data-k=Refused]:visible');
  expect(await refusals.count()).toBe(2);
  expect(await page.locator('#m1 p').getAttribute('data-times')).toMatch(
    /^4 times in a row, the last at \d\d:\d\d:\d\d\.\d{3}$/,
  );
  expect(await page.locator('#m6 p').getAttribute('data-times')).toBeNull();
  // All are told of, and what is filtered out stands between all the same.
  expect(await page.locator('#count').textContent()).toBe(`${entries.length + 6} rows`);
  await page.selectOption('#kind', 'Refused');
  expect(await refusals.count()).toBe(2);
  await page.evaluate("location.hash = '#m3'");
  await page.locator('#m3 .evidence').waitFor();
  expect(await refusals.count()).toBe(3);
});

test('the address opens its row; a message leads to Slack', async () => {
  const { page } = await open({}, '#m9');
  expect(await page.locator('#m9 .evidence').textContent()).toContain('https://lingo.slack.com/archives/C1/p1');
});

test("times are the reader's, or UTC", async () => {
  const { page } = await open({ timezoneId: 'Asia/Tokyo' });
  const first = page.locator('#e1');
  expect(await first.locator('time').textContent()).toBe('02:30:01.000');
  expect(await first.getAttribute('data-day')).toContain('14');
  await page.selectOption('#zone', 'UTC');
  expect(await first.locator('time').textContent()).toBe('17:30:01.000');
  expect(await first.getAttribute('data-day')).toContain('13');
});

test('over each day stands what the clock is ahead of UTC, and once more where that changes, as an hour may come twice', async () => {
  const timeline = timelineOf(entries, [], { chain: { ok: true } });
  const [one] = timeline?.rows ?? [];
  if (timeline === null || one === undefined) throw new Error('no timeline');
  // Lord Howe goes back by half an hour, at 02:00 of 4 April 2027.
  const minutes = [20, 40, 65, 80];
  const rows = minutes.map((minute, at) => ({ ...one, atMs: Date.UTC(2027, 3, 3, 14, minute), what: `row ${at}` }));
  await writeFile(join(folder, 'clock.html'), pageOf({ ...timeline, rows }, {}));
  const heads = async (timezoneId: string) => {
    const page = await browser.newPage({ timezoneId, locale: 'en-US' });
    await page.goto(address.replace('timeline.html', 'clock.html'));
    await page.waitForSelector('body[data-ready]');
    const told =
      "[...document.querySelectorAll('#log li')].map((one) => (one.dataset.day ?? '') + '|' + one.querySelector('time').textContent.slice(0, 5))";
    return page.evaluate<string[]>(told);
  };
  expect(await heads('Australia/Lord_Howe')).toEqual([
    'Sun, Apr 4, 2027, UTC+11|01:20',
    '|01:40',
    'Sun, Apr 4, 2027, UTC+10:30|01:35',
    '|01:50',
  ]);
  expect(await heads('Asia/Kathmandu')).toEqual(['Sat, Apr 3, 2027, UTC+5:45|20:05', '|20:25', '|20:50', '|21:05']);
  expect((await heads('America/Sao_Paulo'))[0]).toBe('Sat, Apr 3, 2027, UTC-3|11:20');
  expect((await heads('UTC'))[0]).toBe('Sat, Apr 3, 2027, UTC|14:20');
});

test('keys move and zoom; on a phone nothing is wider than the screen; without the script the text is there in UTC', async () => {
  const { page } = await open({ viewport: { width: 390, height: 844 } });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  // Nor does a table of texts go on beyond the edge: its rows stand as cards.
  const beyond = "[...document.querySelectorAll('#texts .scroll')].map((one) => one.scrollWidth - one.clientWidth)";
  const widths = await page.evaluate<number[]>(beyond);
  expect(widths.length).toBeGreaterThan(0);
  expect(Math.max(...widths)).toBe(0);
  expect(await page.evaluate("getComputedStyle(document.querySelector('#texts .count'), '::before').whiteSpace")).toBe(
    'normal',
  );
  await page.locator('#lanes').focus();
  const marks = () => page.locator('#lanes .mark').count();
  const before = await page.locator('#lanes .time').first().textContent();
  await page.keyboard.press('+');
  await expect.poll(() => page.locator('#lanes .time').first().textContent()).not.toBe(before);
  await page.keyboard.press('0');
  await expect.poll(() => page.locator('#lanes .time').first().textContent()).toBe(before);
  expect(await marks()).toBeGreaterThan(5);
  const { page: plain } = await openPlain();
  expect(await plain.locator('#log li').count()).toBe(entries.length + 400);
  expect(await plain.locator('#e1 time').textContent()).toBe('17:30:01.000');
  expect(await plain.locator('#axis').isVisible()).toBe(false);
});

async function openPlain(): Promise<{ page: Page }> {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(address);
  return { page };
}

test('in print every row is there, and nothing to press', async () => {
  const { page } = await open();
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('button:visible, select:visible').count()).toBe(0);
  expect(await page.locator('#log li:visible').count()).toBe(entries.length + 400);
  // A time stands in one line, and a table's heads are no larger than its cells.
  await page.setViewportSize({ width: 740, height: 1_000 });
  const { height } = (await page.locator('#log time').first().boundingBox()) ?? { height: 0 };
  expect(height).toBeGreaterThan(0);
  expect(height).toBeLessThan(22);
  const size = (which: string) =>
    page.evaluate<number>(`parseFloat(getComputedStyle(document.querySelector('${which}')).fontSize)`);
  expect(await size('#texts thead th')).toBeLessThanOrEqual(await size('#texts td'));
  expect((await page.pdf()).length).toBeGreaterThan(10_000);
});

test('in a postmortem on a screen no finger meets two links at once, where links are all that a cell has', async () => {
  const postmortem = postmortemOf(entries, [], { chain: { ok: true } });
  if (postmortem === null) throw new Error('no postmortem');
  const file = join(folder, 'postmortem.html');
  await writeFile(file, postmortemPageOf(postmortem, {}));
  for (const width of [1_200, 390]) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(`file://${file}`);
    const links = await page.$$eval('td .proof a', (all) =>
      all.map((one) => one.getBoundingClientRect()).map(({ width: wide, height }) => [wide, height]),
    );
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) for (const px of link) expect(px).toBeGreaterThanOrEqual(24);
    await page.close();
  }
});
