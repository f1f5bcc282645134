import { describe, expect, test } from 'vitest';
import { blankMessage } from '../../infra/aws/channel-message.ts';
import { playSample } from '../../test/docs/sample-launch.ts';
import {
  audience,
  measuredAt,
  people,
  sampleRunbook,
  Scene,
  segmentTotals,
  T0_MS,
} from '../../test/properties/scene.ts';
import type { AudienceRef, Entry, Totals } from '../launch/entries.ts';
import type { Shot } from '../launch/launch.ts';
import { timelineOf } from '../record/model.ts';
import type { TimelineMessage } from '../record/rows.ts';
import type { Section } from './document.ts';
import { postmortemMarkdown } from './markdown.ts';
import { postmortemPage } from './page.ts';
import { postmortemOf } from './postmortem.ts';
import type { Postmortem, PostmortemOptions } from './postmortem.ts';

const told = (scene: Scene, messages: readonly TimelineMessage[] = [], options: Partial<PostmortemOptions> = {}) => {
  const found = postmortemOf(scene.entries, messages, { chain: { ok: true }, ...options });
  if (found === null) throw new Error('no postmortem');
  return found;
};

const message = (seq: number, atMs: number, more: Partial<TimelineMessage>): TimelineMessage => ({
  ...blankMessage(atMs),
  ts: `${seq}.1`,
  user: 'U0MARKET1',
  seq,
  hash: 'c'.repeat(64),
  ...more,
});

/** Languages are counted per segment, as a compiled audience has them. */
const counted: AudienceRef = {
  ...audience,
  segments: audience.segments.map((one) => ({
    ...one,
    locales: one.id === 'br-ios' ? { 'pt-BR': one.devices } : { en: one.devices },
  })),
};

const timing = {
  firstWriteMs: 110,
  p50Ms: 1_204,
  p95Ms: 1_800,
  p99Ms: 2_050,
  lastWriteMs: 4_300,
  perSecond: 232,
  peakPerSecond: 400,
};

/** A launch with a late fleet, a waived gate, a second text, wrong tokens, refused presses, a halt, and the rest sent after it. */
function troubled(): { scene: Scene; messages: TimelineMessage[] } {
  const scene = Scene.created(sampleRunbook({ rehearsal: { p99_within: '2s', refused_at_most: 0.05 } }));
  scene.does({ kind: 'set-audience', by: 'ana', audience: counted });
  scene.does({
    kind: 'order-scale',
    by: null,
    target: 'workers',
    desired: 2,
    step: 'scale-up',
    reason: 'step scale-up',
  });
  scene.nowMs += 300_000;
  scene.does({ kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: 'by hand' });
  scene.nowMs += 42_000;
  scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 342_000, stands: 2 });
  const gate = (status: 'green' | 'red') => ({
    gate: 'queues',
    status,
    value: status === 'red' ? 7 : 0,
    say: '7 messages wait',
    atMs: scene.nowMs,
  });
  scene.does({ kind: 'report-gate', measured: gate('green') });
  scene.nowMs += 60_000;
  scene.does({ kind: 'report-gate', measured: gate('red') });
  const end = T0_MS + 3_600_000;
  scene.does({
    kind: 'request-waiver',
    by: 'ana',
    gate: 'queues',
    segments: 'all',
    worst: 9,
    reason: 'left over',
    endsAtMs: end,
  });
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId: `W${scene.state.seq}` });
  const locales = { ...scene.state.campaign.locales, 'pt-BR': { title: 'Você viu?', body: 'Faça sua lição *agora*.' } };
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, locales } });
  scene.does({
    kind: 'tick-gate',
    by: 'mia',
    gate: 'copy-read',
    green: true,
    note: '',
    contentHash: scene.state.contentHash,
  });
  scene.nowMs = T0_MS;
  const red = { queues: { status: 'red' as const, value: 7 } };
  const order = scene.asked('all');
  scene.nowMs += 12_000;
  scene.does(scene.press(order, 'mia', { measured: measuredRed(scene.nowMs, red) }));
  const shot = scene.shot(`S${scene.state.seq}`);
  scene.nowMs += 4_000;
  scene.halt('ben');
  scene.nowMs += 30_000;
  scene.closes(scene.shot(shot.id), {
    'us-ios': { failed: 15, reasons: { Unregistered: 15 }, halted: 100 },
    'br-ios': { halted: 80 },
  });
  scene.does({ kind: 'report-timing', shotId: shot.id, timing });
  scene.nowMs += 60_000;
  const rest = scene.fired('cut-off', { lift: true });
  scene.nowMs += 5_000;
  scene.closes(rest);
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'all went out' });
  return { scene, messages: refusedPresses(shot) };
}

