import { campaignChanges, changesText } from '../launch/campaign-parts.ts';
import type { Entry, EntryOf, Via } from '../launch/entries.ts';
import { evolve } from '../launch/evolve.ts';
import type { Launch } from '../launch/launch.ts';
import { isLeftToPeople } from '../launch/steps.ts';
import type { Person } from '../playbook/schema.ts';
import { actorName, describeEntry, guestName, leftBehindText, stillToSendText } from './describe.ts';
import type { Names } from './describe.ts';
import { peopleOf } from './everybody.ts';
import { givenIn } from './given.ts';
import { laneOf } from './lanes.ts';
import { messageRows } from './message-rows.ts';
import type { Row, TimelineMessage } from './rows.ts';
import { neverFiredText } from './segment-words.ts';
import { badTokensOf, shotsOf } from './shot-rows.ts';
import type { ShotRow } from './shot-rows.ts';
import { spansOf } from './spans.ts';
import type { Span } from './spans.ts';
import { contentsOf } from './texts.ts';
import type { Content } from './texts.ts';
import { callsText, hashIn, isTold, momentOr, untoldText } from './told.ts';

export interface TimelineOptions {
  /** Slack id → name, for people who are not on the roster. */
  slackNames?: Names;
  /** Where in the channel the bot has told of an entry, by its sequence. */
  links?: ReadonlyMap<number, string>;
  /** What verifying the hash chain gave; said at the top. */
  chain: Held;
  /** As much of the chain of channel messages; said at the top where it does not hold. Absent: it was not looked at. */
  channel?: Held;
}

/** Whether a chain holds; if not, its first break. */
type Held = { ok: true } | { ok: false; seq: number; why: string };

/** A launch as it is told: every document of it (Markdown, page) is made from this. */
export interface Timeline {
  launchId: string;
  name: string;
  runbook: { id: string; title: string; hash: string };
  targetAtMs: number;
  people: string[];
  entries: number;
  head: string;
  chain: Held;
  channel: Held;
  shots: ShotRow[];
  /** Whom a further order could still go to at the end; '' for nobody. */
  notReached: string;
  /** Segments that never went, in words; '' for none. */
  neverFired: string;
  /** Tokens that providers refused for good. */
  badTokens: number;
  texts: Content[];
  /** In order of time. Nothing is left out. */
  rows: Row[];
  /** What lasted: for pictures of the launch. */
  spans: Span[];
}

/** Null: the record has no entry that created it. */
export function timelineOf(
  all: readonly Entry[],
  messages: readonly TimelineMessage[],
  options: TimelineOptions,
): Timeline | null {
  const { entries, namedIn } = givenIn(all, messages);
  const told = entries.filter(isTold);
  const created = told.find((entry): entry is EntryOf<'LaunchCreated'> => entry.kind === 'LaunchCreated');
  if (created === undefined) return null;
  const people = peopleOf(told);
  const names = new Map(people.map(({ id, name }) => [id, name]));
  const { said, voided, last } = followed(entries, new Set(told));
  const timeline: Timeline = {
    launchId: created.launchId,
    name: created.name,
    runbook: runbookOf(told, created),
    targetAtMs: told.reduce((at, entry) => (entry.kind === 'TargetMoved' ? entry.targetAtMs : at), created.targetAtMs),
    people: [...names.values()],
    entries: entries.length,
    head: hashIn(entries.at(-1)),
    chain: options.chain,
    channel: options.channel ?? { ok: true },
    shots: shotsOf(told, names, last),
    notReached: last === null ? '' : stillToSendText(last, Object.keys(last.attempts)),
    neverFired: last === null ? '' : neverFiredText(last),
    badTokens: badTokensOf(told),
    texts: contentsOf(told),
    rows: rowsOf(entries, messages, {
      names,
      slackNames: slackNamesOf(people, options.slackNames ?? new Map()),
      orders: last?.orders ?? {},
      plan: last?.runbook ?? { phases: [] },
      said,
      told: new Set(told),
      createdAtMs: created.atMs,
      namedIn,
    }),
    spans: spansOf(told, voided),
  };
  return options.links === undefined ? timeline : withLinks(timeline, options.links);
}

/** Where in the channel the bot has told of an entry, by its sequence, put to its row. Rows that it leaves as they are stay the same objects. */
export function withLinks(timeline: Timeline, links: ReadonlyMap<number, string>): Timeline {
  const rows = timeline.rows.map((row) => {
    const { place, kind } = row;
    const permalink = place?.chain === 'record' && kind !== 'Unread' ? links.get(place.seq) : undefined;
    return permalink === undefined || permalink === row.permalink ? row : { ...row, permalink };
  });
  return { ...timeline, rows };
}

/** As it stands at the end: the plan of a launch may be changed. */
function runbookOf(told: readonly Entry[], created: EntryOf<'LaunchCreated'>): Timeline['runbook'] {
  const changed = told.findLast((entry): entry is EntryOf<'RunbookChanged'> => entry.kind === 'RunbookChanged');
  const { id, title } = changed?.plan ?? created.runbook;
  return { id, title, hash: (changed ?? created).runbookHash };
}

