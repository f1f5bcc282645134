import type { Figures, ShotFigures } from '../../contract/figures.ts';
import type { Weather } from '../../contract/pool-weather.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { own } from '../../runbooks/launch/decision.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { missedAsAWhole, missedSegments } from '../../runbooks/launch/reach.ts';
import type { Missed } from '../../runbooks/launch/reach.ts';
import { percent } from '../../runbooks/launch/shares.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, fields, header, section } from './blocks.ts';
import type { Message } from './message.ts';
import { goBy, nameOf, platformName } from './names.ts';
import { shotSegments } from './segments-text.ts';
import { weatherLine } from './weather.ts';
import { clip, count, headText, plural, safe, span } from './words.ts';

/** The one message of a running shot that is updated in place; its last form once the shot is closed. `sky`: what providers answer everybody just now. */
export function liveStatsMessage(
  launch: Launch,
  shot: Shot,
  figures: ShotFigures,
  sky: readonly Weather[] = [],
): Message {
  const { total } = figures;
  const state = stateOf(shot, figures);
  // At the press itself there is nothing to say but that it goes.
  const hasFigures = figures.boots > 0 || total.written > 0;
  const what = shotSegments(launch, shot);
  const text = `${state.text}: ${count(total.accepted)} of ${count(figures.devices)} accepted, ${elapsed(figures.sinceGoMs)} since GO · ${what}`;
  return {
    text,
    blocks: [
      header(
        `${state.sign} ${state.text}: ${shot.closed === null ? clip(launch.name, 60) : `${count(total.accepted)} of ${count(figures.devices)} accepted`} · ${what}`,
      ),
      section(
        `${progressBar(total.accepted, figures.devices, others(total))} accepted\n${what} · GO ${goBy(launch, shot, '*')}, asked for by ${nameOf(launch, shot.requestedBy)}${inSpite(launch, shot)}`,
      ),
      // Once it is closed the summary below has the figures.
      ...(shot.closed !== null || !hasFigures
        ? []
        : [
            fields([
              [
                'Accepted',
                `${count(total.accepted)} of ${count(figures.devices)} (${percent(total.accepted, figures.devices)})`,
              ],
              ['Failed', total.failed === 0 ? 'none' : count(total.failed)],
              ['Rate now', `${count(figures.perSecond)}/s, best second ${count(figures.peakPerSecond)}`],
              ['p50 / p95 / p99 since GO', times(total)],
              // What was written can't be taken back: it is what a halt leaves open.
              ...(shot.haltedAtMs === null ? [] : [['Written before the halt', count(total.written)] as const]),
              ...(finished(total) === total.accepted + total.failed ? [] : [['The rest', theRest(total)] as const]),
            ]),
          ]),
      ...(hasFigures ? [...platformLines(figures), ...variantSections(figures)] : []),
      ...(shot.closed !== null
        ? []
        : sky
            .filter(({ platform }) => figures.platforms[platform] !== undefined)
            .map((weather) => section(weatherLine(weather, shot.pressedAtMs + figures.sinceGoMs)))),
      ...(shot.closed !== null || total.failed === 0 ? [] : [context(`Failed by reason: ${reasons(total.reasons)}`)]),
      context(
        `${elapsed(figures.sinceGoMs)} since GO · ${figures.boots === 0 ? 'no worker has reported yet' : `${plural(figures.boots, 'worker')} reporting`} · shot \`${safe(shot.id, 60)}\` · ${headText(launch.seq, launch.headHash)}`,
      ),
      ...(shot.closed === null && shot.haltedAtMs === null
        ? [actions(`live-${shot.id}`, [button(ACTION.halt, 'HALT', { launchId: launch.id }, 'danger')])]
        : []),
    ],
  };
}

/** What the presser went past, and what the press did besides. */
function inSpite(launch: Launch, shot: Shot): string {
  const lifts = launch.orders[shot.orderId]?.lifts ?? null;
  const red = shot.redGates.map(({ gate }) => safe(gateNamed(launch, gate)?.title ?? gate, 80));
  return `${red.length === 0 ? '' : `, in spite of ${red.join(', ')}`}${lifts === null ? '' : '. It lifted the halt.'}`;
}

