import { expect, test } from 'vitest';
import { playSample } from '../../test/docs/sample-launch.ts';
import type { Entry } from '../launch/entries.ts';
import { timelineOf, withLinks } from './model.ts';
import type { Timeline } from './model.ts';
import { partsOf } from './page-news.ts';
import type { Curve } from './page-shots.ts';
import { timelinePage } from './page.ts';
import type { TimelineMessage } from './rows.ts';
import { asMarkdown } from './timeline.ts';

const entries = playSample().map(({ entry }) => entry);
const chain = { ok: true } as const;
const said = (text: string, more: Partial<TimelineMessage> = {}): TimelineMessage => ({
  ts: '1.1',
  user: 'U0MARKET1',
  text,
  atMs: 1,
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
  seq: 7,
  hash: 'b'.repeat(64),
  ...more,
});

const told = (messages: TimelineMessage[], of: readonly Entry[] = entries): Timeline => {
  const timeline = timelineOf(of, messages, { chain });
  if (timeline === null) throw new Error('no timeline');
  return timeline;
};
const pageOf = (timeline: Timeline, curves: Record<string, Curve> = {}): string =>
  timelinePage(timeline, { style: 'p{}', script: 'run()', sha256: (text) => `of ${text}`, curves });
const page = (...messages: TimelineMessage[]): string => pageOf(told(messages));
const rowOf = (text: string, id: string): string => new RegExp(`<li id="${id}".*?</li>`, 's').exec(text)?.[0] ?? '';

test('the page has one row for each entry and each message, in the order of the Markdown, and says what that says', () => {
  const timeline = told([said('kick-off')]);
  const rows = pageOf(timeline).match(/<li id="[^"]+"/g);
  expect(rows).toHaveLength(entries.length + 1);
  expect(rows?.slice(0, 2)).toEqual(['<li id="m7"', '<li id="e1"']);
  const markdown = asMarkdown(timeline);
  expect(markdown.match(/^\| \d\d:\d\d/gm)).toHaveLength(entries.length + 1);
  for (const { shotId, result } of timeline.shots) {
    expect(markdown).toContain(`| ${shotId} |`);
    expect(pageOf(timeline)).toContain(`<p class="result">${result}</p>`);
  }
});

test('a shot to look around is chosen by its markets, as many as a list has room for', () => {
  const timeline = told([]);
  const [shot] = timeline.shots;
  if (shot === undefined) throw new Error('no shot');
  const optionOf = (segments: string) =>
    /<option value="\d+">GO of [^<]*/.exec(pageOf({ ...timeline, shots: [{ ...shot, shotId: 'S1', segments }] }))?.[0];
  expect(optionOf('us-ios, br-ios')).toMatch(/GO of S1: us-ios, br-ios$/);
  expect(optionOf('us-ios, br-ios, de-ios, jp-ios, mx-ios, gb-ios')).toMatch(
    /GO of S1: us-ios, br-ios, de-ios, jp-ios, mx-ios …$/,
  );
});

test('each row has its evidence: place, hash, and how the person proved who they are', () => {
  const text = page(said('x', { permalink: 'https://lingo.slack.com/archives/C1/p11' }));
  for (const { seq, hash, kind } of entries)
    expect(rowOf(text, `e${seq}`)).toMatch(new RegExp(`data-k="${kind}" data-h="${hash}"`));
  const approved = entries.find(({ kind }) => kind === 'FireApproved');
  expect(rowOf(text, `e${approved?.seq ?? 0}`)).toContain('data-p="pressed in Slack by U0MARKET1"');
  expect(rowOf(text, 'm7')).toContain(
    '<a href="https://lingo.slack.com/archives/C1/p11" target="_blank" rel="noopener noreferrer">message</a>',
  );
});

test('what AWS was asked for it stands in its evidence, and in the Markdown behind its sentence', () => {
  const reached = entries.find(({ kind }) => kind === 'ScaleReached');
  const asked = 'ECS UpdateService 5d1f3c80-2f6e-4a53-9f0b-6e1c2d7a9b44';
  expect(rowOf(page(), `e${reached?.seq}`)).toContain(`data-a="${asked}"`);
  expect(asMarkdown(told([]))).toContain(`workers stands at 2 after 184.0 s (AWS: ${asked}) |`);
  const [set, mirrored] = ['SwitchSet', 'SwitchMirrored'].map((one) => entries.find(({ kind }) => kind === one));
  const put = 'SSM PutParameter b8f1d0a2-7c4e-4f93-8a15-2d6b90c3e771';
  expect(rowOf(page(), `e${mirrored?.seq}`)).toContain(`data-a="${put}"`);
  expect(asMarkdown(told([]))).toContain(
    `the public parameter of dark says on since 0.2 s after entry ${set?.seq} (AWS: ${put}) |`,
  );
});

