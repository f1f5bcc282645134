import type { Button, KnownBlock } from '@slack/types';
import { sickOf, weatherOf } from '../../contract/pool-weather.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { FleetNow } from '../../runbooks/cost/fleets.ts';
import { isLiftAsked } from '../../runbooks/launch/change-waits.ts';
import { owed } from '../../runbooks/launch/clean-up.ts';
import { redSteps } from '../../runbooks/launch/deadlines.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Totals } from '../../runbooks/launch/entries.ts';
import { redLines } from '../../runbooks/launch/gates.ts';
import type { GateLine, Launch, Shot } from '../../runbooks/launch/launch.ts';
import { stepDueAtMs } from '../../runbooks/launch/plan-times.ts';
import { missedAsAWhole } from '../../runbooks/launch/reach.ts';
import {
  isExpired,
  lastAttempt,
  leftBehindOf,
  openOrderOf,
  remainingDevices,
  runningShots,
} from '../../runbooks/launch/remaining.ts';
import { nextSteps, scheduledSteps } from '../../runbooks/launch/schedule.ts';
import { heldOutIn } from '../../runbooks/launch/variants.ts';
import { heldOutText, leftBehindText } from '../../runbooks/record/describe.ts';
import { ACTION } from '../action-ids.ts';
import { armedLines } from './armed.ts';
import { actions, button, context, fields, header, message, section } from './blocks.ts';
import { contactsBlocks } from './contacts.ts';
import { fleetsText } from './fleets.ts';
import { momentsSection } from './market-moments.ts';
import type { Message } from './message.ts';
import { goBy, nameOf, platformName, switchState } from './names.ts';
import { waitingLines } from './requests.ts';
import { segmentsText, shotSegments } from './segments-text.ts';
import { standDownSection } from './stand-down.ts';
import { surgeLine } from './surge.ts';
import { otherSplit } from './variants.ts';
import { sickLine, weatherLine } from './weather.ts';
import { clip, count, fit, plural, readyOf, safe, short, span, stamp, timeOfDay, toTarget } from './words.ts';

/** Of many armed orders, the next ones: HALT stays on screen. */
const ARMED_SHOWN = 5;
/** Markets that fire apart have an order each. */
const ORDERS_SHOWN = 7;

/** A board that stands where the record could be read last, and says so above all that it shows. */
export function standingBoard({ text, blocks: [title, ...blocks] }: Message, { seq }: Launch, why: string): Message {
  const say = `:rotating_light: *This board stands at entry ${seq}: the record can't be read on here.* ${safe(why, 600)}`;
  return { text, blocks: [...(title === undefined ? [] : [title]), section(say), ...blocks].slice(0, 50) };
}