const measuredRed = (atMs: number, red: Record<string, { status: 'red'; value: number }>) =>
  ['credentials', 'workers', 'queues'].map((gate) => ({
    gate,
    status: 'green' as const,
    value: 0,
    say: 'fine',
    atMs,
    ...red[gate],
  }));

const refusedPresses = ({ pressedAtMs }: Shot): TimelineMessage[] => [
  message(1, pressedAtMs - 6_000, {
    user: 'U0OBSERVER',
    refused: { what: 'pressing GO on F12', code: 'ROLE_MISSING', say: 'an observer can not give GO', times: 1 },
  }),
  message(2, pressedAtMs - 5_000, {
    user: 'U9STRANGER',
    refused: { what: '/go halt <now>', code: 'NOT_ON_ROSTER', say: 'not on the roster', times: 3 },
  }),
  message(3, pressedAtMs + 3_000, { user: 'U0MARKET2', text: 'the link is *wrong* | stop <@U0ONCALL>' }),
  message(4, pressedAtMs + 3_500, { user: 'U0MARKET2', edits: '3.1', deleted: true }),
];

/** The lines of one section. */
function linesOf(text: string, title: string): string[] {
  const [, after = ''] = text.split(`## ${title}\n`);
  return (after.split(/\n## /)[0] ?? '').split('\n');
}

describe('somebody who was not there asks, and the document answers', () => {
  const { scene, messages } = troubled();
  const postmortem = told(scene, messages, { slackNames: new Map([['U9STRANGER', 'Visitor']]) });
  const text = postmortemMarkdown(postmortem);
  const [first, rest] = Object.values(scene.state.shots) as [Shot, Shot];
  const halt = scene.entries.find(({ kind }) => kind === 'HaltSet');
  const late = scene.entries.find(({ kind }) => kind === 'ScaleLate');
  const all = text.replaceAll(/\(?\[[em]\d+\]\(#[em]\d+\)(?:, )?\)?/g, '');

  test.each([
    ['who created it', 'How we responded', /Ana Ortiz \(on-call\): created the launch/],
    [
      'who asked and who approved',
      'What was sent to whom',
      new RegExp(`${first.id} .*\\| Ana Ortiz \\| Mia Chen \\| us-ios, us-android, br-ios`),
    ],
    ['when was GO pressed', 'What was sent to whom', `| ${first.id} | 2027-02-14 23:30:12.000 |`],
    [
      'what text did Brazil get',
      'What was sent to whom',
      '| pt-BR | Você viu? | Faça sua lição \\*agora\\*. | br | 200 | 200 |',
    ],
    [
      'what text did the United States get, and on how many devices',
      'What was sent to whom',
      '| en | Did you see that? | Do your lesson. | us | 800 | 500 |',
    ],
    ['what went with the text', 'What was sent to whom', 'With each text: id "big-game"'],
    [
      'how many devices were reached',
      'Summary',
      'Accepted for 985 of 1,000 devices (98.5%), in us and br. Of the others 15 had tokens that are refused for good.',
    ],
    [
      'how many did the halt stop, and in which markets',
      'Summary',
      `It stopped 180 devices of ${first.id} (100 in us, 80 in br); 805 had been accepted.`,
    ],
    ['who pressed HALT, and why', 'Summary', 'HALT 1, by Ben Okafor (“wrong link”)'],
    [
      'what resolved it',
      'Summary',
      `HALT 1 was lifted after 90.0 s, by the GO of ${rest.id}: asked for by Ana Ortiz, approved by Mia Chen.`,
    ],
    [
      'what became of those who were cut off',
      'Summary',
      `What it had cut off went out in ${rest.id} (us-ios, br-ios): 180 accepted`,
    ],
    [
      'what became of the American devices of the first shot',
      'Summary',
      `| ${first.id} | us | 800 | 685 | 15 | 0 | 100 | 0 | 0 |`,
    ],
    ['and of the Brazilian ones', 'Summary', `| ${first.id} | br | 200 | 120 | 0 | 0 | 80 | 0 | 0 |`],
    ['who ended it', 'Summary', 'The launch was closed by Ana Ortiz (“all went out”)'],
    [
      'when did the fleet arrive',
      'How we responded',
      /\| workers \| 2 \| scale-up \| 2027-02-14 22:35:42\.000 \| told as late.* \| 342\.0 s \|/,
    ],
    [
      'who noticed that it was late, and after what time',
      'How it was noticed',
      '| fleet workers was late | the watch over fleets | 1 of 2 running, 0 ready | 300.0 s after it was ordered |',
    ],
    [
      'which gate showed what',
      'How it was noticed',
      '| gate queues was red, and not green again | the gate | 7 messages wait |',
    ],
    [
      'who saw the problem first, and how long it had been so',
      'How it was noticed',
      `| HALT 1 | a person: Ben Okafor | “wrong link” | at most 4.00 s, since GO of ${first.id} |`,
    ],
    [
      'what did the providers refuse',
      'How it was noticed',
      `| 15 tokens of ${first.id} are bad | the providers | 15 Unregistered |`,
    ],
    [
      'who tried to fire and could not',
      'How we responded',
      '| Olu Adeyemi | pressing GO on F12 | ROLE\\_MISSING: an observer can not give GO | 1 |',
    ],
    [
      'who tried to halt and could not',
      'How we responded',
      '| Visitor (U9STRANGER) | /go halt \\<now\\> | NOT\\_ON\\_ROSTER: not on the roster | 3 |',
    ],
    [
      'how long from the ask to GO, to the first push, to HALT, and from HALT to the last',
      'How we responded',
      `| ${first.id} | 12.0 s | 110 ms | 4.30 s | 4.00 s | 300 ms | 34.0 s |`,
    ],
    [
      'who talked in the channel',
      'How we responded',
      /Ben Okafor \(marketer\): pressed HALT, 1 message in the channel/,
    ],
    ['who waived a gate', 'How we responded', /Mia Chen \(marketer\): granted a waiver/],
    [
      'what could not be done when it was tried',
      'Contributing factors',
      'Presses and commands that the rules did not take: /go halt \\<now\\> (3 times) and pressing GO on F12.',
    ],
    ['which gates were waived', 'Contributing factors', 'Gates that were waived by two people: queues.'],
    ['how many tokens were wrong', 'Contributing factors', `15 tokens of ${first.id} were refused for good.`],
    ['was the target of p99 kept', 'Figures', '| p99 | at most 2.00 s: not kept | 2.05 s |'],
    ['and that of wrong tokens', 'Figures', '| tokens refused for good | at most 5 %: kept | 15 |'],
    ['was it rehearsed', 'Figures', 'It was not rehearsed in this record'],
    ['who owns what comes next', 'Open questions', '| when | what | owner | until (date) | how it stands |'],
    [
      'what must be asked of people',
      'Open questions',
      'HALT 1: when did somebody first see the problem, and what showed it?',
    ],
  ])('%s', (_, section, answer) => {
    const lines = linesOf(all, section);
    expect(
      lines.filter((line) => (typeof answer === 'string' ? line.includes(answer) : answer.test(line))),
      lines.join('\n'),
    ).toHaveLength(1);
  });

  test('each statement that the record knows leads to its entry', () => {
    expect(text).toContain(`HALT 1, by Ben Okafor (“wrong link”). It stopped 180 devices`);
    expect(text).toMatch(new RegExp(`pressed HALT, 1 message in the channel \\(\\[e${halt?.seq}\\]`));
    expect(text).toContain(
      `| <a id="e${late?.seq}"></a>e${late?.seq} | 2027-02-14 22:35:00.000 | T-0:55:00 | conductor | workers is late: 1 of 2 running`,
    );
    const named = new Set([...text.matchAll(/\[([em]\d+)\]\(#/g)].map(([, id]) => id));
    const there = new Set([...text.matchAll(/<a id="([em]\d+)">/g)].map(([, id]) => id));
    expect(named).toEqual(there);
    for (const { id, blocks } of postmortem.sections.filter(({ id }) => id !== 'questions'))
      for (const block of blocks)
        if (block.kind === 'list')
          for (const one of block.statements) expect([id, one.text, one.proof.length]).not.toContain(0);
  });

  test('what a halt had cut off is told once, by the attempt that came next', () => {
    expect(linesOf(text, 'Summary').filter((line) => line.includes('What it had cut off'))).toHaveLength(1);
  });

  test('no name stands among the contributing factors or in a question', () => {
    const asked = postmortem.sections.flatMap((section) => wordsIn(section, ['factors', 'questions']));
    expect(asked.length).toBeGreaterThan(15);
    for (const { name } of people) expect(asked.filter((line) => line.includes(name))).toEqual([]);
    expect(asked.join('\n')).not.toMatch(/root cause|fault|blame|mistake|fail(?:ed|ure) to|should have/i);
  });
});

/** What the bot itself says there. */
function wordsIn({ id, blocks }: Section, ids: readonly string[]): string[] {
  if (!ids.includes(id)) return [];
  return blocks.flatMap((block) => {
    if (block.kind === 'list') return block.statements.map(({ text }) => text);
    return block.kind === 'questions' ? block.questions.map(({ question }) => question) : [];
  });
}

const listIn = ({ sections }: Postmortem, ids: readonly string[]) =>
  sections.flatMap((section) => wordsIn(section, ids));

describe('what stands on top', () => {
  const top = (scene: Scene, options: Partial<PostmortemOptions> = {}) =>
    told(scene, [], options).notices.map(({ text }) => text);

  test('of a launch that has sent nothing and is open: both', () => {
    expect(top(Scene.ready())).toEqual([
      'Nothing was sent.',
      'The launch is not closed yet: this tells it as far as its record goes.',
    ]);
    expect(postmortemMarkdown(told(Scene.ready()))).toContain('> **Nothing was sent.**');
  });

  test('a shot that runs, a launch that was stood down, a record that is broken', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(top(scene)[0]).toBe(`${shot.id} is not counted yet: its figures are missing below.`);
    expect(top(scene, { chain: { ok: false, seq: 3, why: 'hash differs' } }).at(-1)).toContain(
      'THE RECORD IS BROKEN at entry 3: hash differs',
    );
    scene.closes(shot);
    scene.does({ kind: 'stand-down', by: 'ana', reason: 'the ad was pulled' });
    expect(top(scene)[0]).toBe('The launch was stood down: the ad was pulled');
  });

  test('a record that can not be followed is told as far as it can, and one without a beginning is none', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired(['us-ios']));
    const closed = scene.entries.findLast(({ kind }) => kind === 'ShotClosed');
    const cut = scene.entries.filter((entry) => entry.kind !== 'FireRequested');
    expect(closed).toBeDefined();
    const found = postmortemOf(cut, [], { chain: { ok: false, seq: 4, why: 'a gap' } });
    expect(found?.notices.map(({ text }) => text)).toContain('Nothing was sent.');
    expect(postmortemOf(scene.entries.slice(1), [], { chain: { ok: true } })).toBeNull();
    expect(postmortemOf([], [], { chain: { ok: true } })).toBeNull();
  });

  const kinds = new Map(playSample().map(({ entry }) => [entry.kind, entry]));
  test.each([...kinds])('a %s that was cut, or is of anything else, stops no postmortem', (kind, entry) => {
    const before = Scene.ready().entries;
    const without = (name: string) => Object.fromEntries(Object.entries(entry).filter(([field]) => field !== name));
    const odd = [
      {},
      ...Object.keys(entry).flatMap((name) => [without(name), { ...entry, [name]: null }, { ...entry, [name]: [{}] }]),
    ];
    for (const one of odd) {
      const cut = { ...one, kind, seq: before.length + 1 } as unknown as Entry;
      const found = postmortemOf([...before, cut], [], { chain: { ok: false, seq: cut.seq, why: 'changed' } });
      expect(postmortemMarkdown(found as Postmortem), JSON.stringify(cut)).toContain('THE RECORD IS BROKEN');
    }
  });
});

test('a launch where nothing went wrong gets one: what to keep', () => {
  const scene = Scene.ready();
  scene.nowMs = T0_MS;
  scene.closes(scene.fired('all'));
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const postmortem = told(scene);
  expect(postmortem.notices).toEqual([]);
  expect(listIn(postmortem, ['questions'])).toEqual(
    expect.arrayContaining([
      'Two people released each shot.',
      'Every gate was green at GO, and none was waived.',
      'Nothing had to be stopped.',
      'Every device was accounted for when its shot was closed, and no figure had to be corrected.',
      'The record knows of nothing that made it harder: what was done this time is what to keep.',
    ]),
  );
  const text = postmortemMarkdown(postmortem);
  expect(linesOf(text, 'Contributing factors')).toContain('The record knows of none.');
  expect(linesOf(text, 'How it was noticed')).toContain(
    'No gate, watch or person noticed anything that was not as planned.',
  );
});

test('evidence leads to the message in which the bot told of it, in Markdown and page', () => {
  const scene = Scene.ready();
  scene.closes(scene.fired('all'));
  const go = scene.entries.find(({ kind }) => kind === 'FireApproved')?.seq ?? 0;
  const link = 'https://x.slack.com/archives/C1/p1';
  const found = told(scene, [], { links: new Map([[go, link]]) });
  const row = postmortemMarkdown(found)
    .split('\n')
    .find((line) => line.startsWith(`| <a id="e${go}">`));
  expect(row).toContain(`([message](${link}))`);
  const page = postmortemPage(found, { style: '', sha256: () => '', curves: {} });
  expect(page.split(`<tr id="e${go}">`)[1]?.split('</tr>')[0]).toContain(`<a href="${link}"`);
});

test('speed is held against what was asked for: slower was noticed and is asked about, in time is worth keeping', () => {
  const played = (p99Ms: number, asked = true) => {
    const scene = Scene.ready(asked ? sampleRunbook({ rehearsal: { p99_within: '2s' } }) : sampleRunbook());
    const shot = scene.fired(['us-ios']);
    scene.closes(shot);
    scene.does({ kind: 'report-timing', shotId: shot.id, timing: { ...timing, p99Ms } });
    const at = `e${scene.entries.at(-1)?.seq}`;
    return { text: postmortemMarkdown(told(scene)), shot: shot.id, proof: `[${at}](#${at})` };
  };
  const slow = played(2_050);
  expect(slow.text).toContain(`Not as planned: the speed of ${slow.shot}.`);
  expect(slow.text).toContain(`- ${slow.shot} reached 99 of 100 within 2.05 s; 2.00 s were asked for. (${slow.proof})`);
  expect(slow.text).toContain(`What kept the last ones of ${slow.shot} waiting?`);
  const fast = played(2_000);
  expect(fast.text).toContain(`- ${fast.shot} reached 99 of 100 within 2.00 s, as asked for (2.00 s). (${fast.proof})`);
  expect(fast.text).not.toContain('waiting?');
  expect(played(60_000, false).text).not.toMatch(/99 of 100/);
});

test('each figure leads to the entries that it rests on, and none to those of another record', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  scene.closes(shot);
  scene.does({ kind: 'report-timing', shotId: shot.id, timing });
  const seqOf = (kind: Entry['kind']) => `e${scene.entries.findLast((entry) => entry.kind === kind)?.seq}`;
  const another = Scene.ready();
  for (let more = 0; more < 40; more += 1) another.does({ kind: 'note', by: 'ana', text: 'on and on' });
  another.closes(another.fired(['us-ios']));
  const found = told(scene, [], { other: { launch: another.state, entries: another.entries } });
  const [table] = found.sections.flatMap(({ id, blocks }) => (id === 'figures' ? blocks : []));
  if (table?.kind !== 'table') throw new Error('no figures');
  const proofs = Object.fromEntries(table.rows.map(({ cells, proof }) => [cells[0], proof]));
  const [asked, go, closed, timed] = (['FireRequested', 'FireApproved', 'ShotClosed', 'ShotTimed'] as const).map(seqOf);
  expect(proofs).toMatchObject({
    'gates not green at GO': [go],
    halts: [],
    accepted: [go, closed],
    'ask to GO': [asked, go],
    p99: [timed],
  });
});

test('it stands beside its last rehearsal and another launch', () => {
  const entries = playSample().map(({ entry }) => entry);
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  const rest: Partial<Totals> = { failed: 20, reasons: { Unregistered: 20 } };
  scene.does({
    kind: 'close-shot',
    shotId: shot.id,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 1, 500, rest)],
  });
  scene.does({ kind: 'report-timing', shotId: shot.id, timing });
  const found = postmortemOf(entries, [], {
    chain: { ok: true },
    other: { launch: { ...scene.state, name: 'Last | year', id: 'superbowl-2026' }, entries: scene.entries },
  });
  const lines = linesOf(found === null ? '' : postmortemMarkdown(found), 'Figures');
  expect(lines.find((line) => line.startsWith('|  |'))).toContain(
    '| asked for | this launch | infrastructure rehearsal R4, 2027-02-13 | Last \\| year (superbowl-2026) |',
  );
  expect(lines.find((line) => line.startsWith('| devices'))).toContain('| devices | – | 1,500 | 1,500 | 500 |');
  expect(lines.find((line) => line.startsWith('| p99'))).toContain('| 702 ms | – | 2.05 s |');
  expect(lines.find((line) => line.startsWith('| fleet workers'))).toContain(
    '| at most 300.0 s | 342.0 s | 184.0 s | – |',
  );
});

test('every kind of entry has its place in the sample, and a plan is held against the target that it had then', () => {
  const entries = playSample().map(({ entry }) => entry);
  const found = postmortemOf(entries, [], { chain: { ok: true } });
  const text = found === null ? '' : postmortemMarkdown(found);
  // The target was moved by ten minutes after that.
  expect(text).toContain(
    '| workers | 2 | scale-up | 2027-02-14 19:35:46.000 | told as late; ordered 4.00 s after its time |',
  );
  expect(text).toMatch(/2027-02-14 19:36:48\.000 \| ordered 4\.00 s after its time \|/);
  expect(text).toContain('Mia Chen (armed)');
  // The last push came before HALT.
  expect(text).toContain('| S54 | 1.00 s | 93 ms | 731 ms | 900 ms | 0 ms | 2.00 s |');
  expect(text).toContain('Nothing of S54 was written after HALT 1.');
  // The text was set before copies of it were read.
  expect(text).not.toContain('The text was changed');
  expect(text).toContain('| order F49 did not go at its moment | the conductor |');
  expect(text).toContain('The target was moved once.');
  expect(text).toContain('Noted by the bot: A queue was made again.');
  expect(text.split('from what the bot noted by itself?')).toHaveLength(2);
});

test('what was too late, and goes anew with what a halt had cut off, was not cut off by it', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios', 'us-android']);
  scene.halt();
  scene.closes(scene.shot(shot.id), {
    'us-ios': { late: 7 },
    'us-android': { halted: 300 },
  });
  const rest = scene.fired(['us-ios', 'us-android'], { lift: true });
  scene.closes(rest);
  const text = postmortemMarkdown(told(scene));
  expect(rest.segments.map(({ segment }) => segment)).toEqual(['us-ios', 'us-android']);
  expect(text).toContain('It stopped 300 devices');
  expect(text).toContain(`What it had cut off went out in ${rest.id} (us-android): 300 accepted`);
  expect(text).toContain('Not fired so far: br-ios (200 devices).');
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  expect(postmortemMarkdown(told(scene))).toContain('Never fired: br-ios (200 devices).');
});

test('of an order that was armed ahead, the wait for its moment is no time that a second person took', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios'], { momentMs: scene.nowMs + 600_000 });
  scene.nowMs += 12_000;
  scene.does(scene.press(order));
  scene.nowMs += 588_000;
  const { shotId } = scene.gives('FireApproved', {
    kind: 'release-fire',
    orderId: order.id,
    measured: measuredAt(scene.nowMs),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  scene.closes(scene.shot(shotId));
  const text = postmortemMarkdown(told(scene));
  expect(linesOf(text, 'How we responded').join('\n')).toContain(`| ${shotId} | 12.0 s |`);
  const armed = `[e${scene.order(order.id).armed?.seq}]`;
  for (const title of ['How we responded', 'Figures'])
    expect(linesOf(text, title).find((line) => line.includes('| 12.0 s |'))).toContain(armed);
  expect(linesOf(text, 'Figures').find((line) => line.startsWith('| ask to GO'))).toContain('| 12.0 s |');
});

describe('what is not told', () => {
  test('a gate that has not become green yet is preparation', () => {
    const scene = Scene.ready();
    for (const status of ['red', 'green'] as const)
      scene.does({ kind: 'report-gate', measured: { gate: 'queues', status, value: 0, say: '', atMs: scene.nowMs } });
    expect(postmortemMarkdown(told(scene))).toContain('No gate, watch or person noticed anything');
  });

  test('a step that the plan itself leaves to people waits for one as planned; one that came too late was noticed', () => {
    const scene = Scene.created(sampleRunbook());
    scene.nowMs = T0_MS - 1_800_000;
    scene.does({ kind: 'put-step', step: 'ask', why: 'it never starts by itself' });
    const planned = told(scene);
    expect(postmortemMarkdown(planned)).not.toMatch(/was put to a person|could not begin by themselves/);
    scene.does({ kind: 'put-step', step: 'scale-up', why: 'it was due 3 h ago' });
    const late = postmortemMarkdown(told(scene));
    expect(late).toMatch(/step scale-up was put to a person/);
    expect(late).toMatch(/could not begin by themselves at their time: scale-up\./);
    const lanes = timelineOf(scene.entries, [], { chain: { ok: true } })?.rows.filter(({ kind }) => kind === 'StepPut');
    expect(lanes?.map(({ lane }) => lane)).toEqual(['plan', 'incidents']);
  });

  test('a text that nobody in the shot reads was not sent', () => {
    const scene = Scene.created();
    scene.does({ kind: 'set-audience', by: 'ana', audience: counted });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    scene.closes(scene.fired(['us-ios']));
    const lines = linesOf(postmortemMarkdown(told(scene)), 'What was sent to whom');
    expect(lines.filter((line) => /^\| (?:en|pt-BR) \|/.test(line)).map((line) => line.slice(0, 5))).toEqual(['| en ']);
  });
});

test('a halt that found nothing to stop, and one whose shot is not counted yet', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  scene.halt('ben');
  const summary = () =>
    told(scene).sections[0]?.blocks.flatMap((block) =>
      block.kind === 'list' ? block.statements.map(({ text }) => text) : [],
    );
  expect(summary()).toContain(
    `HALT 1, by Ben Okafor (“wrong link”). What it stopped of ${shot.id} is not counted yet.`,
  );
  expect(summary()).toContain('HALT 1 was not lifted.');
  scene.closes(shot);
  expect(summary()).toContain(
    `HALT 1, by Ben Okafor (“wrong link”). Nothing of ${shot.id} was left to stop; 500 had been accepted.`,
  );
});

test('while a shot runs nobody is said to have got nothing, and one who did not is never rounded away', () => {
  const scene = Scene.ready();
  scene.closes(scene.fired(['us-android']), { 'us-android': { failed: 1, reasons: { Unregistered: 1 } } });
  const reached = () => listIn(told(scene), ['summary'])[0];
  expect(reached()).toBe(
    'Accepted for 299 of 300 devices (99.66%), in us. Of the others 1 had tokens that are refused for good.',
  );
  scene.fired(['us-ios']);
  expect(reached()).toBe('Accepted for 299 of 300 devices (99.66%), in us.');
});

describe('a HALT that a second person presses while all is halted already', () => {
  const scene = Scene.ready();
  const first = scene.fired('all');
  scene.halt('ben');
  scene.nowMs += 320;
  scene.halt('ana');
  scene.closes(first, {
    'us-ios': { failed: 15, reasons: { Unregistered: 9, InternalServerError: 6 }, halted: 480 },
    'us-android': { halted: 300 },
    'br-ios': { halted: 200 },
  });
  scene.does({ kind: 'report-timing', shotId: first.id, timing: { ...timing, p99Ms: 300 } });
  const open = told(scene);
  scene.nowMs += 10_000;
  const rest = scene.fired('cut-off', { lift: true });
  scene.closes(rest, { 'us-ios': { uncertain: 4, failed: 1, reasons: { Unregistered: 1 } } });
  scene.does({ kind: 'report-timing', shotId: rest.id, timing: { ...timing, p99Ms: 9_000 } });
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  const text = postmortemMarkdown(told(scene)).replaceAll(/ ?\(?\[[em]\d+\]\(#[em]\d+\)(?:, )?\)?/g, '');
  const lines = (title: string) => linesOf(text, title).join('\n');

  test('is no halt of its own: they are lifted together, and what it was like is asked once', () => {
    expect(lines('Summary')).toContain(
      'HALT 2, by Ana Ortiz (“wrong link”), 320 ms later, when all was halted already.',
    );
    expect(lines('Summary')).toContain(`HALT 1 and 2 were lifted after 10.3 s, by the GO of ${rest.id}`);
    expect(lines('Summary')).not.toMatch(/not lifted|Nothing was being sent/);
    expect(listIn(open, ['summary'])).toContain('HALT 1 and 2 were not lifted.');
    expect(lines('How it was noticed')).toContain('all was halted already, by HALT 1');
    expect(lines('Open questions')).toContain('HALT 1: when did');
    expect(lines('Open questions')).not.toContain('HALT 2: when did');
    expect(lines('Figures')).toMatch(/\| halts \| – \| 1 \|/);
    expect(lines('Summary').match(new RegExp(`\\| ${first.id} \\| \\w+`, 'g'))).toEqual([
      `| ${first.id} | br`,
      `| ${first.id} | us`,
    ]);
  });

  test('those who were cut off are counted once, and everybody adds up', () => {
    expect(listIn(open, ['summary'])[0]).toBe(
      'Accepted for 5 of 1,000 devices (0.5%), in us and br. Of the others 9 had tokens that are refused for good, 980 were within reach of a further order and 6 got nothing for other reasons.',
    );
    expect(lines('Summary')).toContain(
      'Accepted for 980 of 1,000 devices (98%), in us and br. Of the others 10 had tokens that are refused for good, 4 may or may not have got it and 6 got nothing for other reasons.',
    );
    expect(lines('How it was noticed')).toContain(
      `| 9 tokens of ${first.id} are bad | the providers | 9 Unregistered |`,
    );
  });

  test('speed is that of the shot by which most were reached', () => {
    expect(lines('Figures')).toMatch(/\| p99 \| [^|]+ \| 9\.00 s \|/);
  });
});

test('of many things that could not be done a few are named, the most frequent first', () => {
  const scene = Scene.ready();
  const refused = (at: number, times: number) =>
    message(at, scene.nowMs + at, { refused: { what: `/go scale ${at}`, code: 'VALUE_INVALID', say: 'no', times } });
  const text = postmortemMarkdown(
    told(
      scene,
      [1, 1, 9, 1, 1, 2].map((times, at) => refused(at + 1, times)),
    ),
  );
  expect(text).toContain(
    'did not take: /go scale 3 (9 times), /go scale 6 (2 times), /go scale 1, /go scale 2 and 2 more. (',
  );
});

test('a text that was changed after copies of it were read is a factor', () => {
  const scene = Scene.ready();
  scene.does({ kind: 'request-test', by: 'mia', to: ['ana'] });
  const results = [{ person: 'ana', platform: 'ios' as const, accepted: true, reason: '', tookMs: 84 }];
  scene.does({ kind: 'report-test', testId: `T${scene.state.seq}`, results });
  const locales = { ...scene.state.campaign.locales, en: { title: 'A', body: 'B' } };
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, locales } });
  expect(listIn(told(scene), ['factors'])).toContain(
    'The text was changed once after copies of it had been read on phones.',
  );
});

test('outcomes by language stand with how they were counted, and later corrections are named; before that, what counts them', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['br-ios']);
  const devices = scene.devicesOf(shot, 'br-ios');
  scene.closes(shot);
  const text = () => postmortemMarkdown(told(scene));
  expect(text()).toContain('Not counted: the accounts of batches tell no languages apart. /go audience outcomes');
  const texts = (states: Record<string, number>) => [{ segment: 'br-ios', text: 'pt-BR', states }];
  const counts = (states: Record<string, number>, untold: number) =>
    scene.does({
      kind: 'record-outcomes',
      by: 'ana',
      shots: [{ shotId: shot.id, texts: texts(states), untold }],
      refused: null,
    });
  counts({ accepted: devices - 2 }, 2);
  expect(text()).toContain(`| ${shot.id} | br | br-ios | pt-BR | ${devices - 2} | [e${scene.state.seq}]`);
  expect(text()).toContain('the accounts of the batches (2 devices have no account any more)');
  expect(text()).not.toContain('say otherwise');
  counts({ accepted: devices - 1, failed: 1 }, 0);
  expect(text()).toContain(`The totals of ${shot.id} say otherwise`);
});

