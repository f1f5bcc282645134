import { badTokenCount } from '../../runbooks/launch/bad-tokens.ts';
import { PLATFORMS, type Totals } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { lastAttempt, resendable } from '../../runbooks/launch/remaining.ts';
import type { Figures, ShotFigures } from '../conductor/figures.ts';
import { context, fields, header, message, section } from './blocks.ts';
import { failedPlatforms, hasOutrunHalt, percent, reasons, seconds, times } from './live-stats.ts';
import type { Message } from './message.ts';
import { nameOf, platformName } from './names.ts';
import { shotSegments } from './order.ts';
import { count, fit, plural, safe, stamp } from './words.ts';

/**
 * What is posted once when a shot is closed: first who got nothing, since that is what somebody must act on, and apart
 * from it who may have got it; then the accounts' totals, the times that workers measured, who fired it.
 */
export function summaryMessage(launch: Launch, shot: Shot, figures: ShotFigures): Message {
  const { total } = figures;
  const bad = badTokenCount(total.reasons);
  const sum = total.accepted + gotNothing(total) + total.uncertain;
  const left = leftToSend(launch, shot);
  const headline = `${howItEnded(shot, figures)} · ${shotSegments(launch, shot)}: ${nothingText(total, figures.devices)}`;
  return message(`${headline}, ${count(total.accepted)} accepted in ${seconds(lastMs(figures) ?? figures.sinceGoMs)}`, [
    header(headline),
    ...(gotNothing(total) + total.uncertain === 0 ? [] : [section(nothingInWords(total, figures.devices))]),
    ...(left === 0 || launch.closed ? [] : [section(`:arrow_forward: *${plural(left, 'device')} can still be sent to.* ${launch.halt.active ? '`/go resume fire`' : '`/go fire`'} goes to exactly those, with a second person.`)]),
    fields([
      ['Accepted', `${count(total.accepted)} (${percent(total.accepted, figures.devices)})`],
      ['Got nothing', gotNothing(total) === 0 ? 'nobody' : `${count(gotNothing(total))} (${percent(gotNothing(total), figures.devices)})`],
      ['Uncertain', total.uncertain === 0 ? 'none' : count(total.uncertain)],
      ['p50 / p95 / p99 since GO', times(total)],
      ['Rate', `${count(figures.perSecond)}/s, best second ${count(figures.peakPerSecond)}`],
      ['GO to first and last write', `${maybe(figures.firstWriteMs)} / ${maybe(figures.lastWriteMs)}`],
    ]),
    section(fit(PLATFORMS.flatMap((platform) => {
      const one = figures.platforms[platform];
      return one === undefined ? [] : [`*${platformName[platform]}*: ${partText(one, one.devices)} · ${times(one)}`];
    }), 900)),
    ...marketLines(shot),
    ...(bad === 0 ? [] : [context(`${plural(bad, 'token')} refused for good. For the next launch's skip list: \`npm run audience -- bad-tokens --launch ${launch.id}\``)]),
    context(
      `GO ${stamp(shot.pressedAtMs)} by ${nameOf(launch, shot.approvedBy)}, asked for by ${nameOf(launch, shot.requestedBy)} · ${plural(figures.boots, 'worker')} · shot \`${safe(shot.id, 60)}\``,
      sum === figures.devices ? `Every one of ${count(figures.devices)} devices is accounted for.` : `⚠️ The states sum to ${count(sum)} of ${count(figures.devices)} devices.`,
    ),
  ]);
}

/** A platform of which hardly anybody was reached is no completed shot, whatever the accounts say. */
function howItEnded(shot: Shot, figures: ShotFigures): string {
  const { total } = figures;
  const lost = failedPlatforms(figures);
  if (lost.length > 0) return `Shot failed on ${lost.map((platform) => platformName[platform]).join(' and ')}`;
  if (hasOutrunHalt(shot, total)) return 'Shot complete before the halt';
  return `Shot ${{ complete: 'complete', 'not-after': 'ended by its time limit', halt: 'ended by halt' }[shot.closed?.cause ?? 'complete']}`;
}

