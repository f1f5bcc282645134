import { parentPort, workerData } from 'node:worker_threads';
import { looseKeyring } from '../../infra/aws/keyring.ts';
import { verifyChannel } from '../../infra/aws/verify-channel.ts';
import { fittingOf, foldVerified } from '../../infra/aws/verify-record.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { timelineOf, withLinks } from '../../runbooks/record/model.ts';
import type { Timeline, TimelineOptions } from '../../runbooks/record/model.ts';
import { newsOf, partsOf } from '../../runbooks/record/page-news.ts';
import type { LiveParts } from '../../runbooks/record/page-news.ts';
import { linksLike } from '../commands/post-links.ts';
import type { RecordPortion } from '../timeline-page/hand-record.ts';
import { pageOf } from '../timeline-page/page.ts';
import type { Curves } from '../timeline-page/page.ts';
import type { FoundLinks } from './message-links.ts';

/** The thread of live-record.ts: holds one launch's record as it grows, verifies it, and makes page and news of it. */

export interface LiveThreadData {
  launchId: string;
  trusted: TrustedKeys | null;
}

export type ToLiveThread =
  | RecordPortion
  | { settle: { slackNames: ReadonlyMap<string, string>; curves: Curves } }
  | FoundLinks
  | { page: true }
  | { news: string };

/** Where the record ends, whose channel it is ('': nobody knows), who may look, and whose curves are kept. */
export interface Settled {
  at: string;
  channelId: string;
  slackIds: readonly string[];
  closedShots: readonly string[];
}
/** UTF-8; null: there is nothing to tell. */
export type FromLiveThread = Settled | { bytes: Uint8Array } | null;

const { launchId, trusted } = workerData as LiveThreadData;
const keyring = looseKeyring(null, trusted);
const entries: Entry[] = [];
const messages: ChainedMessage[] = [];
let launch: Launch | null = null;
let chain: TimelineOptions['chain'] = { ok: true };
let beside: { slackNames: ReadonlyMap<string, string>; curves: Curves } = { slackNames: new Map(), curves: {} };
/** To the message that tells of an entry, and when that was posted in microseconds, by sequence. */
const links = new Map<number, { link: string; atUs: number }>();
let lastUs = 0;
/** `of`: the same without links, which come a moment behind their entries and change nothing else. */
let now: { of: string; at: string; told: Timeline | null } | null = null;

/** Pages that readers have open are mostly of the last few heads. */
const KEPT = 4;
const kept = new Map<string, LiveParts>();
let last: { timeline: Timeline; parts: LiveParts } | null = null;

async function take(fresh: readonly Entry[]): Promise<void> {
  entries.push(...fresh);
  if (!chain.ok) return;
  const fits = await fittingOf(fresh);
  // One by one: what holds before a break is still who may look.
  for (const entry of fresh) {
    const verdict = foldVerified(launchId, launch, [entry], keyring, { fits });
    if (!verdict.ok) {
      chain = verdict;
      return;
    }
    ({ launch } = verdict);
  }
}

/** Curves and names that were found beside the record. */
const found = (): number => Object.keys(beside.curves).length + beside.slackNames.size;
const recordAt = (): string => `e${entries.length}.m${messages.length}.c${found()}`;
/**
 * Where a page ends: entries, messages, what was found beside them, and how many of the bot's messages are known and when the last of them was
 * posted. The same record has the same heads in every instance.
 */
const headAt = (): string => (links.size === 0 ? recordAt() : `${recordAt()}.l${links.size}-${lastUs}`);

function told(): Timeline | null {
  const [of, at] = [recordAt(), headAt()];
  if (now?.at === at) return now.told;
  let timeline = now?.of === of ? now.told : null;
  if (timeline === null) {
    const channel = verifyChannel(launchId, messages, entries);
    timeline = timelineOf(entries, messages, { slackNames: beside.slackNames, chain, channel });
  }
  now = { of, at, told: timeline === null ? null : withLinks(timeline, linksUntil(Number.POSITIVE_INFINITY)) };
  return now.told;
}

const linksUntil = (untilUs: number): Map<number, string> =>
  new Map([...links].flatMap(([seq, { link, atUs }]) => (atUs <= untilUs ? [[seq, link] as const] : [])));

function takeLinks({ like, posted }: FoundLinks): void {
  const made = linksLike(like, posted);
  for (const [seq, ts] of posted) {
    const link = made.get(seq);
    if (link === undefined) continue;
    const atUs = Number(ts.replace('.', ''));
    links.set(seq, { link, atUs });
    lastUs = Math.max(lastUs, atUs);
  }
}

function partsAt(at: string, timeline: Timeline, curves = beside.curves): LiveParts {
  const parts = kept.get(at) ?? partsOf(timeline, curves, last ?? undefined);
  if (!kept.has(at)) last = { timeline, parts };
  kept.delete(at);
  kept.set(at, parts);
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
  return parts;
}

/** Whether a message is known may come so much later than it was posted: its row may be told again, and is not left out. */
const KNOWN_WITHIN_US = 600_000_000;

/** What a page of that head lacks; one that another instance has given is made again from the record. */
function news(after: string): string | null {
  const [, entriesThen = 0, messagesThen = 0, foundThen = 0, , lastUsThen = 0] =
    /^e(\d+)\.m(\d+)\.c(\d+)(?:\.l(\d+)-(\d+))?$/.exec(after)?.map(Number) ?? [];
  const timeline = told();
  if (timeline === null) return null;
  const then = kept.has(after)
    ? timeline
    : timelineOf(entries.slice(0, entriesThen), messages.slice(0, messagesThen), {
        slackNames: beside.slackNames,
        links: linksUntil((lastUsThen || 0) - KNOWN_WITHIN_US),
        chain: { ok: true },
      });
  if (then === null) return null;
  const before = partsAt(after, then, foundThen === found() ? beside.curves : {});
  return JSON.stringify({ at: headAt(), ...newsOf(before, partsAt(headAt(), timeline)) });
}

function page(): string | null {
  const timeline = told();
  if (timeline === null) return null;
  partsAt(headAt(), timeline);
  return pageOf(timeline, beside.curves, headAt());
}

function answer(text: string | null): void {
  const bytes = text === null ? null : new TextEncoder().encode(text);
  const told: FromLiveThread = bytes === null ? null : { bytes };
  parentPort?.postMessage(told, bytes === null ? [] : [bytes.buffer]);
}

async function answerTo(asked: ToLiveThread): Promise<void> {
  if ('entries' in asked) await take(asked.entries);
  else if ('messages' in asked) messages.push(...asked.messages);
  else if ('posted' in asked) takeLinks(asked);
  else if ('settle' in asked) {
    beside = asked.settle;
    const settled: FromLiveThread = {
      at: headAt(),
      channelId: launch?.channelId ?? '',
      slackIds: launch?.people.flatMap(({ slack }) => slack) ?? [],
      closedShots: Object.values(launch?.shots ?? {}).flatMap((shot) => (shot.closed === null ? [] : [shot.id])),
    };
    parentPort?.postMessage(settled);
  } else answer('page' in asked ? page() : news(asked.news));
}

let turn = Promise.resolve();
/** In their order. What one throws ends the thread, and whoever asked is told. */
parentPort?.on('message', (asked: ToLiveThread) => {
  turn = turn.then(() => answerTo(asked));
});
