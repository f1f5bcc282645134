import type { Decision, Given } from './commands.ts';
import { contentRefusal } from './content.ts';
import { accept, byPerson, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { Actor, EntryOf, FrozenSet, Measured, Moment, Platform, SegmentAttempt, SegmentRef } from './entries.ts';
import { firersOf, namesOf, policyProblem } from './fire-policy.ts';
import { changed, expired, haltText, noSuchOrder, nothingCutOff, notOpen } from './fire-refusals.ts';
import { gateLines, redLines, redText } from './gates.ts';
import type { FireOrder, GateLine, Launch } from './launch.ts';
import { isMeasuredAgain, momentIsOver, momentOf, momentProblem, notArmed, notItsMoment } from './moment.ts';
import { nameOf, viaProblem } from './people.ts';
import {
  devicesShown,
  isExpired,
  nextAttempt,
  openOrderOf,
  remainingDevices,
  runningShotOf,
  runningShots,
  segmentsMeant,
  shotsText,
} from './remaining.ts';
import { shownFor, shownHash } from './shown.ts';
import { silentTooLate } from './silent-limits.ts';
import { covers } from './skip-cover.ts';
import { isPending } from './voiding.ts';
import { clock, listed, span } from './words.ts';

/**
 * THE TWO-PERSON RULE. Nothing is sent without a FireApproved entry, and this file alone makes one. It holds that
 *
 *   1. one person asked, on duty, whom the runbook lets ask, with every gate green or waived  requestFire
 *   2. ANOTHER PERSON approved, whom it lets approve: the roster says who is who, not the
 *      Slack id or key; whom it lets do which is asked in fire-policy.ts                     approveFire, same person
 *   3. in time: an order ends by itself                                                      approveFire, expiry
 *   4. exactly what both were shown: segments, attempts and who of them is left, content, audience, skip list,
 *      collapse id, times, priorities, bound by one hash that travels in the button          approveFire, hash
 *   5. while nothing is halted, unless this very order was asked for to lift this very halt  approveFire, halt
 *   6. with every hard gate green at the press; other red ones are written down with it      approveFire, gates
 *   7. in a record whose every entry is signed by who may write it (signers.ts)             unsignedProblem
 *   8. once: an approved order is no longer open, and its segments are on their next attempt approveFire, open
 *
 * An order may carry a moment. The second person's press arms it then (FireArmed, by the same rules), and at that moment 4 to 8 are
 * asked again before it goes: releaseFire. Too late, or refused, it is held for a press: holdFire.
 *
 * One piece over 300 lines, so that the rule can be read in one go.
 *
 * That the launch is open and that roles allow the command is asked before, for every command alike (authority.ts).
 * That a change voids what was shown earlier is done by evolve (voiding.ts). That of two approvals at the same moment
 * one wins is the record's work: both would be the entry with the same sequence.
 */

export function requestFire(
  launch: Launch,
  command: CommandOf<'request-fire'>,
  { nowMs, sha256, rules = ENTRY_VERSION }: Given,
): Decision {
  const barred = unsignedProblem(launch) ?? policyProblem(launch, command.by, 'ask');
  if (barred !== null) return barred;
  const via = viaProblem(launch, command.by, command.via, nowMs);
  if (via !== null) return via;
  if (launch.halt.active && !command.lift)
    return refuse('HALTED', `${haltText(launch)} Have two people lift it with /go resume, then ask again.`);
  if (command.lift && !launch.halt.active)
    return refuse('NOT_HALTED', 'Nothing is halted, so there is nothing to resume. Ask with /go fire.');
  if (launch.audience === null)
    return refuse(
      'NO_AUDIENCE',
      'This launch has no audience yet. Compile one with `npm run audience -- compile`, then ask again.',
    );

  const names = segmentsMeant(launch, command.segments, nowMs);
  if (names.length === 0 && command.segments === 'cut-off') return nothingCutOff(launch, nowMs);
  if (names.length === 0)
    return refuse(
      'NOTHING_TO_FIRE',
      'No segment can be fired now: each was sent, is being sent, or waits in an order already. See /go status.',
    );
  const attempts = names.map((segment) => ({ segment, attempt: nextAttempt(launch, segment) }));
  const sets = attempts.flatMap(({ segment, attempt }) =>
    attempt > 1 ? (command.sets?.find((one) => one.segment === segment) ?? []) : [],
  );
  const stuck = attempts
    .map((one) => segmentProblem(launch, one, sets, rules, nowMs))
    .find((problem) => problem !== null);
  if (stuck != null) return stuck;

  const other = otherSkipList(launch);
  if (other !== null) return other;

  const unfit = contentRefusal(launch, launch.audience);
  if (unfit !== null) return unfit;
  const moment = momentOf(launch, command.momentMs);
  const untimely = whenProblem(launch, moment, command.lift, nowMs);
  if (untimely !== null) return untimely;
  const red = redLines(gateLines(launch, command.measured, nowMs, names, moment?.atMs));
  const asked = moment === undefined ? red : red.filter((line) => !isMeasuredAgain(line));
  if (asked.length > 0) return notGreen(asked);

  const shown = shownFor(launch, attempts, undefined, sets, moment);
  return accept(byPerson(command.by), nowMs, {
    kind: 'FireRequested',
    orderId: `F${launch.seq + 1}`,
    shown,
    shownHash: shownHash(shown, sha256),
    devices: names.reduce((sum, segment) => sum + devicesShown(launch, shown, segment), 0),
    expiresAtMs: (moment?.atMs ?? nowMs) + launch.runbook.order_expires_after,
    via: command.via,
    measured: command.measured,
    lifts: command.lift ? launch.halt.epoch : null,
  });
}

export function approveFire(launch: Launch, command: CommandOf<'approve-fire'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  const unsigned = unsignedProblem(launch);
  if (unsigned !== null) return unsigned;

  // Another person.
  if (order.requestedBy === command.by) {
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this fire, so a second person must press GO: ${namesOf(firersOf(launch, 'approve'), command.by)} may.`,
    );
  }
  const barred = policyProblem(launch, command.by, 'approve');
  if (barred !== null) return barred;
  const via = viaProblem(launch, command.by, command.via, nowMs);
  if (via !== null) return via;

  // Open, and in time. Both clocks count: when it was pressed, and when it is decided.
  if (order.state !== 'open') return notOpen(launch, order, sha256);
  if (isExpired(order, nowMs) || isExpired(order, command.pressedAtMs)) return expired(launch, order);
  const untimely = pressProblem(launch, order, command.pressedAtMs, nowMs);
  if (untimely !== null) return untimely;

  const { moment } = order.shown;
  // With a moment ahead this press arms it. Once it was held, a press is what it waits for.
  if (moment !== undefined && order.held === null) {
    if (Math.max(command.pressedAtMs, nowMs) >= moment.atMs) return momentIsOver(order.id, moment.atMs);
    const refused = shownProblem(launch, order, command.shownHash, sha256) ?? haltProblem(launch, order, command);
    if (refused !== null) return refused;
    const { orderId, shownHash: hash, via: proof, pressedAtMs } = command;
    return accept(byPerson(command.by), nowMs, {
      kind: 'FireArmed',
      orderId,
      shownHash: hash,
      via: proof,
      pressedAtMs,
      haltEpoch: launch.halt.epoch,
      observed: { haltEpoch: command.observedHaltEpoch, halted: command.observedHalted },
    });
  }
  return go(launch, order, { ...command, actor: byPerson(command.by) }, { nowMs, sha256 });
}

/** An armed order's moment: it goes with the approval of the person who armed it, if everything but that person is asked again. */
export function releaseFire(launch: Launch, command: CommandOf<'release-fire'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  const unsigned = unsignedProblem(launch);
  if (unsigned !== null) return unsigned;
  const { armed } = order;
  const { moment } = order.shown;
  if (order.state !== 'armed' || armed === null || moment === undefined) return notArmed(launch, order, sha256);
  if (nowMs < moment.atMs || nowMs > moment.atMs + moment.withinMs) return notItsMoment(order.id, moment, nowMs);
  return go(
    launch,
    order,
    {
      ...command,
      actor: CONDUCTOR,
      shownHash: order.shownHash,
      via: armed.via,
      pressedAtMs: nowMs,
      armed: { by: armed.by, seq: armed.seq },
    },
    { nowMs, sha256 },
  );
}

/** What did not go at its moment, armed or not, waits for a press from now on. */
export function holdFire(launch: Launch, command: CommandOf<'hold-fire'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  const { moment } = order.shown;
  const isWaiting = order.state === 'armed' || (order.state === 'open' && order.held === null);
  if (moment === undefined || !isWaiting) return notArmed(launch, order, sha256);
  if (nowMs < moment.atMs) return notItsMoment(order.id, moment, nowMs);
  return accept(CONDUCTOR, nowMs, { kind: 'FireHeld', orderId: order.id, reason: command.reason });
}

interface Seen extends Pick<CommandOf<'approve-fire'>, 'shownHash' | 'pressedAtMs' | 'measured' | 'via'>, SwitchSeen {
  actor: Actor;
  armed?: EntryOf<'FireApproved'>['armed'];
}

/** Exactly what was shown, while nothing is halted, with every hard gate green: it goes. */
function go(
  launch: Launch,
  order: FireOrder,
  seen: Seen,
  { nowMs, sha256 }: Pick<Given, 'nowMs' | 'sha256'>,
): Decision {
  const refused =
    shownProblem(launch, order, seen.shownHash, sha256) ??
    haltProblem(launch, order, seen) ??
    silentTooLate(launch, nowMs);
  if (refused !== null) return refused;
  const segments = order.shown.segments.map(({ segment }) => segment);
  const red = redLines(gateLines(launch, seen.measured, nowMs, segments));
  const hard = red.filter((line) => line.hard);
  if (hard.length > 0)
    return refuse(
      'HARD_GATE_RED',
      `Nothing can be sent while ${redText(hard)}. Make it green and press GO again; the order holds until ${clock(order.expiresAtMs)}.`,
    );

  const { pressedAtMs } = seen;
  const { notAfterMs } = order.shown;
  return accept(seen.actor, nowMs, {
    kind: 'FireApproved',
    orderId: order.id,
    shotId: `S${launch.seq + 1}`,
    shown: order.shown,
    shownHash: order.shownHash,
    via: seen.via,
    pressedAtMs,
    notAfterAtMs: { ios: pressedAtMs + notAfterMs.ios, android: pressedAtMs + notAfterMs.android },
    haltEpoch: launch.halt.epoch,
    lifts: order.lifts,
    redGates: red.map((line) => measuredOf(line, nowMs)),
    measured: seen.measured,
    observed: { haltEpoch: seen.observedHaltEpoch, halted: seen.observedHalted },
    ...(seen.armed === undefined ? {} : { armed: seen.armed }),
  });
}

/** As in the button, as in the order, and as the launch would show it at this moment. */
function shownProblem(launch: Launch, order: FireOrder, hash: string, sha256: Given['sha256']): Refusal | null {
  const segments = order.shown.segments.map(({ segment }) => ({ segment, attempt: nextAttempt(launch, segment) }));
  const running = segments.find(({ segment }) => runningShotOf(launch, segment) !== undefined);
  if (running !== undefined)
    return refuse(
      'SEGMENT_TAKEN',
      `${running.segment} is being sent by another order. Wait for that shot to close, then ask for fire again.`,
    );
  const { skipListHash, sets, moment } = order.shown;
  const present = shownHash(shownFor(launch, segments, skipListHash, sets, moment), sha256);
  return hash === order.shownHash && present === order.shownHash ? null : changed(launch, order, segments);
}

function notGreen(red: readonly GateLine[]): Refusal {
  const orWaived = red.every(({ hard }) => hard) ? '' : ', or have two people waive what is not hard';
  return refuse(
    'GATES_RED',
    `Every gate must be green or waived to ask for fire, but ${redText(red)}. Make them green${orWaived}, then ask again.`,
  );
}

/** Anyone on duty may decline; for the requester it is a withdrawal, and for an armed order it is what disarms it. */
export function declineFire(launch: Launch, command: CommandOf<'decline-fire'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  if (!isPending(order)) return notOpen(launch, order, sha256);
  if (isExpired(order, nowMs)) return expired(launch, order);
  return accept(byPerson(command.by), nowMs, { kind: 'FireDeclined', orderId: order.id, reason: command.reason });
}

/** Writes down what the clock has done already: an order that is over counts as over before this entry, too. */
export function expireOrder(launch: Launch, command: CommandOf<'expire-order'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  if (order.state !== 'open') return notOpen(launch, order, sha256);
  if (!isExpired(order, nowMs))
    return refuse(
      'TIME_INVALID',
      `Order ${order.id} holds until ${clock(order.expiresAtMs)}, and it is ${clock(nowMs)}.`,
    );
  return accept(CONDUCTOR, nowMs, { kind: 'FireExpired', orderId: order.id });
}

function unsignedProblem(launch: Launch): Refusal | null {
  if (launch.keys.length > 0) return null;
  return refuse(
    'RECORD_UNSIGNED',
    `The record of ${launch.name} names no keys: it was begun by a version without signatures, and whoever can write its table could have written it. Nothing can be fired in it; create a new launch with /go create.`,
  );
}

function segmentProblem(
  launch: Launch,
  { segment, attempt }: SegmentAttempt,
  sets: readonly FrozenSet[],
  rules: number,
  nowMs: number,
): Refusal | null {
  const ref = launch.audience?.segments.find(({ id }) => id === segment);
  if (ref === undefined)
    return refuse(
      'SEGMENT_UNKNOWN',
      `The audience has no segment ${segment}; it has ${listed(launch.audience?.segments.map(({ id }) => id) ?? [])}.`,
    );
  if (ref.devices === 0)
    return refuse('SEGMENT_EMPTY', `Segment ${segment} has no devices. Leave it out, or compile the audience again.`);
  if (runningShotOf(launch, segment) !== undefined)
    return refuse(
      'SHOT_RUNNING',
      `${segment} is being sent right now. Wait until that shot is closed, or halt it with /go halt.`,
    );
  const waiting = openOrderOf(launch, segment, nowMs);
  if (waiting !== undefined) {
    return refuse(
      'SEGMENT_TAKEN',
      `${nameOf(launch, waiting.requestedBy)} has asked for ${segment} already; that order waits for GO until ${clock(waiting.expiresAtMs)}. Approve it or decline it.`,
    );
  }
  const set = sets.find((one) => one.segment === segment);
  // Before an entry's third version nobody froze who was left.
  if (attempt > 1 && rules >= FROZEN_SINCE) return setProblem(launch, ref, attempt, set);
  return remainingDevices(launch, segment) === 0 ? nothingLeft(segment) : null;
}

const FROZEN_SINCE = 3;

/** Of a segment that has been sent to before the claims say who is left; what both people see, and what is sent, is that list. */
function setProblem(
  launch: Launch,
  { id, devices }: SegmentRef,
  attempt: number,
  set: FrozenSet | undefined,
): Refusal | null {
  if (set === undefined) {
    return remainingDevices(launch, id) === 0
      ? nothingLeft(id)
      : refuse('SET_MISSING', `Nobody has looked yet who of ${id} is left to send to. Ask again.`);
  }
  if (set.attempt !== attempt)
    return refuse(
      'SET_MISSING',
      `Who of ${id} is left was looked up for attempt ${set.attempt}, and this would be attempt ${attempt}. Ask again.`,
    );
  if (!(set.seq >= (own(launch.correctedSeq, id) ?? 0)))
    return refuse('SET_MISSING', `A late account has come since it was looked up who of ${id} is left. Ask again.`);
  if (set.devices === 0) return nothingLeft(id);
  if (Number.isSafeInteger(set.devices) && set.devices > 0 && set.devices <= devices) return null;
  return refuse(
    'VALUE_INVALID',
    `${id} has ${devices} devices, and ${set.devices} of them are said to be left. Ask again.`,
  );
}

function nothingLeft(segment: string): Refusal {
  return refuse('NOTHING_TO_FIRE', `${segment} went out already and nothing is left to send. Leave it out.`);
}

/** Workers hold one skip list at a time. */
function otherSkipList(launch: Launch): Refusal | null {
  const other = runningShots(launch).find(({ skipList }) => !covers(launch.skipList, skipList?.hash ?? null));
  if (other === undefined) return null;
  return refuse(
    'SHOT_RUNNING',
    `Shot ${shotsText([other])} still runs with another skip list, and workers hold one at a time, so they could send nothing of this. Wait until that shot is closed, or halt it with /go halt.`,
  );
}

type SwitchSeen = Pick<CommandOf<'approve-fire'>, 'observedHaltEpoch' | 'observedHalted'>;

/** `observed…` is the switch item at the press: a halt stands there before its entry has landed in the record. */
function haltProblem(launch: Launch, order: FireOrder, command: SwitchSeen): Refusal | null {
  const { epoch, active } = launch.halt;
  if (command.observedHaltEpoch > epoch)
    return refuse(
      'HALTED',
      'Somebody has just pressed halt. Find out why; after two people have lifted it, ask for fire again.',
    );
  if (order.lifts !== null && order.lifts !== epoch)
    return refuse('HALTED', `This order was to lift an earlier halt. ${haltText(launch)} Ask again with /go resume.`);
  const liftsThis = order.lifts === epoch && (!command.observedHalted || command.observedHaltEpoch === epoch);
  if (active && !liftsThis)
    return refuse('HALTED', `${haltText(launch)} Have two people lift it with /go resume, then press GO again.`);
  if (command.observedHalted && !liftsThis)
    return refuse(
      'HALTED',
      'The workers still stand halted. Wait until the lift has reached them, then press GO again.',
    );
  return null;
}

/** When it would go: with the press, or at its moment. */
function whenProblem(launch: Launch, moment: Moment | undefined, lift: boolean, nowMs: number): Refusal | null {
  const early = moment === undefined ? null : momentProblem(moment, lift, nowMs);
  return early ?? silentTooLate(launch, moment?.atMs ?? nowMs);
}

/** A gate that was red at the press, as the entry has it. */
function measuredOf({ id, status, value, say }: GateLine, atMs: number): Measured {
  return { gate: id, status: status === 'red' ? 'red' : 'unknown', value, say, atMs };
}

/** How far a press may be dated ahead of the deciding clock. */
const PRESS_SKEW_MS = 5_000;

/** A press is decided at once; one that comes from the future, or so late that it could send nothing, is not a press of this moment. */
function pressProblem(launch: Launch, order: FireOrder, pressedAtMs: number, nowMs: number): Refusal | null {
  const platforms = new Set<Platform>(
    (launch.audience?.segments ?? [])
      .filter(({ id }) => order.shown.segments.some(({ segment }) => segment === id))
      .map(({ platform }) => platform),
  );
  const shortestMs = Math.min(...[...platforms].map((platform) => order.shown.notAfterMs[platform]));
  if (pressedAtMs < order.requestedAtMs) {
    return refuse(
      'TIME_INVALID',
      `The press is dated ${span(order.requestedAtMs - pressedAtMs)} before the order was asked for, so it can't be a press on it; a clock may be wrong. Press GO again.`,
    );
  }
  const ageMs = nowMs - pressedAtMs;
  if (ageMs >= -PRESS_SKEW_MS && !(ageMs >= shortestMs)) return null;
  return refuse(
    'TIME_INVALID',
    ageMs < 0
      ? 'The press is dated ahead of our clock. Press GO again.'
      : `The press is ${span(ageMs)} old; what it would send is late by now. Press GO again.`,
  );
}