/** The one pinned message: what state the launch is in, what is missing, and HALT. `reports` are the pool's workers, `fleets` what runs of the scale targets. */
export function boardMessage(
  launch: Launch,
  gates: readonly GateLine[],
  reports: readonly WorkerReport[],
  nowMs: number,
  fleets: readonly FleetNow[] = [],
): Message {
  const orders = Object.values(launch.orders).filter((one) => one.state === 'open' && !isExpired(one, nowMs));
  const state = stateText(launch, orders.length, runningShots(launch).length > 0, gates);
  const shots = runningShots(launch);
  const blocks: KnownBlock[] = [header(`${clip(launch.name, 90)}: ${state}`)];
  blocks.push(...standDownSection(launch));
  if (launch.halt.active) {
    blocks.push(
      section(
        `:octagonal_sign: *HALTED* by ${launch.halt.by === null ? 'the system' : nameOf(launch, launch.halt.by)} ${stamp(launch.halt.atMs)}${launch.halt.reason === '' ? '' : `: ${safe(launch.halt.reason, 300)}`}\nNothing is being sent.${launch.closed || isLiftAsked(launch, nowMs) ? '' : ' Two people lift it: `/go resume`.'}${launch.runbook.on_halt === undefined ? '' : `\n_${safe(launch.runbook.on_halt, 600)}_`}`,
      ),
      ...contactsBlocks(launch.runbook),
    );
  }
  for (const shot of shots.slice(0, 5)) blocks.push(section(shotLine(launch, shot, reports, nowMs)));
  for (const order of orders.slice(0, ORDERS_SHOWN)) {
    blocks.push(
      section(
        `:large_green_square: *A fire order waits for its second person*: ${segmentsText(launch, order.shown.segments)}, ${plural(order.devices, 'device')}, asked by ${nameOf(launch, order.requestedBy)}, expires ${timeOfDay(order.expiresAtMs)}`,
      ),
    );
  }
  blocks.push(...waitingLines(launch, nowMs));
  blocks.push(...armedLines(launch, nowMs).slice(0, ARMED_SHOWN));
  const behind =
    launch.closed || launch.stoodDown !== null
      ? []
      : leftBehindOf(launch).filter(({ segment }) => openOrderOf(launch, segment, nowMs) === undefined);
  if (behind.length > 0) {
    const said = behind.map(
      ({ segment }) =>
        `• ${safe(
          leftBehindText(launch, [segment], (command) => `\`${command}\``),
          400,
        )}`,
    );
    blocks.push(section(`:arrow_forward: *Left behind by late accounts*\n${fit(said, 1_000)}`));
  }
  blocks.push(
    section(`*${phaseOf(launch, nowMs)}* · ${toTarget(nowMs, launch.targetAtMs)} · target ${stamp(launch.targetAtMs)}`),
    // Above the figures: on a phone they fill the screen.
    ...(launch.closed ? [] : [actions('board', boardButtons(launch, nowMs))]),
    ...momentsSection(launch, nowMs),
    fields([
      ...(launch.closed ? [] : [['Gates', gatesText(gates)] as const]),
      ['Workers', poolText(launch, reports)],
      [
        'Audience',
        launch.audience === null
          ? 'none yet'
          : `${plural(launch.audience.devices, 'device')} \`${short(launch.audience.hash)}\`${heldOutText(heldOutIn(launch.audience, 'all'))}${otherSplit(launch)}${launch.skipList === null ? '' : `, ${count(launch.skipList.tokens)} on the skip list`}`,
      ],
      ['Switches', switchesText(launch)],
      ['Fired', firedText(launch)],
      ['Next', nextText(launch, nowMs)],
      ...(fleetsText(fleets) === null ? [] : [['Runs now', fleetsText(fleets) ?? ''] satisfies [string, string]]),
      ...skyText(reports, nowMs),
      ...surgeText(launch),
    ]),
  );
  blocks.push(
    context(
      `content \`${short(launch.contentHash)}\` · record ${count(launch.seq)} \`${short(launch.headHash)}\` · as of ${timeOfDay(nowMs)} · \`/go help\``,
    ),
  );
  return message(`${launch.name}: ${state}`, blocks);
}

function boardButtons(launch: Launch, nowMs: number): Button[] {
  const value = { launchId: launch.id };
  return [
    button(ACTION.halt, ':octagonal_sign: HALT', value, 'danger'),
    ...(launch.halt.active && !isLiftAsked(launch, nowMs)
      ? [button(ACTION.askLift, 'Ask to lift the halt', value)]
      : []),
    button(ACTION.ready, 'What is missing?', value),
  ];
}

function stateText(launch: Launch, ordered: number, running: boolean, gates: readonly GateLine[]): string {
  if (launch.closed) return 'closed';
  if (launch.stoodDown !== null) {
    const left = owed(launch).length;
    return left === 0 ? 'stood down' : `stood down, ${count(left)} to put back`;
  }
  if (launch.halt.active) return 'HALTED';
  if (running) return 'sending';
  if (ordered > 0) return ordered === 1 ? 'a fire order waits for GO' : `${ordered} fire orders wait for GO`;
  const segments = launch.audience?.segments ?? [];
  const left = segments.reduce((sum, { id }) => sum + remainingDevices(launch, id), 0);
  const missed = left === 0 ? missedSoFar(launch) : [];
  if (segments.length > 0 && missed.length > 0) return `nothing left to send, and ${missed.join(' and ')} not reached`;
  if (segments.length > 0 && left === 0)
    return gotSoFar(launch).uncertain === 0
      ? 'everything is sent'
      : `nothing left to send, ${count(gotSoFar(launch).uncertain)} uncertain`;
  if (segments.length > 0 && segments.every(({ id }) => lastAttempt(launch, id) !== undefined))
    return `${plural(left, 'device')} not reached yet: /go fire`;
  const open = redLines(gates).length;
  return open === 0 ? 'ready to fire' : `${plural(open, 'gate')} open`;
}