type States = Pick<Totals, 'accepted' | 'failed' | 'uncertain' | 'halted' | 'late' | 'skipped'>;

/** Refused, never written, or left out: none of these shows anything on a phone. What was written without an answer is uncertain, not this. */
const gotNothing = (states: States): number => states.failed + states.halted + states.late + states.skipped;

const uncertainText = (states: States): string => (states.uncertain === 0 ? '' : `, ${count(states.uncertain)} uncertain`);

/** `1,204 of 200,000 got nothing, 12 uncertain`. */
function nothingText(states: States, devices: number): string {
  const nothing = gotNothing(states);
  return `${nothing === 0 ? (states.uncertain === 0 ? `all ${count(devices)} accepted` : `nobody of ${count(devices)} surely got nothing`) : `${count(nothing)} of ${count(devices)} got nothing`}${uncertainText(states)}`;
}

function nothingInWords(total: Figures, devices: number): string {
  const why = [
    ...(total.halted === 0 ? [] : [`${count(total.halted)} cut off by the halt`]),
    ...(total.late === 0 ? [] : [`${count(total.late)} not sent in time`]),
    ...(total.skipped === 0 ? [] : [`${count(total.skipped)} left out by the skip list`]),
    ...(total.failed === 0 ? [] : [`${count(total.failed)} refused: ${reasons(total.reasons)}`]),
  ];
  const nothing = gotNothing(total);
  const lines = [
    ...(nothing === 0 ? [] : [`*${count(nothing)} of ${count(devices)} got nothing*: ${why.join('; ')}.`]),
    ...(total.uncertain === 0 ? [] : [`*${count(total.uncertain)} uncertain*: written to the provider, never answered. They may have got it.`]),
  ];
  return lines.join('\n');
}

function partText(states: States, devices: number): string {
  const parts = [
    ...(states.failed === 0 ? [] : [`${count(states.failed)} failed`]), ...(states.halted === 0 ? [] : [`${count(states.halted)} halted`]),
    ...(states.late === 0 ? [] : [`${count(states.late)} late`]), ...(states.skipped === 0 ? [] : [`${count(states.skipped)} skipped`]),
  ];
  const nothing = gotNothing(states);
  return `${count(states.accepted)} of ${count(devices)} accepted${nothing === 0 ? '' : `, *${count(nothing)} got nothing* (${parts.join(', ')})`}${uncertainText(states)}`;
}

/** Worst first, where there is more than one segment and somebody got nothing. */
function marketLines(shot: Shot): ReturnType<typeof section>[] {
  const worst = (shot.totals ?? []).filter(({ totals }) => gotNothing(totals) + totals.uncertain > 0)
    .toSorted((a, b) => gotNothing(b.totals) / b.devices - gotNothing(a.totals) / a.devices || b.devices - a.devices);
  if ((shot.totals ?? []).length < 2 || worst.length === 0) return [];
  return [section(fit(worst.map(({ segment, devices, totals }) => `• *${safe(segment, 60)}*: ${partText(totals, devices)}`), 1_800))];
}

/** What a further order would go to, of this shot's segments. */
function leftToSend(launch: Launch, shot: Shot): number {
  return (shot.totals ?? []).filter(({ segment, attempt }) => (lastAttempt(launch, segment)?.attempt ?? attempt) === attempt).reduce((sum, totals) => sum + resendable(totals, launch), 0);
}

/** End of the last slot in which anything was accepted. */
export function lastMs(figures: ShotFigures): number | null {
  const last = figures.total.curve.at(-1);
  return last === undefined ? null : (last[0] + 1) * 100;
}

const maybe = (ms: number | null): string => (ms === null ? 'nothing written' : seconds(ms));
