import type { Figures, ShotFigures } from '../../contract/figures.ts';
import { badTokenCount } from '../../runbooks/launch/bad-tokens.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform, SegmentTotals, Totals } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { fireCommand } from '../../runbooks/launch/order-words.ts';
import { lastAttempt, remainingDevices } from '../../runbooks/launch/remaining.ts';
import { shares } from '../../runbooks/launch/shares.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { heldOutIn } from '../../runbooks/launch/variants.ts';
import { heldOutText } from '../../runbooks/record/describe.ts';
import { context, fields, header, message, section } from './blocks.ts';
import {
  exceptText,
  hasOutrunHalt,
  missedPlatforms,
  missedText,
  reasons,
  seconds,
  times,
  variantSections,
} from './live-stats.ts';
import type { Message } from './message.ts';
import { goBy, nameOf, platformName } from './names.ts';
import { shotSegments } from './segments-text.ts';
import { count, fit, plural, safe, stamp } from './words.ts';

/**
 * What is posted once when a shot is closed: first who got nothing and why, since that is what somebody must act on, and
 * apart from it who may have got it; then the accounts' totals, the times that workers measured, who fired it.
 */
export function summaryMessage(launch: Launch, shot: Shot, figures: ShotFigures): Message {
  const { total } = figures;
  const bad = badTokenCount(total.reasons);
  const missed = missedOf(total, skippedFirst(shot, total));
  const sum = total.accepted + missed.nothing + missed.before + total.uncertain;
  const left = leftToSend(launch, shot);
  const leftDevices = left.reduce((all, segment) => all + remainingDevices(launch, segment), 0);
  const headline = `${howItEnded(shot, figures)}: ${nothingText(total, missed, figures.devices)}`;
  const [got, nothing, uncertain] = shares([total.accepted, missed.nothing, total.uncertain], figures.devices);
  return message(
    `${headline} · ${shotSegments(launch, shot)}, ${count(total.accepted)} of ${count(figures.devices)} accepted in ${seconds(lastMs(figures) ?? figures.sinceGoMs)}`,
    [
      header(headline),
      section(`${shotSegments(launch, shot)}\n${inWords(launch, total, missed, figures.devices)}`),
      ...(leftDevices === 0 || launch.closed
        ? []
        : [
            section(
              `:arrow_forward: *${plural(leftDevices, 'device')} can still be sent to.* \`${fireCommand(launch, left)}\` goes to exactly those, with a second person.`,
            ),
          ]),
      fields([
        ['Accepted', `${count(total.accepted)} of ${count(figures.devices)} (${got})`],
        ['Got nothing', missed.nothing === 0 ? 'nobody' : `${count(missed.nothing)} (${nothing})`],
        ['May or may not have got it', total.uncertain === 0 ? 'nobody' : `${count(total.uncertain)} (${uncertain})`],
        ['p50 / p95 / p99 since GO', times(total)],
        ['Rate', `${count(figures.perSecond)}/s, best second ${count(figures.peakPerSecond)}`],
        ['GO to first and last write', `${maybe(figures.firstWriteMs)} / ${maybe(figures.lastWriteMs)}`],
      ]),
      section(
        fit(
          PLATFORMS.flatMap((platform) => {
            const one = figures.platforms[platform];
            return one === undefined
              ? []
              : [
                  `*${platformName[platform]}*: ${partText(one, skippedFirst(shot, one, platform), one.devices)} · ${times(one)}`,
                ];
          }),
          900,
        ),
      ),
      ...variantSections(figures),
      ...marketLines(shot),
      ...(bad === 0 ? [] : [context(`${plural(bad, 'token')} refused for good. ${nextText(launch)}`)]),
      context(
        `GO ${stamp(shot.pressedAtMs)} ${goBy(launch, shot)}, asked for by ${nameOf(launch, shot.requestedBy)} · ${plural(figures.boots, 'worker')} · shot \`${safe(shot.id, 60)}\``,
        sum === figures.devices
          ? `Every one of ${count(figures.devices)} devices is accounted for${heldOutText(heldOutIn(shot.audience, shot.segments)).replace(',', ';')}.`
          : `⚠️ The states sum to ${count(sum)} of ${count(figures.devices)} devices.`,
      ),
    ],
  );
}