/** Of which hardly anybody was reached, as a closed shot has it: no word may call them done. */
export function missedPlatforms(shot: Shot, { platforms }: ShotFigures): { platform: Platform; how: Missed }[] {
  return PLATFORMS.flatMap((platform) => {
    const how =
      platforms[platform] === undefined ? null : missedAsAWhole(platforms[platform], shot.closed?.cause === 'halt');
    return how === null ? [] : [{ platform, how }];
  });
}

const MISSED: Record<Missed, string> = { refused: 'Failed on', unanswered: 'No answers on', unsent: 'Not sent on' };

/** Refused, never answered and never sent are three things: who was never answered may have got it, and who was not sent to is still to be reached. */
export function missedText(missed: readonly { platform: Platform; how: Missed }[]): string {
  return (['refused', 'unanswered', 'unsent'] as const)
    .flatMap((how) => {
      const names = missed.filter((one) => one.how === how).map(({ platform }) => platformName[platform]);
      return names.length === 0 ? [] : [`${MISSED[how]} ${names.join(' and ')}`];
    })
    .join(', ');
}

const NAMED_SEGMENTS = 3;

/** Segments that were missed while their platform was not, by name; '' for none. */
export function exceptText(shot: Shot): string {
  const missed = missedSegments(shot.totals ?? [], shot.closed?.cause === 'halt').map(({ segment }) =>
    safe(segment, 60),
  );
  if (missed.length === 0) return '';
  return `except ${missed.slice(0, NAMED_SEGMENTS).join(', ')}${missed.length > NAMED_SEGMENTS ? ` and ${missed.length - NAMED_SEGMENTS} more` : ''}`;
}

function stateOf(shot: Shot, figures: ShotFigures): { sign: string; text: string } {
  const { total } = figures;
  const missed = shot.closed === null ? [] : missedPlatforms(shot, figures);
  if (missed.length > 0) return { sign: '❌', text: missedText(missed) };
  if (shot.closed?.cause === 'complete' && exceptText(shot) !== '')
    return { sign: '⚠️', text: `Done ${exceptText(shot)}` };
  if (shot.closed?.cause === 'complete' && total.uncertain + total.late + total.halted > 0)
    return {
      sign: '⚠️',
      text: total.uncertain > 0 ? `Done, ${count(total.uncertain)} uncertain` : 'Done, not all of it',
    };
  if (shot.closed?.cause === 'complete' || hasOutrunHalt(shot, total)) return { sign: '✅', text: 'Done' };
  if (shot.closed?.cause === 'not-after') return { sign: '⌛', text: 'Time is up' };
  if (shot.haltedAtMs !== null || shot.closed !== null)
    return { sign: '🛑', text: shot.closed === null ? 'Halting' : 'Halted' };
  return { sign: '🚀', text: 'Sending' };
}

/** Devices that have reached a state. */
export function finished(figures: Figures): number {
  return figures.accepted + figures.failed + figures.uncertain + figures.halted + figures.late + figures.skipped;
}

/** Devices that have ended otherwise than accepted. */
const others = (figures: Figures): number => finished(figures) - figures.accepted;

/** The halt came when everything was out. */
export const hasOutrunHalt = (shot: Shot, total: Figures): boolean =>
  shot.closed?.cause === 'halt' && total.halted + total.late + total.uncertain === 0;

/** As wide as a phone shows in one line, with the share behind it. */
const BAR_CELLS = 14;

/**
 * Full for what was accepted, a darker shade for what has ended otherwise (refused, uncertain, cut off, late, left out), empty for
 * what is still to come. The share is that of the accepted alone, and nothing is rounded up.
 */
export function progressBar(accepted: number, all: number, otherwise = 0): string {
  const cells = (part: number) => (all === 0 ? 0 : Math.min(BAR_CELLS, Math.floor((part * BAR_CELLS) / all)));
  const full = cells(accepted);
  const shaded = cells(accepted + otherwise) - full;
  return `${'█'.repeat(full)}${'▓'.repeat(shaded)}${'░'.repeat(BAR_CELLS - full - shaded)} ${all === 0 ? 0 : Math.min(100, Math.floor((accepted * 100) / all))}%`;
}

