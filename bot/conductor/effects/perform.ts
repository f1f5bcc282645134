import { segmentDedupId } from '../../../contract/orders.ts';
import type { SegmentOrder, TestOrder } from '../../../contract/orders.ts';
import { queueNames } from '../../../contract/queue-names.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { LaunchIndexItem } from '../../../infra/aws/live-store.ts';
import type { SwitchItem } from '../../../infra/aws/switch-store.ts';
import { within } from '../../../infra/time-limit.ts';
import { openActions } from '../../../runbooks/launch/aftermath.ts';
import { needlessReminder } from '../../../runbooks/launch/arm-reminders.ts';
import { isCleanUp } from '../../../runbooks/launch/clean-up.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { nextReminderMs } from '../../../runbooks/launch/reminders.ts';
import { stepNamed } from '../../../runbooks/launch/steps.ts';
import type { Step } from '../../../runbooks/playbook/schema.ts';
import type { Acted, Context } from '../context.ts';
import { callsOf, keepingCalls } from '../heard.ts';
import { coverStanding } from '../watches/halt-parameter.ts';
import { mirrorSwitch, reportMirror } from './mirror-effects.ts';
import { stepCalls } from './perform-automation.ts';
import { begin } from './perform-begun.ts';
import { callOutside } from './perform-outside.ts';
import { scale } from './perform-scale.ts';
import { writeFlags } from './public-mirror.ts';

/**
 * Performs the effects that go to the cloud. Each may be performed twice, and late: what the launch has moved
 * past is left alone. Returns a word for the effect's mark; rejects if it has to be tried again.
 */
export async function performCloud(context: Context, effect: Effect, launch: Launch): Promise<string> {
  const { cloud } = context;
  switch (effect.kind) {
    case 'index-launch':
      await cloud.live.putLaunch(indexItem(launch, false));
      return 'done';
    case 'ensure-queues':
      await cloud.queues.ensurePool(launch.runbook.pool.name);
      return 'done';
    case 'send-segment-orders':
      return sendSegmentOrders(context, launch, effect.shotId);
    case 'send-test-order':
      return sendTestOrder(context, launch, effect.testId);
    case 'write-switches':
      return writeSwitches(cloud.switches, launch);
    case 'lift-halt':
      // The mirror says `on` until it is written after this; its version is noted first, so that nobody takes it for a new halt by hand.
      await noteHaltVersion(context, launch.id);
      return (await cloud.switches.lift(launch.id, effect.epoch)) ? 'done' : 'a newer halt stands';
    case 'note-head':
      return (await cloud.switches.noteHead(launch.id, { seq: effect.seq, hash: effect.hash }))
        ? 'done'
        : 'a later head was noted';
    case 'mirror-switch':
      return mirrorSwitch(context, launch.id, effect);
    case 'report-mirror':
      return reportMirror(context, launch.id, effect);
    case 'write-flags':
      return writeFlags(context, launch.id);
    case 'scale':
      return scale(context, launch, effect);
    case 'do-step':
      return doStep(context, launch, effect.step);
    case 'finish-step':
      return finishStep(context, launch.id, effect.step, effect.say);
    case 'post-entry':
    case 'post-board':
    case 'post-order':
    case 'refresh-order':
    case 'refresh-request':
    case 'post-stand-down':
    case 'refresh-stand-down':
    case 'post-scale':
    case 'finish-scale':
    case 'post-automation':
    case 'finish-automation':
    case 'start-live':
    case 'finish-live':
    case 'post-summary':
    case 'post-chart':
      throw new Error(`EFFECT_NOT_OF_CLOUD: ${effect.id}`);
    default: {
      const unknown: never = effect;
      throw new Error(`EFFECT_UNKNOWN: ${JSON.stringify(unknown)}`);
    }
  }
}

/** `over`: no conductor has anything left to do for it. A closed launch whose last posts are not out yet is not over. */
/** `remindedMs`: reminders up to then were given. */
export function indexItem(launch: Launch, over: boolean, remindedMs = 0): LaunchIndexItem {
  const remindAtMs = over ? nextReminderMs(launch, remindedMs) : null;
  return {
    launchId: launch.id,
    name: launch.name,
    channelId: launch.channelId,
    pool: launch.runbook.pool.name,
    createdAtMs: launch.createdAtMs,
    closed: over,
    workers: launch.runbook.pool.workers,
    runbook: launch.runbook.id,
    openActions: openActions(launch).length,
    ...(remindAtMs === null ? {} : { remindAtMs }),
  };
}

/** Wakes one dispatcher per segment. Harmless at any time, as the record decides; pointless once the shot is over. */
async function sendSegmentOrders(context: Context, launch: Launch, shotId: string): Promise<string> {
  const shot = launch.shots[shotId];
  if (shot === undefined || shot.closed !== null) return 'the shot is over';
  const orders = shot.segments.map(({ segment, attempt }): SegmentOrder => ({
    v: 1,
    launchId: launch.id,
    shotId,
    segment,
    attempt,
  }));
  await context.cloud.queues.sendFifo(
    queueNames(launch.runbook.pool.name).segments,
    orders.map((order) => ({
      body: JSON.stringify(order),
      group: segmentDedupId(order),
      dedup: segmentDedupId(order),
    })),
  );
  return 'done';
}

async function sendTestOrder(context: Context, launch: Launch, testId: string): Promise<string> {
  if (launch.tests[testId]?.results !== null) return 'the test is over';
  const order: TestOrder = { v: 1, launchId: launch.id, testId };
  const id = `${launch.id}/test/${testId}`;
  await context.cloud.queues.sendFifo(queueNames(launch.runbook.pool.name).segments, [
    { body: JSON.stringify(order), group: id, dedup: id },
  ]);
  return 'done';
}