/** A platform of which hardly anybody was reached is no completed shot, whatever the accounts say. */
function howItEnded(shot: Shot, figures: ShotFigures): string {
  const { total } = figures;
  const lost = missedPlatforms(shot, figures);
  if (lost.length > 0)
    return `Shot ${missedText(lost).replace('Failed', 'failed').replace('No answers', 'without answers').replace('Not sent', 'not sent')}`;
  if (hasOutrunHalt(shot, total)) return 'Shot complete before the halt';
  const cause = shot.closed?.cause ?? 'complete';
  if (cause === 'complete' && exceptText(shot) !== '') return `Shot complete ${exceptText(shot)}`;
  // Time or workers ended before all of it was sent, and no halt did.
  if (cause === 'complete' && total.late + total.halted > 0) return 'Shot over, not all of it sent';
  return `Shot ${{ complete: 'complete', 'not-after': 'ended by its time limit', halt: 'ended by halt' }[cause]}`;
}

type States = Pick<Totals, 'accepted' | 'failed' | 'uncertain' | 'halted' | 'late' | 'skipped'>;

/** `nothing`: refused, never written, or left out by the skip list: nothing shows on these phones. `before`: left out by a further attempt, as they had their answer already. */
interface Missed {
  nothing: number;
  before: number;
  causes: [count: number, why: string][];
}

/** `skipped`: those of the states that were skipped in a first attempt, and so by the skip list. */
function missedOf(states: States, skipped: number): Missed {
  const causes = (
    [
      [states.failed, 'refused'],
      [states.late, 'not sent in time'],
      [states.halted, 'cut off by the halt'],
      [skipped, 'on the skip list'],
    ] satisfies [number, string][]
  )
    .filter(([often]) => often > 0)
    .toSorted((a, b) => b[0] - a[0]);
  return { nothing: states.failed + states.halted + states.late + skipped, before: states.skipped - skipped, causes };
}

function skippedFirst(shot: Shot, states: States, platform?: Platform): number {
  if (shot.totals === null) return shot.segments.some(({ attempt }) => attempt > 1) ? 0 : states.skipped;
  const isOf = (id: string) =>
    platform === undefined ||
    shot.audience.segments.some((segment) => segment.id === id && segment.platform === platform);
  return shot.totals
    .filter(({ segment, attempt }) => attempt === 1 && isOf(segment))
    .reduce((sum, { totals }) => sum + totals.skipped, 0);
}

/** Of one cause alone it is all of them. */
const causesText = ({ causes }: Missed): string =>
  causes.map(([often, why]) => (causes.length === 1 ? why : `${count(often)} ${why}`)).join(', ');

const uncertainText = (states: States): string =>
  states.uncertain === 0 ? '' : `, ${count(states.uncertain)} may or may not have got it`;

/** `1,204 of 200,000 got nothing (900 refused, 304 not sent in time), 12 may or may not have got it`. */
function nothingText(states: States, missed: Missed, devices: number): string {
  if (missed.nothing > 0)
    return `${count(missed.nothing)} of ${count(devices)} got nothing (${causesText(missed)})${uncertainText(states)}`;
  if (states.uncertain > 0) return `${count(states.accepted)} of ${count(devices)} accepted${uncertainText(states)}`;
  return missed.before === 0
    ? `all ${count(devices)} accepted`
    : `${count(states.accepted)} of ${count(devices)} accepted, all others had their answer before`;
}

