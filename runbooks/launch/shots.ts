import type { Decision, Given } from './commands.ts';
import { timesOf } from './counts.ts';
import { accept, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { DEVICE_STATES } from './entries.ts';
import type { SegmentTotals, Totals } from './entries.ts';
import type { Launch, Shot } from './launch.ts';
import { resendable } from './remaining.ts';
import { sumTotals } from './totals.ts';
import { clock, listed } from './words.ts';

/** Every shot closes, and every device of it ends in exactly one state: totals that don't add up are no close. */

export function closeShot(launch: Launch, command: CommandOf<'close-shot'>, { nowMs }: Given): Decision {
  const shot = own(launch.shots, command.shotId);
  if (shot === undefined) return noSuchShot(command.shotId);
  if (shot.closed !== null)
    return refuse(
      'SHOT_CLOSED',
      `Shot ${shot.id} was closed at ${clock(shot.closed.atMs)}. Late accounts correct it; nothing closes it twice.`,
    );
  const named = command.segments.map(({ segment, attempt }) => `${segment}#${attempt}`).sort();
  const expected = shot.segments.map(({ segment, attempt }) => `${segment}#${attempt}`).sort();
  if (named.join() !== expected.join())
    return refuse(
      'TOTALS_WRONG',
      `The close names ${listed(named)}; expected each of ${listed(expected)} once. Count the shot again.`,
    );
  const wrong = command.segments
    .map((totals) => totalsProblem(launch, shot, totals))
    .find((problem) => problem !== null);
  if (wrong != null) return wrong;
  return accept({ system: 'closer' }, nowMs, {
    kind: 'ShotClosed',
    shotId: shot.id,
    cause: command.cause,
    segments: command.segments,
  });
}

/** A holder's account that comes after the close, counted once per batch, whoever reports it. The close itself stays as it is. */
export function correctShot(launch: Launch, command: CommandOf<'correct-shot'>, { nowMs }: Given): Decision {
  const shot = own(launch.shots, command.shotId);
  if (shot === undefined) return noSuchShot(command.shotId);
  if (shot.closed === null || shot.totals === null)
    return refuse('SHOT_RUNNING', `Shot ${shot.id} is not closed yet; there is nothing to correct.`);
  if (shot.corrected.includes(command.batch))
    return refuse('ALREADY_SO', `The late account of batch ${command.batch} is counted in shot ${shot.id} already.`);
  const standing = command.segments.map((totals) =>
    shot.totals?.find(({ segment, attempt }) => segment === totals.segment && attempt === totals.attempt),
  );
  const distinct = new Set(command.segments.map(({ segment }) => segment)).size;
  if (standing.length === 0 || distinct < standing.length || standing.includes(undefined)) {
    return refuse(
      'TOTALS_WRONG',
      `The correction names ${listed(command.segments.map(({ segment, attempt }) => `${segment}#${attempt}`))}; expected segments of shot ${shot.id}, each once.`,
    );
  }
  const wrong = command.segments
    .map((totals) => totalsProblem(launch, shot, totals))
    .find((problem) => problem !== null);
  if (wrong != null) return wrong;
  if (command.segments.every((totals, index) => sameTotals(totals, standing[index])))
    return refuse('ALREADY_SO', `Shot ${shot.id} stands at these totals already.`);
  return accept({ system: 'closer' }, nowMs, {
    kind: 'ShotCorrected',
    shotId: shot.id,
    segments: command.segments,
    batch: command.batch,
  });
}

/** How fast it was: once, after the close, for the postmortem. */
export function timeShot(launch: Launch, command: CommandOf<'report-timing'>, { nowMs }: Given): Decision {
  const shot = own(launch.shots, command.shotId);
  if (shot === undefined) return noSuchShot(command.shotId);
  if (shot.closed === null)
    return refuse('SHOT_RUNNING', `Shot ${shot.id} is not closed yet; its figures are not final.`);
  if (shot.timing !== null) return refuse('ALREADY_SO', `The figures of shot ${shot.id} are recorded already.`);
  return accept({ system: 'conductor' }, nowMs, { kind: 'ShotTimed', shotId: shot.id, timing: command.timing });
}

function totalsProblem(launch: Launch, shot: Shot, counted: SegmentTotals): Refusal | null {
  const { segment, attempt, devices, totals } = counted;
  const impossible = countsProblem(segment, totals);
  if (impossible !== null) return impossible;
  const sum = statesSum(totals);
  const expected = devicesOf(launch, shot, segment, attempt);
  if (sum === devices && expected.includes(devices)) return variantsProblem(shot, counted);
  return refuse(
    'TOTALS_WRONG',
    `The states of ${segment} (attempt ${attempt}) add up to ${sum} of ${devices} devices; expected ${listed([...new Set(expected)].map(String), 'or')}. Count the shot again.`,
  );
}

function countsProblem(whose: string, totals: Totals): Refusal | null {
  const counts = DEVICE_STATES.map((state) => totals[state]);
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
    return refuse(
      'TOTALS_WRONG',
      `${whose} has a count that is no whole number from 0 up: ${counts.join(', ')}. Count the shot again.`,
    );
  }
  const { reachable = 0, failed } = totals;
  if (Number.isSafeInteger(reachable) && reachable >= 0 && reachable <= failed) return null;
  return refuse(
    'TOTALS_WRONG',
    `${whose} has ${reachable} of ${failed} failed devices within reach; expected a whole number up to ${failed}. Count the shot again.`,
  );
}