function gatesText(gates: readonly GateLine[]): string {
  const open = redLines(gates);
  const waived = gates.filter(({ status }) => status === 'waived').length;
  if (open.length === 0)
    return `:large_green_circle: all ${gates.length}${waived === 0 ? '' : `, ${waived === gates.length ? 'all' : waived} of them waived`}`;
  return `:red_circle: ${open.length} of ${gates.length} open\n${fit(
    open.map((gate) => `• ${safe(gate.title, 80)}`),
    700,
  )}`;
}

/** Reports older than this are of a worker that is gone or cut off. */
const FRESH_MS = 15_000;

/** What providers answer everybody, and connections that were given up; nothing while all is well. */
function skyText(reports: readonly WorkerReport[], nowMs: number): [string, string][] {
  const alive = aliveOf(reports);
  const lines = [...weatherOf(alive).map((weather) => weatherLine(weather, nowMs)), ...sickOf(alive).map(sickLine)];
  return lines.length === 0 ? [] : [['Providers', lines.join('\n')]];
}

/** Once nothing is left to send it says nothing any more. */
function surgeText(launch: Launch): [string, string][] {
  const segments = (launch.audience?.segments ?? []).map(({ id }) => id);
  const left = segments.filter((id) => remainingDevices(launch, id) > 0);
  const isOver = launch.closed || launch.stoodDown !== null || (segments.length > 0 && left.length === 0);
  const line = isOver ? null : surgeLine(launch, launch.audience === null ? 'all' : left);
  return line === null ? [] : [['Surge', line]];
}

function aliveOf(reports: readonly WorkerReport[]): WorkerReport[] {
  const newest = Math.max(0, ...reports.map((report) => report.atMs));
  return reports.filter((report) => report.state !== 'gone' && newest - report.atMs <= FRESH_MS);
}

function poolText(launch: Launch, reports: readonly WorkerReport[]): string {
  const alive = aliveOf(reports);
  const ready = alive.filter((report) => report.state === 'ready' || report.state === 'sending');
  const lanes = ready.flatMap((report) => report.lanes);
  const primed = lanes.reduce((sum, lane) => sum + lane.primed, 0);
  const connections = lanes.reduce((sum, lane) => sum + lane.connections, 0);
  return `${readyOf(ready.length, launch.runbook.pool.workers)}${alive.length > ready.length ? `, ${alive.length - ready.length} starting` : ''}${connections === 0 ? '' : `\n${count(primed)} of ${count(connections)} connections primed`}`;
}

function shotLine(launch: Launch, shot: Shot, reports: readonly WorkerReport[], nowMs: number): string {
  let accepted = 0;
  for (const report of reports) {
    for (const snapshot of report.shots) {
      if (snapshot.shotId === shot.id)
        accepted += snapshot.platforms.ios.accepted + snapshot.platforms.android.accepted;
    }
  }
  const devices = launch.orders[shot.orderId]?.devices ?? 0;
  return `${shot.haltedAtMs === null ? ':rocket: *Sending*' : ':octagonal_sign: *Stopped, being counted:*'} ${shotSegments(launch, shot)}: ${count(accepted)} of ${count(devices)} accepted, ${span(nowMs - shot.pressedAtMs)} since GO ${goBy(launch, shot)}`;
}