function inWords(launch: Launch, total: Figures, missed: Missed, devices: number): string {
  const lines = [
    `*${count(total.accepted)} of ${count(devices)} devices* were accepted by their provider.`,
    ...(missed.nothing === 0
      ? []
      : [
          `*${count(missed.nothing)} got nothing*: ${missed.causes.map(([often, why]) => `${missed.causes.length === 1 ? '' : `${count(often)} `}${why}${why === 'refused' ? `: ${reasons(total.reasons)}` : ''}`).join('; ')}.`,
        ]),
    ...(total.uncertain === 0
      ? []
      : [
          `*${count(total.uncertain)} may or may not have got it* (uncertain): written to the provider, and no answer says what became of it. ${launch.runbook.delivery.uncertain === 'resend' ? 'A further order sends to them again.' : 'They are not sent to again: whoever has it would get it twice.'}`,
        ]),
    ...(missed.before === 0
      ? []
      : [`*${count(missed.before)} were left out*: an earlier attempt had their answer already.`]),
  ];
  return lines.join('\n');
}

function partText(states: States, skipped: number, devices: number): string {
  const missed = missedOf(states, skipped);
  return `${count(states.accepted)} of ${count(devices)} accepted${missed.nothing === 0 ? '' : `, *${count(missed.nothing)} got nothing* (${causesText(missed)})`}${uncertainText(states)}${missed.before === 0 ? '' : `, ${count(missed.before)} answered before`}`;
}

/** A phone shows a handful; more lines than this hide what is below them. */
const MARKETS_NAMED = 5;

/** The worst by name, all others as one, where there is more than one segment and somebody got nothing. */
function marketLines(shot: Shot): ReturnType<typeof section>[] {
  const missedIn = ({ attempt, totals }: SegmentTotals) =>
    missedOf(totals, attempt === 1 ? totals.skipped : 0).nothing + totals.uncertain;
  const all = shot.totals ?? [];
  const worst = all
    .filter((one) => missedIn(one) > 0)
    .toSorted((a, b) => missedIn(b) / b.devices - missedIn(a) / a.devices || b.devices - a.devices);
  // Each alone on its platform: the platforms' lines say the same.
  const platforms = new Set(
    all.map(({ segment }) => shot.audience.segments.find(({ id }) => id === segment)?.platform),
  );
  if (platforms.size === all.length || worst.length === 0) return [];
  // One more by name takes no more room than the line that would stand for it.
  const named = worst.slice(0, worst.length === MARKETS_NAMED + 1 ? MARKETS_NAMED + 1 : MARKETS_NAMED);
  const others = all.filter((one) => !named.includes(one));
  const lines = named.map(
    ({ segment, attempt, devices, totals }) =>
      `• *${safe(segment, 60)}*: ${partText(totals, attempt === 1 ? totals.skipped : 0, devices)}`,
  );
  if (others.length > 0) {
    const skipped = others.reduce((sum, { attempt, totals }) => sum + (attempt === 1 ? totals.skipped : 0), 0);
    lines.push(
      `• ${plural(others.length, 'other')}: ${partText(
        sumTotals(others),
        skipped,
        others.reduce((sum, { devices }) => sum + devices, 0),
      )}`,
    );
  }
  return [section(fit(lines, 1_800))];
}

/** What a further order would go to, of this shot's segments. */
function leftToSend(launch: Launch, shot: Shot): string[] {
  return (shot.totals ?? [])
    .filter(
      ({ segment, attempt }) =>
        (lastAttempt(launch, segment)?.attempt ?? attempt) === attempt && remainingDevices(launch, segment) > 0,
    )
    .map(({ segment }) => segment);
}

/** Where one press skips them. */
const nextText = ({ id, rehearses }: Launch): string =>
  rehearses === null
    ? `For the skip list of the next launch, in its channel: \`/go audience skip-refused of ${safe(id, 80)}\``
    : `The report in the channel of \`${safe(rehearses.launchId, 80)}\` has a button that skips them.`;

/** End of the last slot in which anything was accepted. */
function lastMs(figures: ShotFigures): number | null {
  const last = figures.total.curve.at(-1);
  return last === undefined ? null : (last[0] + 1) * 100;
}

const maybe = (ms: number | null): string => (ms === null ? 'nothing written' : seconds(ms));
