import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sealEntry } from '../../infra/aws/seal.ts';
import type { Entry, NewEntry, Shown } from '../launch/entries.ts';
import { sumTotals } from '../launch/totals.ts';
import { loadRunbook } from '../playbook/load.ts';
import { relative } from './clock.ts';
import { describeTotals } from './describe.ts';
import type { TimelineMessage } from './rows.ts';
import { timelineMarkdown } from './timeline.ts';

const target = Date.UTC(2027, 1, 8, 23, 30);
const file = new URL('../library/superbowl.yaml', import.meta.url);
const loaded = loadRunbook(readFileSync(file, 'utf8'), 'superbowl.yaml');
if (!loaded.ok) throw new Error('superbowl.yaml does not load');
const { runbook } = loaded;

const shown: Shown = {
  launchId: 'sb',
  segments: [{ segment: 'us-ios', attempt: 1 }],
  contentHash: 'c0ffee00aa',
  audienceHash: 'abcdef0123',
  skipListHash: null,
  collapseId: 'sb.big-game',
  notAfterMs: { ios: 60_000, android: 600_000 },
  expiresAfterMs: 0,
  priority: { apns: 10, fcm: 'high' },
  uncertain: 'leave',
};
const totals = { accepted: 190, failed: 8, uncertain: 0, halted: 0, late: 2, skipped: 0, reasons: { Unregistered: 8 } };

function record(...bodies: NewEntry[]): Entry[] {
  const entries: Entry[] = [];
  for (const body of bodies) {
    const head = entries.at(-1);
    entries.push(
      sealEntry('sb', head === undefined ? { seq: 0, hash: '' } : { seq: head.seq, hash: head.hash }, body, {
        token: `token-${entries.length}`,
        signer: null,
      }),
    );
  }
  return entries;
}

const entries = record(
  {
    kind: 'LaunchCreated',
    name: 'Big | Game',
    channelId: 'C1',
    runbook,
    runbookHash: 'f00d',
    targetAtMs: target,
    compress: 1,
    contentHash: 'c0ffee00aa',
    atMs: target - 3_600_000,
    by: { person: 'ana' },
  },
  {
    kind: 'FireRequested',
    orderId: 'F2',
    shown,
    shownHash: 'x',
    devices: 200,
    expiresAtMs: target + 1,
    via: { kind: 'slack', slackId: 'U0MARKET1' },
    lifts: null,
    atMs: target - 1_000,
    by: { person: 'mia' },
  },
  {
    kind: 'FireApproved',
    orderId: 'F2',
    shotId: 'S3',
    shown,
    shownHash: 'x',
    via: { kind: 'slack', slackId: 'U0MARKET2' },
    pressedAtMs: target + 5_123,
    notAfterAtMs: { ios: target + 65_123, android: target + 605_123 },
    haltEpoch: 0,
    lifts: null,
    redGates: [],
    atMs: target + 5_130,
    by: { person: 'ben' },
  },
  {
    kind: 'ShotClosed',
    shotId: 'S3',
    cause: 'complete',
    segments: [{ segment: 'us-ios', attempt: 1, devices: 200, totals: { ...totals, uncertain: 2, late: 0 } }],
    atMs: target + 9_000,
    by: { system: 'closer' },
  },
  {
    kind: 'ShotTimed',
    shotId: 'S3',
    timing: {
      firstWriteMs: 110,
      p50Ms: 1_204,
      p95Ms: 1_800,
      p99Ms: 2_050,
      lastWriteMs: 2_100,
      perSecond: 95.4,
      peakPerSecond: 120,
    },
    atMs: target + 9_500,
    by: { system: 'conductor' },
  },
  {
    kind: 'ShotCorrected',
    shotId: 'S3',
    batch: '0000-1',
    segments: [{ segment: 'us-ios', attempt: 1, devices: 200, totals }],
    atMs: target + 10_000,
    by: { system: 'worker' },
  },
);
const message = (text: string, more: Partial<TimelineMessage> = {}): TimelineMessage => ({
  ts: '1.1',
  user: 'U0MARKET1',
  text,
  atMs: target + 6_000,
  edits: null,
  deleted: false,
  permalink: 'https://slack.example/p1',
  files: [],
  ...more,
});

