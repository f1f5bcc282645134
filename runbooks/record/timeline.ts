import { badTokenCount } from '../launch/bad-tokens.ts';
import { campaignChanges, changesText } from '../launch/campaign-parts.ts';
import type { Entry, EntryOf, SegmentTotals } from '../launch/entries.ts';
import { evolve } from '../launch/evolve.ts';
import type { Launch } from '../launch/launch.ts';
import { peopleIn } from '../launch/people.ts';
import { sumTotals } from '../launch/totals.ts';
import { heldOutIn } from '../launch/variants.ts';
import { readable } from './chat.ts';
import {
  actorName,
  describeEntry,
  describeTiming,
  heldOutText,
  leftBehindText,
  missedText,
  number,
  resultText,
  segmentList,
  stillToSendText,
  shortHash,
} from './describe.ts';
import type { Names } from './describe.ts';
import { escape } from './markdown.ts';
import { textsSection } from './texts.ts';

/** What somebody wanted and did not get: a press or a command that was refused. */
export interface Refused {
  what: string;
  code: string;
  say: string;
  /** More than one: so many alike or further ones within a minute, counted instead of written out. */ times: number;
}

/** What a person wrote in the channel, or was refused, from the chain of channel messages. Edits and deletions are messages of their own. */
export interface TimelineMessage {
  ts: string;
  user: string;
  text: string;
  atMs: number;
  /** The ts of the message that this one edits or deletes; null for a new message. */
  edits: string | null;
  deleted: boolean;
  permalink: string | null;
  files: string[];
  refused?: Refused | undefined;
}

export interface TimelineOptions {
  /** Slack id → name, for people who are not on the roster. */
  slackNames?: Names;
  /** What verifying the hash chain gave; said at the top. */
  chain: { ok: true } | { ok: false; seq: number; why: string };
}

interface Row {
  atMs: number;
  order: number;
  who: string;
  what: string;
}

/**
 * The record of a launch as Markdown: head, what was fired, and one line for every entry and every message,
 * in order of time (UTC, milliseconds, and relative to the target). Nothing is left out.
 */
export function timelineMarkdown(
  entries: readonly Entry[],
  messages: readonly TimelineMessage[],
  options: TimelineOptions,
): string {
  const created = entries.find((entry): entry is EntryOf<'LaunchCreated'> => entry.kind === 'LaunchCreated');
  if (created === undefined) return '# Timeline\n\nThe record is empty.\n';
  const names = namesOf(entries);
  const slackNames = slackNamesOf(entries, options.slackNames ?? new Map());
  const target = entries.reduce(
    (at, entry) => (entry.kind === 'TargetMoved' ? entry.targetAtMs : at),
    created.targetAtMs,
  );

  const { said: behind, last } = followed(entries);
  const rows: Row[] = [
    ...entries.map((entry): Row => ({
      atMs: entry.atMs,
      order: entry.seq,
      who: actorName(entry.by, names),
      what: what(entry, names, { orders: last?.orders ?? {}, after: behind.get(entry.seq) ?? '' }),
    })),
    ...messages.map((message, index): Row => ({
      atMs: message.atMs,
      order: entries.length + index + 1,
      who: slackNames.get(message.user) ?? message.user,
      what: said(message, slackNames),
    })),
  ].toSorted((a, b) => a.atMs - b.atMs || a.order - b.order);

  return [
    ...head(created, entries, target, names, options),
    ...shots(entries, names, last),
    ...textsSection(entries),
    ...table(rows, target),
  ].join('\n');
}