interface Telling {
  names: Names;
  slackNames: Names;
  /** Of the launch at its end. */ orders: Launch['orders'];
  plan: Pick<Launch['runbook'], 'phases'>;
  said: ReadonlyMap<number, string>;
  told: ReadonlySet<Entry>;
  createdAtMs: number;
  /** By item of the channel's chain. */ namedIn: ReadonlyMap<number, number>;
}

function rowsOf(entries: readonly Entry[], messages: readonly TimelineMessage[], telling: Telling): Row[] {
  const { told, slackNames, createdAtMs, namedIn } = telling;
  // A moment that is none is that of the one before.
  const inTime = <T extends { atMs: number }>(ones: readonly T[]): T[] => {
    let atMs = createdAtMs;
    return ones.map((one) => ({ ...one, atMs: (atMs = momentOr(one.atMs, atMs)) }));
  };
  const moments = inTime(entries);
  // Stable: entries keep their order and stand before messages of the same millisecond.
  return [
    ...entries.map((entry, index) =>
      told.has(entry) ? entryRow(entry, telling) : untoldRow(entry, moments[index]?.atMs ?? createdAtMs),
    ),
    ...messageRows(inTime(messages.map(timed)), slackNames, namedIn),
  ].toSorted((a, b) => a.atMs - b.atMs);
}

/** What is no message has no moment. */
const timed = (message: TimelineMessage): TimelineMessage =>
  message.unread === 'broken' && message.atMs === 0 ? { ...message, atMs: Number.NaN } : message;

const untoldRow = (entry: Entry, atMs: number): Row => ({
  atMs,
  who: '?',
  what: untoldText(entry),
  isLoud: true,
  kind: 'Unread',
  lane: laneOf('Unread'),
  marks: [],
  files: [],
  permalink: null,
  place: { chain: 'record', seq: entry.seq, hash: hashIn(entry) },
  aws: '',
  proof: '',
});

const LOUD = /^(?:FireRequested|FireApproved|HaltSet|HaltLifted|ShotClosed|ShotCorrected|StoodDown)$/;

function entryRow(entry: Entry, { names, slackNames, orders, plan, said }: Telling): Row {
  const after = said.get(entry.seq) ?? '';
  return {
    atMs: entry.atMs,
    who:
      entry.kind === 'QuestionAnswered' && entry.guest !== undefined
        ? guestName(entry.guest, slackNames)
        : actorName(entry.by, names),
    what: `${describeEntry(entry, names, orders)}${after === '' ? '' : `. ${after}`}`,
    isLoud: LOUD.test(entry.kind),
    kind: entry.kind,
    lane: entry.kind === 'StepPut' && isLeftToPeople(plan, entry.step) ? 'plan' : laneOf(entry.kind),
    files: [],
    marks: [],
    permalink: null,
    place: { chain: 'record', seq: entry.seq, hash: entry.hash },
    aws: callsText(entry),
    proof: 'via' in entry ? proofText(entry.via) : '',
  };
}

const proofText = (via: Via): string =>
  via.kind === 'slack'
    ? `pressed in Slack by ${via.slackId}`
    : `signed by the operator key …${via.publicKey.slice(-9)}`;

interface Followed {
  /** What a shot or a late account left to a further order and what a change of the content changed, by sequence. */
  said: Map<number, string>;
  /** When orders became void, by id. */
  voided: Map<string, number>;
  /** The launch at its end. Null: the record can't be followed to there; the rest is said as far as it can. */
  last: Launch | null;
}

function followed(entries: readonly Entry[], told: ReadonlySet<Entry>): Followed {
  const said = new Map<number, string>();
  const voided = new Map<string, number>();
  let launch: Launch | null = null;
  for (const entry of entries) {
    if (!told.has(entry)) return { said, voided, last: null };
    let after: Launch;
    try {
      after = evolve(launch, entry);
    } catch {
      // The head of the timeline says where the record is broken.
      return { said, voided, last: null };
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
    if (after.orders !== launch?.orders)
      for (const { id, state } of Object.values(after.orders))
        if (state === 'void' && !voided.has(id)) voided.set(id, entry.atMs);
    launch = after;
  }
  return { said, voided, last: launch };
}

/** Where the chain of channel messages breaks, and what that means for what is read; null: nowhere. */
export const channelBreak = ({ channel }: Pick<Timeline, 'channel'>): string | null =>
  channel.ok
    ? null
    : `BROKEN at message ${channel.seq}: ${channel.why}. What stands before it holds; what comes after it is shown, and is not proven`;

/** A name that somebody gave themselves in Slack stands beside their id: it may be anybody's. */
function slackNamesOf(people: readonly Person[], others: Names): Names {
  return new Map([
    ...[...others].map(([id, name]) => [id, `${name} (${id})`] as const),
    ...people.flatMap(({ slack, name }) => slack.map((id) => [id, name] as const)),
  ]);
}

export const namesOf = (entries: readonly Entry[]): Names =>
  new Map(peopleOf(entries).map(({ id, name }) => [id, name]));

export function slackNamesIn(entries: readonly Entry[], others: Names): Names {
  return slackNamesOf(peopleOf(entries), others);
}