describe('the timeline', () => {
  const text = timelineMarkdown(
    entries,
    [
      message('it is on *air* | now\n<script>'),
      message('on air!', { edits: '1.1', ts: '1.2', atMs: target + 7_000 }),
      message('who?', { user: 'U9STRANGER', atMs: target + 8_000 }),
    ],
    { chain: { ok: true }, slackNames: new Map([['U9STRANGER', 'Visitor']]) },
  );

  test('says who asked, who pressed GO, when to the millisecond, and what became of the devices after corrections', () => {
    const shot = text.split('\n').find((line) => line.startsWith('| S3'));
    expect(shot).toContain(
      '| Mia Chen | Ben Okafor | 2027-02-08 23:30:05.123 | us-ios | 200 | 190 accepted, 8 failed (8 Unregistered), 2 late | first sent after 0.11 s, accepted p50 1.20 s, p95 1.80 s, p99 2.05 s, last sent after 2.10 s, 95/s (best second 120) |',
    );
  });

  test('names who armed an order as who pressed GO, not the bot that kept its moment', () => {
    const armed = entries.map((entry): Entry =>
      entry.kind === 'FireApproved' ? { ...entry, by: { system: 'conductor' }, armed: { by: 'ben', seq: 2 } } : entry,
    );
    expect(timelineMarkdown(armed, [], { chain: { ok: true }, slackNames: new Map() })).toContain(
      '| Ben Okafor (armed) |',
    );
  });

  test('says how many tokens were refused for good after corrections and how to take them out, or nothing', () => {
    expect(text).toContain(
      "\n\nTokens refused for good: 8. For the next launch's skip list: `npm run audience -- bad-tokens --launch sb`\n\n## Texts",
    );
    const others = entries.map((entry): Entry =>
      entry.kind === 'ShotCorrected'
        ? {
            ...entry,
            segments: entry.segments.map((segment) => ({
              ...segment,
              totals: { ...totals, reasons: { TooManyRequests: 8 } },
            })),
          }
        : entry,
    );
    expect(timelineMarkdown(others, [], { chain: { ok: true } })).not.toContain('refused for good');
  });

  test('has one line for every entry and every message, in order of time', () => {
    const rows = text
      .split('## Timeline')[1]!
      .split('\n')
      .filter((line) => /^\| \d\d:/.test(line));
    expect(rows).toHaveLength(entries.length + 3);
    const times = rows.map((line) => line.slice(2, 14));
    expect(times).toEqual([...times].sort());
  });

  test('an entry leads to the message in which the bot told of it', () => {
    const links = new Map([[2, 'https://slack.example/p2']]);
    const linked = timelineMarkdown(entries, [], { chain: { ok: true }, links });
    const rows = linked.split('\n').filter((line) => line.includes('([message](https://slack.example/p2))'));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain('asked to fire us-ios');
  });

  test('text that people wrote can not break the table or become markup', () => {
    expect(text).toContain('“it is on \\*air\\* \\| now ⏎ \\<script\\>” ([message](https://slack.example/p1))');
    expect(text).toContain('# Big \\| Game: timeline');
    expect(text).toContain('| Mia Chen | edited their message of 00:00:01.100 to “on air!”');
    expect(text).toContain('| Visitor (U9STRANGER) | “who?”');
  });

  test('says at the top whether the chain holds', () => {
    expect(text).toContain('6 entries, hash chain verified');
    const broken = timelineMarkdown(entries, [], { chain: { ok: false, seq: 3, why: 'hash differs' } });
    expect(broken).toContain('**BROKEN at entry 3: hash differs**');
  });

  test('an empty record is said to be empty', () => {
    expect(timelineMarkdown([], [], { chain: { ok: true } })).toContain('empty');
  });
});

