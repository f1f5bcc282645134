import type { KnownBlock } from '@slack/types';
import { DateTime } from 'luxon';
import { own } from '../../runbooks/launch/decision.ts';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { marketMoments } from '../../runbooks/launch/market-moments.ts';
import type { Fate, MarketMoment } from '../../runbooks/launch/market-moments.ts';
import { marketOf } from '../../runbooks/launch/market.ts';
import { remainingDevices } from '../../runbooks/launch/remaining.ts';
import { momentAhead } from './armed.ts';
import { context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { count, fit, plural, safe, span, stamp, toTarget } from './words.ts';

/** The moments of markets that have their own: by the plan's clock and from T, and what became of each. */

/** On the board: HALT and the figures stay on screen. */
const SHOWN = 6;
/** Of those, so many at most that ask for somebody or are sent to: what comes next is seen in any case. */
const TROUBLED = 4;
/** Segments or markets in a line. */
const NAMED = 3;
/** A shot this far from its market's moment did not go at it. */
const OFF_TIME_MS = 60_000;

/** What asks for somebody comes first: a market of several segments has the sign of its worst one. */
const SIGNS = {
  'cut-off': ':octagonal_sign:',
  'order-halted': ':octagonal_sign:',
  stopping: ':octagonal_sign:',
  missed: ':warning:',
  held: ':warning:',
  unarmed: ':warning:',
  sending: ':rocket:',
  asked: ':large_green_square:',
  ahead: ':white_circle:',
  armed: ':alarm_clock:',
  off: ':black_square_for_stop:',
  fired: ':white_check_mark:',
} satisfies Record<Fate, string>;
const BY_URGENCY = Object.keys(SIGNS) as Fate[];
const TROUBLE: ReadonlySet<Fate> = new Set(['cut-off', 'order-halted', 'stopping', 'missed', 'held', 'unarmed']);

/** The board's section; none where the runbook has no `targets`. */
export function momentsSection(launch: Launch, nowMs: number): KnownBlock[] {
  const all = marketMoments(launch, nowMs);
  if (all.length === 0) return [];
  const next = nextOf(launch, all, nowMs);
  const shown = shownOf(all, nowMs);
  const rest = all.filter((one) => !shown.includes(one));
  const lines = shown.map((one) => lineOf(launch, one, nowMs, one === next));
  return [section([headOf(launch), ...lines, ...(rest.length === 0 ? [] : [restText(rest)])].join('\n'))];
}

/** Of an order that goes as soon as GO is pressed: which of its markets have a moment of their own that is still ahead. */
export function earlyBlocks(launch: Launch, order: FireOrder, nowMs: number): KnownBlock[] {
  if (momentAhead(order) !== null) return [];
  const ids = order.shown.segments.map(({ segment }) => segment);
  const early = marketMoments(launch, nowMs).flatMap(({ name, atMs, segments }) =>
    name !== null && atMs > nowMs && segments.some(({ ref }) => ids.includes(ref.id)) ? [{ name, atMs }] : [],
  );
  const [first] = early;
  if (first === undefined) return [];
  const more = early.length > NAMED ? ` and ${early.length - NAMED} more` : '';
  const which = early.slice(0, NAMED).map(({ name, atMs }) => `*${safe(name, 40)}* ${stamp(atMs)}`);
  return [
    section(
      `:alarm_clock: *Before ${early.length === 1 ? 'its own moment' : 'their own moments'}*: ${which.join(', ')}${more}. GO sends at once; \`/go fire ${early.length === 1 ? safe(first.name, 40) : 'all'} at its target\` asks for ${early.length === 1 ? 'that moment' : 'those moments'}.`,
    ),
  ];
}

/** `/go markets`: all of them. */
export function momentsMessage(launch: Launch, nowMs: number): Message {
  const all = marketMoments(launch, nowMs);
  const next = nextOf(launch, all, nowMs);
  const blocks: KnownBlock[] = [
    header(`Markets: ${launch.name}`),
    context(`${headOf(launch)} · now ${toTarget(nowMs, launch.targetAtMs)}`),
  ];
  const lines = all.map((one) => lineOf(launch, one, nowMs, one === next));
  // Three sections of lines are what a message takes in all.
  const text = fit(lines, 8_400).split('\n');
  while (text.length > 0) {
    let size = 0;
    const fits = text.findIndex((line) => (size += line.length + 1) > 2_900);
    blocks.push(section(text.splice(0, fits < 0 ? text.length : fits).join('\n')));
  }
  return message(`${plural(all.length, 'moment')} of ${launch.name}`, blocks);
}

function headOf({ runbook }: Launch): string {
  return `*Each market at its own moment* (${safe(zoneOf(runbook), 40)})`;
}

/** The clock that the plan was written by. */
function zoneOf({ target, targets = {} }: Launch['runbook']): string {
  return target?.zone ?? Object.values(targets)[0]?.zone ?? 'UTC';
}

/** The first that is ahead and sends to somebody. Undefined: none is, or the launch is over. */
function nextOf(launch: Launch, all: readonly MarketMoment[], nowMs: number): MarketMoment | undefined {
  if (launch.closed || launch.stoodDown !== null) return undefined;
  return all.find(
    ({ atMs, segments }) =>
      atMs >= nowMs &&
      (launch.audience === null || segments.some(({ fate }) => fate !== 'fired' && fate !== 'sending')),
  );
}

function shownOf(all: readonly MarketMoment[], nowMs: number): MarketMoment[] {
  if (all.length <= SHOWN) return [...all];
  const sending = all.filter((one) => isSending(one));
  const urgent = [...all.filter((one) => isTroubled(one)), ...sending];
  const others = all.filter((one) => !urgent.includes(one));
  const ahead = others.filter(({ atMs }) => atMs >= nowMs);
  const before = others.filter(({ atMs }) => atMs < nowMs).toReversed();
  const kept = new Set([...urgent.slice(0, TROUBLED), ...ahead, ...before].slice(0, SHOWN));
  return all.filter((one) => kept.has(one));
}

const isTroubled = ({ segments }: MarketMoment): boolean => segments.some(({ fate }) => TROUBLE.has(fate));
/** As it should be. */
const isSending = (moment: MarketMoment): boolean =>
  !isTroubled(moment) && moment.segments.some(({ fate }) => fate === 'sending');

function restText(rest: readonly MarketMoment[]): string {
  const fired = rest.filter(({ segments }) => segments.length > 0 && segments.every(({ fate }) => fate === 'fired'));
  const troubled = rest.filter((one) => isTroubled(one));
  const sending = rest.filter((one) => isSending(one));
  const parts = [
    troubled.length === 0 ? '' : `${count(troubled.length)} that did not go as planned`,
    sending.length === 0 ? '' : `${count(sending.length)} sending`,
    fired.length === 0 ? '' : `${count(fired.length)} fired`,
  ].filter((part) => part !== '');
  return `… and ${count(rest.length)} more${parts.length === 0 ? '' : ` (${parts.join(', ')})`}: \`/go markets\` shows all`;
}

/** `:alarm_clock: *jp* · T-8 h · Thu 25 Nov 16:00 · next, in 12 min: armed`. */
function lineOf(launch: Launch, moment: MarketMoment, nowMs: number, isNext: boolean): string {
  const { atMs, segments } = moment;
  const fate = BY_URGENCY.find((one) => segments.some((segment) => segment.fate === one)) ?? 'ahead';
  const next = isNext ? `*next, ${atMs - nowMs < 1_000 ? 'now' : `in ${span(atMs - nowMs)}`}*: ` : '';
  return `${SIGNS[fate]} *${nameText(moment)}* · ${toTarget(atMs, launch.targetAtMs)} · ${wallText(launch, atMs)} · ${next}${saidOf(launch, moment, nowMs)}`;
}

function nameText({ name, segments }: MarketMoment): string {
  if (name !== null) return safe(name, 40);
  return `${someOf([...new Set(segments.map(({ ref }) => marketOf(ref)))])} (at T)`;
}

function wallText({ runbook }: Launch, atMs: number): string {
  const at = DateTime.fromMillis(atMs, { zone: zoneOf(runbook), locale: 'en-GB' });
  return at.toFormat(at.second === 0 ? 'ccc d LLL HH:mm' : 'ccc d LLL HH:mm:ss');
}

function saidOf(launch: Launch, { name, atMs, segments }: MarketMoment, nowMs: number): string {
  if (segments.length === 0) return launch.audience === null ? 'no audience yet' : 'nobody in the audience';
  const fates = Map.groupBy(segments, ({ fate }) => fate);
  return BY_URGENCY.flatMap((fate) => {
    const these = fates.get(fate)?.map(({ ref }) => ref.id) ?? [];
    if (these.length === 0) return [];
    const whose = these.length === segments.length ? '' : `${someOf(these)} `;
    return [`${whose}${fateText(launch, fate, these, atMs, askText(name, these, atMs > nowMs))}`];
  }).join('; ');
}

/** Of a market `/go fire` leaves out by itself what was sent. What goes at T has no name of its own, and `all` would name the others, too. */
function askText(name: string | null, ids: readonly string[], isAhead: boolean): string {
  // Whoever copies it before its moment must not send at once.
  const when = isAhead ? ' at its target' : '';
  return name !== null || ids.length <= NAMED
    ? `\`/go fire ${safe(name ?? ids.join(', '), 120)}${when}\``
    : `ask with \`/go fire …${when}\``;
}

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  const some = names.slice(0, NAMED).map((name) => safe(name, 40));
  return `${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function fateText(launch: Launch, fate: Fate, ids: readonly string[], atMs: number, ask: string): string {
  const again = launch.halt.active ? 'once the halt is lifted, ' : '';
  switch (fate) {
    case 'sending':
      return `sending${offTime(launch, ids, atMs)}`;
    case 'stopping':
      return 'stopped by HALT, being counted';
    case 'cut-off':
      return `stopped by HALT, ${plural(leftOf(launch, ids), 'device')} not sent to`;
    case 'fired':
      return `fired${offTime(launch, ids, atMs)}${acceptedText(launch, ids)}`;
    case 'held':
      return 'did not go at its moment: GO on its message sends it';
    case 'armed':
      return 'armed, goes by itself';
    case 'asked':
      return 'waits for its second person';
    case 'unarmed':
      return 'nobody armed it in time: GO on its message sends it';
    case 'order-halted':
      return `HALT ended its order: ${again}${ask}`;
    case 'missed':
      return `missed, nobody had asked for it: ${again}${ask}`;
    case 'ahead':
      return 'not asked for yet';
    case 'off':
      return 'not sent';
  }
}

const leftOf = (launch: Launch, ids: readonly string[]): number =>
  ids.reduce((sum, id) => sum + remainingDevices(launch, id), 0);

/** By the first shot: what a further attempt is for went at its own time. */
function offTime(launch: Launch, ids: readonly string[], atMs: number): string {
  const [first] = ids.flatMap((id) => launch.shots[own(launch.attempts, id)?.[0]?.shotId ?? ''] ?? []);
  const late = (first?.pressedAtMs ?? atMs) - atMs;
  return Math.abs(late) < OFF_TIME_MS ? '' : ` ${span(Math.abs(late))} ${late > 0 ? 'late' : 'early'}`;
}

function acceptedText(launch: Launch, ids: readonly string[]): string {
  const totals = ids.flatMap((id) => (launch.attempts[id] ?? []).flatMap((attempt) => attempt.totals?.totals ?? []));
  return totals.length === 0 ? '' : `, ${count(totals.reduce((sum, { accepted }) => sum + accepted, 0))} accepted`;
}