function head(
  created: EntryOf<'LaunchCreated'>,
  entries: readonly Entry[],
  target: number,
  names: Names,
  options: TimelineOptions,
): string[] {
  const last = entries.at(-1);
  const chain = options.chain.ok
    ? `${number(entries.length)} entries, hash chain verified, head \`${last?.hash ?? ''}\``
    : `**BROKEN at entry ${options.chain.seq}: ${options.chain.why}**`;
  return [
    `# ${escape(created.name)}: timeline`,
    '',
    '| | |',
    '|---|---|',
    `| launch | \`${created.launchId}\` |`,
    `| runbook | ${escape(created.runbook.title)} (\`${created.runbook.id}\`, ${shortHash(created.runbookHash)}) |`,
    `| target | ${stamp(target)} UTC |`,
    `| people | ${escape([...names.values()].join(', '))} |`,
    `| record | ${chain} |`,
    '',
  ];
}

/** `last`: the launch at its end, as far as its record can be followed. */
function shots(entries: readonly Entry[], names: Names, last: Launch | null): string[] {
  const approvals = entries.filter((entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved');
  if (approvals.length === 0) return ['## Shots', '', 'Nothing was fired.', ''];
  let bad = 0;
  const lines = [
    '## Shots',
    '',
    '| shot | asked by | GO by | at (UTC) | segments | devices | result | speed |',
    '|---|---|---|---|---|---:|---|---|',
  ];
  for (const approval of approvals) {
    const request = entries.find((entry) => entry.kind === 'FireRequested' && entry.orderId === approval.orderId) as
      | EntryOf<'FireRequested'>
      | undefined;
    const segments = outcome(entries, approval.shotId);
    const totals = segments === null ? null : sumTotals(segments);
    const heldOut = heldOutIn(last?.shots[approval.shotId]?.audience ?? null, approval.shown.segments);
    const missed = segments === null ? '' : missedText(segments, closeOf(entries, approval.shotId)?.cause === 'halt');
    bad += badTokenCount(totals?.reasons ?? {});
    lines.push(
      `| ${approval.shotId} | ${escape(request === undefined ? '?' : actorName(request.by, names))} | ${escape(actorName(approval.by, names))} | ${stamp(approval.pressedAtMs)} | ${escape(segmentList(approval.shown.segments))} | ${number(request?.devices ?? 0)}${heldOutText(heldOut)} | ${segments === null ? 'running' : escape(resultText(segments))}${missed === '' ? '' : `. **${escape(missed)}**`} | ${escape(speed(entries, approval.shotId))} |`,
    );
  }
  const left = last === null ? '' : stillToSendText(last, Object.keys(last.attempts));
  if (left !== '') lines.push('', `Not reached at the end: ${escape(left)}`);
  if (bad > 0)
    lines.push(
      '',
      `Tokens refused for good: ${number(bad)}. For the next launch's skip list: \`npm run audience -- bad-tokens --launch ${approvals[0]?.launchId ?? ''}\``,
    );
  return [...lines, ''];
}

/** The closing totals with every later correction of a segment in place of what it corrects; null while it runs. */
function outcome(entries: readonly Entry[], shotId: string): SegmentTotals[] | null {
  const closed = closeOf(entries, shotId);
  if (closed === undefined) return null;
  const segments = new Map(closed.segments.map((segment) => [segment.segment, segment]));
  for (const entry of entries) {
    if (entry.kind === 'ShotCorrected' && entry.shotId === shotId)
      for (const segment of entry.segments) segments.set(segment.segment, segment);
  }
  return [...segments.values()];
}

function closeOf(entries: readonly Entry[], shotId: string): EntryOf<'ShotClosed'> | undefined {
  return entries.find(
    (entry): entry is EntryOf<'ShotClosed'> => entry.kind === 'ShotClosed' && entry.shotId === shotId,
  );
}

function speed(entries: readonly Entry[], shotId: string): string {
  const timed = entries.find(
    (entry): entry is EntryOf<'ShotTimed'> => entry.kind === 'ShotTimed' && entry.shotId === shotId,
  );
  return timed === undefined ? '-' : describeTiming(timed.timing);
}

function table(rows: readonly Row[], target: number): string[] {
  const lines = ['## Timeline', ''];
  let day = '';
  for (const row of rows) {
    const here = stamp(row.atMs).slice(0, 10);
    if (here !== day) {
      if (day !== '') lines.push('');
      lines.push(`### ${here} (UTC)`, '', '| time | T | who | what |', '|---|---|---|---|');
      day = here;
    }
    lines.push(`| ${stamp(row.atMs).slice(11)} | ${relative(row.atMs - target)} | ${escape(row.who)} | ${row.what} |`);
  }
  return [...lines, ''];
}

const LOUD = /^(?:FireRequested|FireApproved|HaltSet|HaltLifted|ShotClosed|ShotCorrected|StoodDown)$/;

/** What a shot or a late account left to a further order and what a change of the content changed, by sequence, and the launch at the end. A record that can't be followed to its end says it as far as it can. */
function followed(entries: readonly Entry[]): { said: Map<number, string>; last: Launch | null } {
  const said = new Map<number, string>();
  let launch: Launch | null = null;
  for (const entry of entries) {
    let after: Launch;
    try {
      after = evolve(launch, entry);
    } catch {
      // The head of the timeline says where the record is broken.
      return { said, last: null };
    }
    if (entry.kind === 'ShotCorrected') {
      const before: Launch['leftBehind'] = launch?.leftBehind ?? {};
      said.set(
        entry.seq,
        leftBehindText(
          after,
          entry.segments
            .map(({ segment }) => segment)
            .filter((segment) => before[segment] !== after.leftBehind[segment]),
        ),
      );
    }
    if (entry.kind === 'ShotClosed')
      said.set(
        entry.seq,
        stillToSendText(
          after,
          entry.segments.map(({ segment }) => segment),
        ),
      );
    if (entry.kind === 'CampaignSet' && launch !== null)
      said.set(entry.seq, changesText(campaignChanges(launch.campaign, entry.campaign)));
    launch = after;
  }
  return { said, last: launch };
}

function what(entry: Entry, names: Names, { orders, after }: { orders: Launch['orders']; after: string }): string {
  const text = escape(`${describeEntry(entry, names, orders)}${after === '' ? '' : `. ${after}`}`);
  return LOUD.test(entry.kind) ? `**${text}**` : text;
}

function said(message: TimelineMessage, names: Names): string {
  if (message.refused !== undefined) return refusedText(message.refused);
  const quoted = `“${escape(readable(message.text, names))}”`;
  const files = message.files.length === 0 ? '' : ` [${message.files.map(escape).join(', ')}]`;
  const link =
    message.permalink === null || !/^https?:\/\/[^\s()]+$/.test(message.permalink)
      ? ''
      : ` ([message](${message.permalink}))`;
  if (message.deleted) return `deleted their message of ${clockOf(message.edits ?? message.ts)}${link}`;
  if (message.edits !== null) return `edited their message of ${clockOf(message.edits)} to ${quoted}${files}${link}`;
  return `${quoted}${files}${link}`;
}

function refusedText({ what, code, say, times }: Refused): string {
  return times > 1
    ? `was refused ${number(times)} more times within a minute, the last time: ${escape(what)} (${escape(code)})`
    : `was refused: ${escape(what)} (${escape(code)}): ${escape(readable(say, new Map()))}`;
}

/** Slack's ts is the time of the message, in seconds. */
const clockOf = (ts: string): string =>
  Number.isFinite(Number(ts)) && Number(ts) > 0 ? stamp(Math.round(Number(ts) * 1_000)).slice(11) : escape(ts);

function namesOf(entries: readonly Entry[]): Names {
  const names = new Map<string, string>();
  for (const entry of entries) {
    for (const person of peopleIn(entry)) names.set(person.id, person.name);
  }
  return names;
}

function slackNamesOf(entries: readonly Entry[], others: Names): Names {
  const names = new Map(others);
  for (const entry of entries) {
    for (const person of peopleIn(entry)) for (const slackId of person.slack) names.set(slackId, person.name);
  }
  return names;
}

/** `2027-02-08 23:31:02.123` */
function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
}

/** `T-2:03:04`, `T+0:00:05` */
export function relative(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `T${ms < 0 ? '-' : '+'}${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