describe('what people wrote', () => {
  const row = (one: Partial<TimelineMessage>): string =>
    timelineMarkdown(entries, [message('', one)], {
      chain: { ok: true },
      slackNames: new Map([['U9STRANGER', 'Vi | sitor']]),
    })
      .split('\n')
      .find((line) => line.includes(target6)) ?? '';
  const target6 = '23:30:06.000';
  test('has its number, by which it can be deleted', () => {
    expect(row({ text: 'a password', seq: 12, hash: 'ab' })).toMatch(/“a password”.* · m12 \|$/);
    expect(row({ text: 'a password' })).not.toContain(' · m');
  });

  test.each([
    ['R&amp;D says &lt;hi&gt; <@U0MARKET1>', 'R&D says \\<hi\\> Mia Chen'],
    [
      '<@U9STRANGER> <@U8NOBODY|Zoe> <@U7> in <#C1|general> <!here>',
      'Vi \\| sitor (U9STRANGER) Zoe @U7 in #general @here',
    ],
    [
      'see <https://a.b/c?x=1&amp;y=2|the *plan*> and <https://a.b>',
      'see the \\*plan\\* (<https://a.b/c?x=1&y=2>) and <https://a.b>',
    ],
    // Typed as it stands: it must neither become a sign nor be read as an entity.
    ['&amp;lt;b&amp;gt;', '&amp;lt;b&amp;gt;'],
    ['<!date^1767225600^{time}|noon> <javascript:alert(1)|x>', 'noon \\<javascript:alert(1)\\|x\\>'],
    ['a\u202eb\u0007c\u009b2Jd', 'a b c 2Jd'],
  ])('%j is read as it was meant', (text, wanted) => expect(row({ text })).toContain(`“${wanted}”`));

  test('deletions say of when, and a link that is none is left out', () => {
    expect(row({ text: '', deleted: true, edits: '1800000000.000100', permalink: null })).toContain(
      '| deleted their message of 08:00:00.000 |',
    );
    expect(row({ text: '', deleted: true, edits: '1800000000.000100', found: true, permalink: null })).toContain(
      '| their message of 08:00:00.000 was found deleted |',
    );
    expect(row({ text: 'x', found: true })).toContain('“x” (read in the channel afterwards)');
    expect(row({ text: 'x', thread: '1800000000.000100' })).toContain('replied to the message of 08:00:00.000: “x”');
    for (const permalink of ['javascript:alert(1)', 'https://x|y><!channel>', 'https://x"onload=alert'])
      expect(row({ text: 'x', permalink })).not.toContain('](');
  });

  test('marks say who put them on what, and a message shows those that it has at the end', () => {
    const marked = (user: string, name: string, on: boolean, ms: number): TimelineMessage =>
      message('', { user, ts: `2.${ms}`, atMs: target + 7_000 + ms, mark: { of: '1.1', name, on } });
    const text = timelineMarkdown(
      entries,
      [
        message('it *lags*'),
        marked('U0MARKET2', 'stopwatch', true, 1),
        marked('U0MARKET1', 'pushpin', true, 2),
        { ...marked('U0MARKET1', 'pushpin', false, 3), found: true },
        { ...marked('U0MARKET1', 'stopwatch', true, 4), mark: { of: '9.0', name: 'stopwatch', on: true } },
      ],
      { chain: { ok: true } },
    );
    expect(text).toContain('“it \\*lags\\*” (marked :stopwatch: by Ben Okafor)');
    expect(text).toContain('| Ben Okafor | marked the message of 00:00:01.100 with :stopwatch: (“it \\*lags\\*”)');
    expect(text).toContain(
      '| Mia Chen | took :pushpin: off the message of 00:00:01.100 (“it \\*lags\\*”) (seen in the channel afterwards)',
    );
    expect(text).toContain('| Mia Chen | marked the message of 00:00:09.000 with :stopwatch: ([message]');
  });

  test('a message of an attachment alone says so', () => {
    expect(row({ text: '', files: ['a.png'] })).toContain('| Mia Chen | a file without words [a.png]');
    expect(row({ text: '', files: ['a.png', 'b.png'] })).toContain('| files without words [a.png, b.png]');
    expect(row({ text: '', files: ['a.png'], edits: '1.1' })).toContain('to a file without words [a.png]');
  });

  test('a file says what it is and where its copy lies, or why there is none', () => {
    const file = {
      of: '1800000000.1',
      id: 'F1',
      name: 'a|b.csv',
      type: 'text/csv',
      bytes: 2_200,
      sha256: 'ab',
      key: 'launches/sb/files/ab',
      lost: null,
    };
    expect(row({ file })).toContain(
      '| Mia Chen | attached a\\|b.csv (text/csv, 2,200 bytes) to the message of 08:00:00.100; kept as launches/sb/files/ab (',
    );
    expect(row({ file: { ...file, sha256: 'cd' } })).toContain('kept as launches/sb/files/ab, sha256 cd');
    expect(row({ file: { ...file, bytes: null, sha256: null, key: null, lost: 'it was deleted in Slack' } })).toContain(
      'attached a\\|b.csv (text/csv) to the message of 08:00:00.100; not copied: it was deleted in Slack',
    );
  });

  test('equal refusals one behind the other are one line with a count; what says another thing, or stands between, is not', () => {
    const refused = { what: 'asking for fire', code: 'GATES_RED', say: 'The copy was not read.', times: 1 };
    const at = (ms: number, one: Partial<TimelineMessage>) => ({ ...message('', one), atMs: target + ms });
    const lines = timelineMarkdown(
      entries,
      [
        at(20_000, { refused }),
        at(20_001, { refused }),
        at(21_000, { refused }),
        at(22_000, { refused: { ...refused, code: 'SAME_PERSON' } }),
        at(23_000, { text: 'why?' }),
        at(24_000, { text: 'why?' }),
        at(25_000, { refused }),
        at(26_000, { refused, user: 'U9STRANGER' }),
        at(86_400_000, { refused, user: 'U9STRANGER' }),
      ],
      { chain: { ok: true } },
    )
      .split('\n')
      .filter((line) => /asking for fire|why\?/.test(line));
    expect(lines.map((line) => line.replace(/^\| (\S+) .*?(?:read\.|”.*(?= \|$))/, '$1').replace(/ \|$/, ''))).toEqual([
      '23:30:20.000 (3 times in a row, the last at 23:30:21.000)',
      '23:30:22.000',
      '23:30:23.000',
      '23:30:24.000',
      '23:30:25.000',
      '23:30:26.000 (2 times in a row, the last at 2027-02-09 23:30:00.000)',
    ]);
  });

  test('a refused press says who, what and why, and many are counted', () => {
    const refused = {
      what: 'pressing GO on F2',
      code: 'SAME_PERSON',
      say: 'Mia Chen asked for this fire, so a *second* person must press GO.',
      times: 1,
    };
    expect(row({ refused })).toContain(
      '| Mia Chen | was refused: pressing GO on F2 (SAME\\_PERSON): Mia Chen asked for this fire, so a \\*second\\* person must press GO. |',
    );
    expect(row({ refused: { ...refused, times: 1_200 } })).toContain(
      '| Mia Chen | was refused 1,200 more times within a minute, the last time: pressing GO on F2 (SAME\\_PERSON) |',
    );
  });
});