export function times(figures: Pick<Figures, 'p50Ms' | 'p95Ms' | 'p99Ms'>): string {
  const { p50Ms, p95Ms, p99Ms } = figures;
  return p50Ms === null || p95Ms === null || p99Ms === null
    ? 'no answer yet'
    : [p50Ms, p95Ms, p99Ms].map(seconds).join(' / ');
}

/** `840 ms`, `12.3 s`. */
export const seconds = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** Tenths count in the first minute. */
const elapsed = (ms: number): string => (ms < 60_000 ? seconds(ms) : span(ms));

/** What the states mean that are neither accepted nor refused. */
const STATE_WORDS = {
  uncertain: 'uncertain (may or may not have got it)',
  halted: 'halted (cut off, never sent)',
  late: 'late (not sent in time)',
  skipped: 'skipped (left out)',
} as const;

/** Devices that were neither accepted nor refused, by state. */
export function theRest(figures: Figures): string {
  const parts = (['uncertain', 'halted', 'late', 'skipped'] as const)
    .filter((state) => figures[state] > 0)
    .map((state) => `${count(figures[state])} ${STATE_WORDS[state]}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/**
 * Both providers' words for the same thing (docs/facts.md#apns-reasons, docs/facts.md#fcm-errors), as people say it.
 */
const REASON_WORDS: Record<string, string> = {
  Unregistered: 'app no longer installed',
  UNREGISTERED: 'app no longer installed',
  ExpiredToken: 'app no longer installed',
  BadDeviceToken: 'token not valid',
  INVALID_TOKEN: 'token not valid',
  INVALID_ARGUMENT: 'message or token not valid',
  DeviceTokenNotForTopic: 'token of another app',
  SENDER_ID_MISMATCH: 'token of another app',
  TooManyRequests: 'throttled',
  QUOTA_EXCEEDED: 'throttled',
  InternalServerError: "provider's error",
  INTERNAL: "provider's error",
  ServiceUnavailable: "provider's error",
  UNAVAILABLE: "provider's error",
  Shutdown: "provider's error",
};

/** The most frequent first; ten at most. */
export function reasons(byReason: Readonly<Counts>): string {
  const grouped = new Map<string, { often: number; codes: string[] }>();
  for (const [reason, often] of Object.entries(byReason)) {
    const words = own(REASON_WORDS, reason) ?? reason;
    const before = grouped.get(words) ?? { often: 0, codes: [] };
    grouped.set(words, { often: before.often + often, codes: [...before.codes, reason] });
  }
  const all = [...grouped].toSorted((a, b) => b[1].often - a[1].often);
  const shown = all
    .slice(0, 10)
    .map(
      ([words, { often, codes }]) =>
        `${safe(words, 60)} ${count(often)}${codes[0] === words ? '' : ` (${safe(codes.join(', '), 120)})`}`,
    );
  return `${shown.join(', ')}${all.length > shown.length ? ` and ${all.length - shown.length} more` : ''}`;
}

/** What was accepted of each variant, and what was not. */
export function variantSections({ variants }: ShotFigures): Message['blocks'] {
  const lines = variants.map(
    ({ variant, devices, accepted, failed, others: rest }) =>
      `*Variant ${safe(variant, 20)}* ${progressBar(accepted, devices, failed + rest)} ${count(accepted)} of ${count(devices)} accepted, ${count(failed)} refused${rest === 0 ? '' : `, ${count(rest)} others`}`,
  );
  return lines.length === 0 ? [] : [section(lines.join('\n'))];
}

function platformLines(figures: ShotFigures): Message['blocks'] {
  const lines = PLATFORMS.flatMap((platform: Platform) => {
    const one = figures.platforms[platform];
    return one === undefined
      ? []
      : [
          `*${platformName[platform]}* ${progressBar(one.accepted, one.devices, others(one))} ${count(one.accepted)} accepted, ${count(one.failed)} failed${one.uncertain === 0 ? '' : `, ${count(one.uncertain)} uncertain`} · ${times(one)}`,
        ];
  });
  return lines.length === 0 ? [] : [section(lines.join('\n'))];
}