/** The same devices in the same states, each under one of the audience's variants. */
function variantsProblem(shot: Shot, { segment, attempt, totals, variants = [] }: SegmentTotals): Refusal | null {
  const compiled = shot.audience.segments.find(({ id }) => id === segment)?.variants;
  const known = Object.keys(compiled ?? {}).sort();
  const named = variants.map(({ variant }) => variant).sort();
  const isAttempted = (variant: string, devices: number): boolean =>
    attempt > 1 ? devices <= timesOf(compiled ?? {}, variant) : devices === timesOf(compiled ?? {}, variant);
  const impossible = variants
    .map((one) => countsProblem(`${segment}, variant ${one.variant},`, one.totals))
    .find((problem) => problem !== null);
  if (impossible != null) return impossible;
  const sum = sumTotals(variants);
  if (
    named.join() === known.join() &&
    variants.every((one) => statesSum(one.totals) === one.devices && isAttempted(one.variant, one.devices)) &&
    (known.length === 0 || DEVICE_STATES.every((state) => sum[state] === totals[state]))
  )
    return null;
  return refuse(
    'TOTALS_WRONG',
    `The variants of ${segment} (attempt ${attempt}) do not add up to its states: found ${variants.map((one) => `${one.variant} ${statesSum(one.totals)} of ${one.devices}`).join(', ') || 'none'}; expected ${known.map((id) => `${id} ${timesOf(compiled ?? {}, id)}`).join(', ') || 'none'}. Count the shot again.`,
  );
}

const statesSum = (totals: Totals): number => DEVICE_STATES.reduce((sum, state) => sum + totals[state], 0);

/**
 * How many devices an attempt may be for. The first: all of the segment. A later one: who was left when it was asked for.
 * Before that was frozen: what the attempt before it left, as
 * it stood at the approval, or as it stands now: a late account may have moved devices of that attempt from uncertain to
 * halted meanwhile, and a shot must close either way.
 */
function devicesOf(launch: Launch, shot: Shot, segment: string, attempt: number): number[] {
  if (attempt === 1) return [shot.audience.segments.find(({ id }) => id === segment)?.devices ?? 0];
  const set = shot.shown.sets?.find((one) => one.segment === segment);
  if (set !== undefined) return [set.devices];
  const tries = own(launch.attempts, segment) ?? [];
  const mine = tries.find((one) => one.attempt === attempt);
  const before = tries.find((one) => one.attempt === attempt - 1);
  return [
    ...(mine === undefined ? [] : [mine.devices]),
    ...(mine?.totals == null ? [] : [mine.totals.devices]),
    ...(before?.totals == null ? [] : [resendable(before.totals, launch)]),
  ];
}

function sameTotals(a: SegmentTotals, b: SegmentTotals | undefined): boolean {
  if (b === undefined || a.devices !== b.devices) return false;
  const reasons = new Set([...Object.keys(a.totals.reasons), ...Object.keys(b.totals.reasons)]);
  return (
    DEVICE_STATES.every((state) => a.totals[state] === b.totals[state]) &&
    (a.totals.reachable ?? 0) === (b.totals.reachable ?? 0) &&
    [...reasons].every((reason) => timesOf(a.totals.reasons, reason) === timesOf(b.totals.reasons, reason))
  );
}

function noSuchShot(shotId: string): Refusal {
  return refuse('SHOT_UNKNOWN', `There is no shot ${shotId} in this launch.`);
}