function switchesText(launch: Launch): string {
  const set = Object.entries(launch.switches).filter(([, { value }]) => value !== false && value !== 0);
  return set.length === 0
    ? 'as the runbook says'
    : fit(
        set.map(([id, { value }]) => switchState(id, value)),
        500,
      );
}

function firedText(launch: Launch): string {
  const segments = launch.audience?.segments ?? [];
  const fired = segments.filter((segment) => (launch.attempts[segment.id]?.length ?? 0) > 0).length;
  if (segments.length === 0) return 'nothing';
  const { accepted, uncertain } = gotSoFar(launch);
  return `${fired} of ${plural(segments.length, 'segment')}${accepted === 0 ? '' : `\n${count(accepted)} accepted`}${uncertain === 0 ? '' : `\n${count(uncertain)} uncertain: may or may not have got it`}`;
}

/** Of closed attempts. Under "resend" a further attempt was for the uncertain devices of those before it, so that its word counts. */
function gotSoFar(launch: Launch): { accepted: number; uncertain: number } {
  const sum = { accepted: 0, uncertain: 0 };
  for (const { id } of launch.audience?.segments ?? []) {
    const closed = (launch.attempts[id] ?? []).flatMap(({ totals }) => totals?.totals ?? []);
    sum.accepted += closed.reduce((all, { accepted }) => all + accepted, 0);
    sum.uncertain += (launch.runbook.delivery.uncertain === 'resend' ? closed.slice(-1) : closed).reduce(
      (all, { uncertain }) => all + uncertain,
      0,
    );
  }
  return sum;
}

/** Platforms of which next to nobody was reached in all attempts together. */
function missedSoFar(launch: Launch): string[] {
  return PLATFORMS.filter((platform) => {
    const tries = (launch.audience?.segments ?? [])
      .filter((segment) => segment.platform === platform)
      .map(({ id }) => (launch.attempts[id] ?? []).flatMap(({ totals }) => totals?.totals ?? []));
    const sum = (of: typeof tries, pick: (totals: Totals) => number) =>
      of.flat().reduce((all, totals) => all + pick(totals), 0);
    const [accepted, last] = [sum(tries, (totals) => totals.accepted), tries.map((one) => one.slice(-1))];
    return (
      missedAsAWhole(
        {
          accepted,
          failed: sum(last, ({ failed }) => failed),
          uncertain: sum(last, ({ uncertain }) => uncertain),
          halted: 0,
          late: 0,
          skipped: 0,
        },
        false,
      ) !== null
    );
  }).map((platform) => platformName[platform]);
}

function nextText(launch: Launch, nowMs: number): string {
  const next = nextSteps(launch, nowMs).slice(0, 2);
  if (launch.stoodDown !== null) return 'nothing by the plan: it was stood down';
  const waiting = Object.values(launch.steps).filter(({ state }) => state === 'put').length;
  const put = waiting === 0 ? [] : [`${plural(waiting, 'step waits', 'steps wait')} for a person: \`/go steps\``];
  const held = scheduledSteps(launch).flatMap(({ step }) => {
    const state = launch.steps[step.id];
    return state?.state === 'held' ? [`${safe(step.title, 80)} waits: ${safe(state.say, 200)}`] : [];
  });
  const red = redSteps(launch).map(({ step, say }) => `:red_circle: ${safe(step.title, 80)} was ${safe(say, 300)}`);
  const lines = [
    ...red.slice(0, 3),
    ...put,
    ...held.slice(0, 2),
    ...next.map(({ step, dueAtMs }) => `${safe(step.title, 80)} (${toTarget(dueAtMs, launch.targetAtMs)})`),
  ];
  return lines.length === 0 ? 'no step left' : lines.join('\n');
}

/** The last phase that has begun; before the first one, that one. */
function phaseOf(launch: Launch, nowMs: number): string {
  const begun = launch.runbook.phases.findLast((phase) =>
    phase.steps.some((step) => stepDueAtMs(launch, step) <= nowMs),
  );
  const phase = begun ?? launch.runbook.phases[0];
  return safe(phase?.title ?? '', 120);
}