test('every text that was sent stands in the timeline, whole, with how many got it in which shot', () => {
  const audience = {
    hash: 'abcdef0123',
    manifestKey: 'k',
    devices: 300,
    locales: { en: 210, es: 90 },
    segments: [
      { id: 'us-ios', platform: 'ios' as const, devices: 200, batches: 1, locales: { en: 180, es: 20 } },
      { id: 'br-ios', platform: 'ios' as const, devices: 100, batches: 1, locales: { en: 30, es: 70 } },
    ],
  };
  const changed = { ...runbook.campaign, locales: { en: { title: 'New | title', body: 'New text' } } };
  const [created, asked, approved] = entries;
  const all = record(
    ...([
      created,
      { kind: 'AudienceSet', audience, atMs: target - 2_000, by: { person: 'ana' } },
      asked,
      approved,
      { kind: 'CampaignSet', campaign: changed, contentHash: 'beef00aa', atMs: target + 20_000, by: { person: 'mia' } },
    ] as NewEntry[]),
  );
  const text = timelineMarkdown(all, [], { chain: { ok: true } });
  expect(text).toContain('### Content c0ffee00: sent in S3\n\n| locale | title | text | devices in S3 |');
  expect(text).toContain('| en | Did you see that? 👀 | Do your lesson. You know who is watching. | 180 |');
  expect(text).toContain('| es | ¿Lo viste? 👀 | Haz tu lección. Ya sabes quién te mira. | 20 |');
  expect(text).toContain(
    '### Content beef00aa: never sent\n\n| locale | title | text |\n|---|---|---|\n| en | New \\| title | New text |',
  );
  expect(text).toMatch(
    /With it: id "big-game", default\\_locale "en", .*sound "default".*apns\.topic "com\.example\.lingo"/,
  );
  expect(text).toContain(
    'set the campaign to content beef00aa (en). en title "Did you see that? 👀" → "New \\| title"; en body "Do your lesson. You know who is watching." → "New text"; es title "¿Lo viste? 👀" is gone',
  );
});

test('times are told relative to the target', () => {
  expect([relative(-7_384_000), relative(5_123), relative(0)]).toEqual(['T-2:03:04', 'T+0:00:05', 'T+0:00:00']);
});

test('totals add up by state and by reason', () => {
  const sum = sumTotals([
    { segment: 'a', attempt: 1, devices: 200, totals },
    { segment: 'b', attempt: 1, devices: 200, totals },
  ]);
  expect(sum).toMatchObject({ accepted: 380, failed: 16, late: 4, reasons: { Unregistered: 16 } });
  expect(describeTotals({ ...sum, accepted: 0, failed: 0, late: 0 })).toBe('nothing');
});

test('reasons with names that every object has add up', () => {
  const odd = {
    ...totals,
    accepted: 0,
    late: 0,
    failed: 5,
    reasons: JSON.parse('{"constructor":3,"__proto__":2}') as Record<string, number>,
  };
  const segment = { attempt: 1, devices: 5, totals: odd };
  expect(
    describeTotals(
      sumTotals([
        { segment: 'a', ...segment },
        { segment: 'b', ...segment },
      ]),
    ),
  ).toBe('10 failed (6 constructor, 4 __proto__)');
});