test('it asks the network for nothing, and runs and wears nothing but its own', () => {
  const text = page();
  expect(text).toContain(
    `content="default-src &#39;none&#39;; script-src &#39;sha256-of run()&#39;; style-src &#39;sha256-of p{}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
  );
  expect(text).toContain('<style>p{}</style>');
  expect(text).toContain('<script type="module">run()</script>');
  expect(text).not.toMatch(/ (?:src|style|on\w+)=|<link|@import|url\(/);
});

test.each([
  ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
  ['</script><script>alert(1)</script>', '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;'],
  [`"' onclick='x`, '&quot;&#39; onclick=&#39;x'],
  ['&lt;b&gt; &amp;amp;', '&lt;b&gt; &amp;amp;'],
  ['<!channel> <@U0MARKET2>', '@channel Ben Okafor'],
  ['a\u202eb\u2066c\u0007', 'a b c '],
  ['two\nlines', 'two\nlines'],
])('what somebody wrote, %j, is text in the page and nothing else', (written, shown) => {
  expect(rowOf(page(said(written)), 'm7')).toContain(`<p dir="auto">“${shown}”</p>`);
});

test('a link that comes later changes its own row, and no other is made anew', () => {
  const timeline = told([said('kick-off')]);
  const parts = partsOf(timeline, {});
  const linked = withLinks(timeline, new Map([[3, 'https://a.slack.com/archives/C1/p1']]));
  expect(linked.rows.filter((row) => !timeline.rows.includes(row)).map(({ place }) => place?.seq)).toEqual([3]);
  expect(withLinks(linked, new Map([[3, 'https://a.slack.com/archives/C1/p1']])).rows).toEqual(linked.rows);
  // A row made before is taken as it is, as long as nothing beside it has changed.
  const marked = { ...parts, rows: new Map([...parts.rows].map(([id]) => [id, `old ${id}`])) };
  const again = partsOf(linked, {}, { timeline, parts: marked }).rows;
  expect(
    [...again.values()].filter((row) => !row.startsWith('old ')).map((row) => /href="https[^"]*"/.exec(row)?.[0]),
  ).toEqual(['href="https://a.slack.com/archives/C1/p1"']);
  expect(again.get('e4')).toBe('old e4');
  const moved = partsOf({ ...linked, targetAtMs: 1 }, {}, { timeline, parts: marked }).rows;
  expect([...moved.values()].some((row) => row.startsWith('old '))).toBe(false);
});

test('names, files, links and what stands in the record are text too', () => {
  const evil = '</title><svg onload=alert(1)>';
  const [first, ...rest] = entries;
  if (first?.kind !== 'LaunchCreated') throw new Error('no launch');
  const campaign = { ...first.runbook.campaign, locales: { en: { title: evil, body: evil } } };
  const runbook = {
    ...first.runbook,
    title: evil,
    campaign,
    people: first.runbook.people.map((one) => ({ ...one, name: evil })),
  };
  const created = { ...first, name: evil, runbook } as Entry;
  const timeline = told([said('x', { files: [evil], permalink: 'javascript:alert(1)' })], [created, ...rest]);
  const spans = [{ ...timeline.spans[0]!, label: '</script><script>alert(1)</script>' }];
  const text = pageOf({ ...timeline, spans });
  expect(text).toContain('&lt;/title&gt;&lt;svg onload=alert(1)&gt;');
  expect(text).not.toMatch(/<svg onload|<\/title><svg|javascript:|<script>alert/);
  expect(text).toContain('\\u003c/script>');
});

test('rows carry the marks by which the page filters', () => {
  const mark = { of: said('x').ts, name: 'stopwatch', on: true };
  const text = page(
    said('x'),
    said('', { ts: '2.2', seq: 8, mark }),
    said('', { ts: '2.3', seq: 9, mark: { ...mark, of: '0' } }),
  );
  expect(rowOf(text, 'm7')).toContain('data-m="stopwatch"');
  expect(rowOf(text, 'm9')).toContain('data-k="Mark"');
  expect(rowOf(page(said('x')), 'm7')).not.toContain('data-m');
});

test('the head names the runbook as it was changed last', () => {
  const at = entries.findIndex(({ kind }) => kind === 'RunbookChanged');
  const changed = entries[at];
  const created = entries[0];
  if (changed?.kind !== 'RunbookChanged' || created?.kind !== 'LaunchCreated') throw new Error('unexpected');
  expect(told([], entries.slice(0, at)).runbook.hash).toBe(created.runbookHash);
  expect(told([]).runbook.hash).toBe(changed.runbookHash);
  expect(changed.runbookHash).not.toBe(created.runbookHash);
  expect(partsOf(told([], entries.slice(0, at)), {}).parts.head).not.toBe(
    partsOf(told([], entries.slice(0, at + 1)), {}).parts.head,
  );
});

test('a record that does not hold says so on top', () => {
  const timeline = { ...told([]), chain: { ok: false as const, seq: 3, why: 'its <hash> differs' } };
  expect(pageOf(timeline)).toContain('<strong class="bad">BROKEN at entry 3: its &lt;hash&gt; differs</strong>');
});

test('a shot shows its curve where one was kept, and every final state in one bar', () => {
  const timeline = told([]);
  const curves: Record<string, Curve> = {
    S54: [
      [1, 400],
      [3, 417],
    ],
  };
  const text = pageOf(timeline, curves);
  const halted = (haltAfterMs: number | null) =>
    pageOf({ ...timeline, shots: timeline.shots.map((shot) => ({ ...shot, haltAfterMs })) }, curves);
  // A quarter of the way to the end of the last slot, at 400 ms.
  expect(halted(100)).toContain('<line x1="100.0" x2="100.0" y1="0" y2="100"></line>');
  expect(halted(100)).toContain('<b>HALT after 0.1 s</b>');
  for (const none of [null, 401]) expect(halted(none)).not.toContain('<line ');
  expect(text).toContain('Delivery curve: 817 of 1,000 devices accepted within 0.4 s of GO');
  expect(text.match(/class="curve"/g)).toHaveLength(1);
  expect(text).toContain('<rect class="halted" x="820.00" width="180.00" height="10"><title>180 halted</title></rect>');
});

test('a launch that fired nothing says so', () => {
  expect(pageOf(told([], entries.slice(0, 3)))).toContain('Nothing was fired.');
});

const end = entries.at(-1)!;
test.each([
  ['is of a kind that came later', { v: 6, kind: 'MoonSeen' }],
  ['has a time that no calendar has', { kind: 'Noted', text: 'x', atMs: 1e20 }],
  ['is by nobody', { kind: 'Noted', text: 'x', by: undefined }],
  ['approves nothing', { kind: 'FireApproved', shotId: 'S80' }],
  ['was pressed at no time', { ...entries.find(({ kind }) => kind === 'FireApproved'), pressedAtMs: 'now' }],
  ['moves the target to no time', { kind: 'TargetMoved', targetAtMs: 'soon', reason: '' }],
  ['names no call of AWS', { kind: 'SwitchMirrored', switch: 'x', of: 1, value: 'on', tookMs: 1, aws: [null] }],
  ['has no text', { kind: 'CampaignSet', contentHash: 'c' }],
  ['counts nothing', { kind: 'ShotClosed', shotId: 'S54', cause: 'complete' }],
  ['names people without names', { kind: 'RosterChangeRequested', changeId: 'R80', people: [{ id: 'x', slack: [] }] }],
])('an entry that %s is a row that says so, and all others are told', (_what, odd) => {
  const entry = { ...end, ...odd, seq: end.seq + 1, hash: 'd'.repeat(64) } as unknown as Entry;
  const after = { ...end, kind: 'Noted', text: 'went on', seq: end.seq + 2 } as unknown as Entry;
  const timeline = told([said('x', { atMs: Number.NaN })], [...entries, entry, after]);
  const before = told([said('x', { atMs: end.atMs })]);
  expect(timeline.shots).toEqual(before.shots);
  expect(timeline.targetAtMs).toBe(before.targetAtMs);
  expect(asMarkdown(timeline).match(/^\| \d\d:\d\d/gm)).toHaveLength(entries.length + 3);
  const row = rowOf(pageOf(timeline), `e${entry.seq}`);
  expect(row).toContain('class="incidents loud"');
  expect(row).toContain(`entry ${entry.seq} can&#39;t be read by this version of gobutton: ${entry.kind}`);
  expect(rowOf(pageOf(timeline), `e${after.seq}`)).toContain('noted: went on');
});

test('nobody is called by a name that only a request would give them, and a name that somebody has in Slack stands beside their id', () => {
  const [first] = entries;
  if (first?.kind !== 'LaunchCreated') throw new Error('no launch');
  const people = first.runbook.people.map((one) =>
    one.slack.includes('U0MARKET1') ? { ...one, name: 'Ana Impostor', slack: ['U0MARKET1', 'U9STRANGER'] } : one,
  );
  const asked = { ...end, kind: 'RosterChangeRequested', changeId: 'R80', people, reason: '', seq: end.seq + 1 };
  const approved = { ...end, kind: 'RosterChanged', changeId: 'R80', seq: end.seq + 2 };
  const messages = [said('x'), said('y', { user: 'U9STRANGER' })];
  const who = (of: readonly object[]) => {
    const slackNames = new Map([['U9STRANGER', 'Mia Chen']]);
    const timeline = timelineOf([...entries, ...of] as Entry[], messages, { chain, slackNames });
    return timeline?.rows.filter(({ kind }) => kind === 'Message').map((row) => row.who);
  };
  expect(who([asked])).toEqual(['Mia Chen', 'Mia Chen (U9STRANGER)']);
  expect(told([], [...entries, asked as unknown as Entry]).people).toEqual(told([]).people);
  expect(who([asked, approved])).toEqual(['Ana Impostor', 'Ana Impostor']);
});