test('outcomes of more segments and languages than anybody reads stand by language alone, with where the rest is', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['br-ios']);
  scene.closes(shot);
  const text = (segments: number, each: number) => {
    const texts = Array.from({ length: segments }, (_, at) =>
      ['en', 'pt-BR'].map((one) => ({ segment: `m${at}-ios`, text: one, states: { accepted: each } })),
    ).flat();
    const untold = scene.devicesOf(shot, 'br-ios') - texts.length * each;
    scene.does({ kind: 'record-outcomes', by: 'ana', shots: [{ shotId: shot.id, texts, untold }], refused: null });
    return postmortemMarkdown(told(scene));
  };
  expect(text(20, 5)).toContain(`| ${shot.id} | m19-ios | m19-ios | pt-BR | 5 |`);
  const long = text(21, 4);
  expect(long).toContain(`| ${shot.id} | pt-BR | 84 |`);
  expect(long).not.toContain('m19-ios |');
  expect(long).toContain(`By segment they stand in entry ${scene.state.seq} of the export`);
});

test("the bot's books are no factors: what it cost, tasks of the audience that did what was asked, and that something is over", () => {
  const scene = Scene.ready();
  for (const text of [
    'Count 1 begins: Ana Ortiz has outcomes counted by language.',
    'Count 1 ends: set. Outcomes of S1 are in the record.',
    'Skip list 1 ends: set. 4 tokens refused for good.',
    'What the launch cost on top of what ran anyway, by the price list: $0.02.',
    'Sample 2 ends: failed. The task is gone.',
  ])
    scene.does({ kind: 'note', by: null, text });
  scene.does({ kind: 'note', by: null, text: 'iOS moves again after 4 s.', said: true, over: true });
  const found = postmortemOf(scene.entries, [], { chain: { ok: true } });
  const [, before = '', factors = ''] =
    /^([^]*)\n## Contributing factors\n([^]*?)\n## /m.exec(found === null ? '' : postmortemMarkdown(found)) ?? [];
  expect(factors.match(/Noted by the bot: .*?\./g)).toEqual(['Noted by the bot: Sample 2 ends: failed.']);
  const noticed = /\n## How it was noticed\n([^]*?)\n## /.exec(before)?.[1] ?? '';
  expect(noticed.match(/\| noted \|/g)).toHaveLength(1);
});