/** An item that has not seen the record's halts, as in a region that takes a launch over, has them first; one that counts more is left alone. */
async function writeSwitches(switches: Cloud['switches'], launch: Launch): Promise<string> {
  if (launch.halt.epoch > 0) await switches.catchUp(launch.id, launch.halt);
  return (await switches.apply(launch.id, launch.seq, switchValues(launch))) ? 'done' : 'a newer entry was written';
}

/** What the record says of everything in the switch item but the halt. */
export function switchValues(launch: Launch): Pick<SwitchItem, 'pace' | 'zombie' | 'custom'> {
  const pace = (name: string) => {
    const value = launch.switches[name]?.value;
    return typeof value === 'number' ? value : 0;
  };
  const custom = Object.fromEntries(
    launch.runbook.switches.flatMap(({ id }) => {
      const standing = launch.switches[id];
      return standing === undefined ? [] : [[id, standing.value]];
    }),
  );
  return {
    pace: { ios: pace('pace.ios'), android: pace('pace.android') },
    zombie: launch.switches['zombie']?.value === true,
    custom,
  };
}

/**
 * Best effort within half a second: a lift, and the fire that may hang on it, must not wait for SSM. What is read after that
 * covers nothing any more: it may be a halt that came after the lift.
 */
async function noteHaltVersion(context: Context, launchId: string): Promise<void> {
  await within({ limitMs: 500, what: 'the halt parameter was not read' }, (signal) =>
    coverStanding(context, launchId, signal),
  ).catch((error: unknown) =>
    context.log.warn({ launchId, err: error }, 'cannot read the halt parameter before the lift'),
  );
}

async function doStep(context: Context, launch: Launch, stepId: string): Promise<string> {
  const step = stepNamed(launch.runbook, stepId);
  if (step === undefined || launch.steps[stepId]?.state !== 'started') return 'the step is over';
  if (isTooLate(launch, step)) return finishStep(context, launch.id, stepId, 'given up, as the launch is over', true);
  switch (step.do.kind) {
    case 'scale':
      return orderScale(context, launch, step, step.do);
    case 'switch': {
      const { switch: name, value } = step.do;
      const reason = `step “${step.title}” of the runbook`;
      // Whoever appends writes the switch at once, its parameter among what is written.
      const acted = await keepingCalls(context, launch.id, stepCalls(stepId), () =>
        context.execute(launch.id, { kind: 'turn-switch', switch: name, value, reason }),
      );
      return acted.ok || acted.code === 'ALREADY_SO'
        ? finishStep(context, launch.id, stepId, 'switched')
        : finishStep(context, launch.id, stepId, acted.say, true);
    }
    // The entry's own post is the reminder.
    case 'remind': {
      const needless = needlessReminder(launch, step, context.nowMs());
      return finishStep(context, launch.id, stepId, needless === null ? 'told the channel' : `not needed: ${needless}`);
    }
    case 'checklist':
    case 'fire-window':
      return finishStep(context, launch.id, stepId, 'told the channel');
    case 'page':
    case 'webhook': {
      const { say, refused } = await callOutside(context, launch, step);
      return finishStep(context, launch.id, stepId, say, refused);
    }
    // What these begin is seen to its end by a watch.
    case 'automation':
    case 'load':
    case 'prime':
    case 'test-send':
    case 'rehearsal': {
      const ended = await begin(context, launch, stepId, step.do);
      return ended === null ? 'started' : finishStep(context, launch.id, stepId, ended.say, ended.refused);
    }
    // Its own post has the buttons; a person's answer ends it.
    case 'ask':
      return 'asked';
    default: {
      const unknown: never = step.do;
      throw new Error(`STEP_KIND_UNKNOWN: ${JSON.stringify(unknown)}`);
    }
  }
}

async function orderScale(
  context: Context,
  launch: Launch,
  { id: step, title: reason }: Step,
  { target, to: desired }: Extract<Step['do'], { kind: 'scale' }>,
): Promise<string> {
  if (launch.scale[target]?.step === step) return 'ordered already';
  const acted = await context.execute(launch.id, { kind: 'order-scale', by: null, target, desired, step, reason });
  if (acted.ok || acted.code === 'ALREADY_SO') return 'ordered';
  return finishStep(context, launch.id, step, acted.say, true);
}

/** What reaches beyond the channel. */
const REACHES: ReadonlySet<string> = new Set([
  'scale',
  'switch',
  'page',
  'webhook',
  'automation',
  'load',
  'prime',
  'test-send',
  'rehearsal',
]);

/** Begun, and not done before the launch was called off or closed: only what puts back is done then. Nobody is called any more, and nothing raised. */
function isTooLate(launch: Launch, step: Step): boolean {
  const reaches = REACHES.has(step.do.kind);
  return reaches && (launch.closed || launch.stoodDown !== null) && !isCleanUp(launch, step);
}

/** `refused`: the launch did not take it. The step is over all the same, and the entry's own post tells people: nothing else will do its work. */
async function finishStep(
  context: Context,
  launchId: string,
  step: string,
  say: string,
  refused = false,
): Promise<string> {
  const acted: Acted = await context.execute(launchId, {
    kind: 'finish-step',
    step,
    say,
    ...(refused ? { refused: true } : {}),
    aws: await callsOf(context, launchId, stepCalls(step)),
  });
  return acted.ok ? 'done' : acted.code;
}
