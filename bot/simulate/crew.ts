import { may, mayFire } from '../../runbooks/launch/authority.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { SegmentTotals, ShotTiming, Totals } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { ownerOf } from '../../runbooks/launch/owners.ts';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import { keepsFleet } from '../../runbooks/launch/pool-down.ts';
import { runningShots, segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { copiesOf, phonesOf, textsAsked } from '../../runbooks/launch/test-copies.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import { inSpan } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';
import type { World } from './world.ts';

const MIN = 60_000;
/** How long people take to press what they are asked for, and to ask again for what was refused. */
const PRESS_MS = 2 * MIN;
const AGAIN_MS = 10 * MIN;
/** Test copies are asked for, and manual gates ticked, so long before T. */
const TEST_MS = 120 * MIN;
const TICK_MS = 90 * MIN;
/** The ad airs, and the shot is through. */
const FIRE_AFTER_MS = MIN;
const FIRES_FOR_MS = 3 * 60 * MIN;
const SHOT_MS = MIN;

const TIMING: ShotTiming = {
  firstWriteMs: 90,
  p50Ms: 900,
  p95Ms: 1_800,
  p99Ms: 2_000,
  lastWriteMs: 2_100,
  perSecond: 95_000,
  peakPerSecond: 120_000,
};

/**
 * People and workers as they do what they are asked to on a good day: they send test copies, tick, run what is put to them, ask for
 * GO a minute after T and press it, and the shot reaches everybody. With `isAway` nobody does anything.
 */
export class Crew {
  readonly #world: World;
  readonly #mishaps: Mishaps;
  readonly #firstTargetMs: number;
  readonly #isAway: boolean;
  #moved = 0;
  #rehearsed = 0;
  /** What was done has changed the launch; what is wanted still was refused. */
  readonly #triedMs = new Map<string, number>();

  constructor(world: World, mishaps: Mishaps, { targetAtMs, isAway }: { targetAtMs: number; isAway: boolean }) {
    this.#world = world;
    this.#mishaps = mishaps;
    this.#firstTargetMs = targetAtMs;
    this.#isAway = isAway;
  }

  /** What somebody does now, at most one thing; null: nothing. */
  next(launch: Launch): Command | null {
    const { nowMs } = this.#world;
    const move = this.#mishaps.moves[this.#moved];
    if (move !== undefined && nowMs >= this.#firstTargetMs + move.atMs) {
      this.#moved += 1;
      return {
        kind: 'move-target',
        by: who(launch, 'move-target'),
        targetAtMs: launch.targetAtMs + move.byMs,
        reason: 'the event has moved',
      };
    }
    const rehearsal = this.#mishaps.rehearsals[this.#rehearsed];
    if (rehearsal !== undefined && nowMs >= this.#firstTargetMs + rehearsal) {
      this.#rehearsed += 1;
      return { kind: 'begin-rehearsal', by: who(launch, 'begin-rehearsal') };
    }
    const done = ends(launch, nowMs);
    if (done !== null || this.#isAway) return done;
    const ready = [...this.#test(launch), ...this.#tick(launch), ...this.#run(launch), ...this.#fire(launch)].find(
      (command) => nowMs >= (this.#triedMs.get(nameOf(command)) ?? Number.NEGATIVE_INFINITY) + AGAIN_MS,
    );
    if (ready !== undefined) this.#triedMs.set(nameOf(ready), nowMs);
    return ready ?? null;
  }

  /** Moments at which somebody does something by the clock. */
  moments(launch: Launch): number[] {
    return [
      launch.targetAtMs - TEST_MS,
      launch.targetAtMs - TICK_MS,
      ...this.#fires(launch).map(([, atMs]) => atMs),
      ...this.#mishaps.rehearsals.map((atMs) => this.#firstTargetMs + atMs),
      ...Object.values(launch.rehearsals).map(({ begunAtMs, readyWithinMs }) => begunAtMs + readyWithinMs),
      ...this.#mishaps.moves.map(({ atMs }) => this.#firstTargetMs + atMs),
      ...this.#mishaps.gates.flatMap(({ fromMs, toMs }) => [this.#firstTargetMs + fromMs, this.#firstTargetMs + toMs]),
      ...this.#mishaps.bot.flatMap(({ fromMs, toMs }) => [this.#firstTargetMs + fromMs, this.#firstTargetMs + toMs]),
    ];
  }

  #test(launch: Launch): Command[] {
    const to = launch.people.filter(({ devices }) => devices.length > 0).map(({ id }) => id);
    const isNeeded = launch.runbook.gates.some(
      ({ after, probe }) => after !== undefined || probe?.kind === 'test-send',
    );
    const isSent = Object.values(launch.tests).some(({ contentHash }) => contentHash === launch.contentHash);
    if (!isNeeded || isSent || to.length === 0 || this.#world.nowMs < launch.targetAtMs - TEST_MS) return [];
    // `/go test all`.
    const texts = textsAsked(launch, { locales: [], segments: [], variants: [], everybody: true, to }) ?? [];
    return [
      { kind: 'request-test', by: who(launch, 'request-test'), to, ...(texts.length === 0 ? {} : { locales: texts }) },
    ];
  }

  #tick(launch: Launch): Command[] {
    if (this.#world.nowMs < launch.targetAtMs - TICK_MS) return [];
    return launch.runbook.gates.flatMap(({ id, probe, owner }): Command[] => {
      const green = this.#mishaps.gates.every((one) => one.gate !== id || !this.#isNow(one));
      if (probe !== undefined || (launch.ticks[id]?.green ?? false) === green) return [];
      return [{ kind: 'tick-gate', by: answerer(launch, owner), gate: id, green, note: '' }];
    });
  }

  #run(launch: Launch): Command[] {
    return Object.entries(launch.steps).flatMap(([id, { state, atMs }]): Command[] => {
      const step = stepNamed(launch.runbook, id);
      const isAsked = state === 'put' && this.#world.nowMs >= atMs + PRESS_MS;
      if (state === 'started' && step?.do.kind === 'ask' && this.#world.nowMs >= atMs + PRESS_MS)
        return [{ kind: 'answer-step', by: answerer(launch, step.owner), step: id, answer: 0 }];
      return isAsked && step !== undefined && keepsFleet(launch, step) === null
        ? [{ kind: 'run-step', by: who(launch, 'run-step'), step: id }]
        : [];
    });
  }

  #fire(launch: Launch): Command[] {
    const { nowMs, gates: measured } = this.#world;
    const order = Object.values(launch.orders).find(({ state }) => state === 'open');
    const askers = launch.people.filter(mayFire);
    if (order !== undefined) {
      const second = askers.find(({ id }) => id !== order.requestedBy);
      if (second === undefined || nowMs < order.requestedAtMs + MIN / 2) return [];
      return [
        {
          kind: 'approve-fire',
          by: second.id,
          orderId: order.id,
          shownHash: order.shownHash,
          pressedAtMs: nowMs,
          measured,
          via: viaOf(second),
          observedHaltEpoch: launch.halt.epoch,
          observedHalted: launch.halt.active,
        },
      ];
    }
    const [first] = askers;
    return this.#fires(launch).flatMap(([market, atMs]): Command[] => {
      const segments = segmentsMeant(launch, 'all', nowMs).filter(
        (id) => market === null || id === market || id.startsWith(`${market}-`),
      );
      return first === undefined || segments.length === 0 || nowMs < atMs || nowMs > atMs + FIRES_FOR_MS
        ? []
        : [{ kind: 'request-fire', by: first.id, segments, measured, via: viaOf(first), lift: false }];
    });
  }

  /** Each market that has its own T, or all at T. */
  #fires(launch: Launch): [market: string | null, atMs: number][] {
    const markets = Object.keys(launch.runbook.targets ?? {});
    return markets.length === 0
      ? [[null, launch.targetAtMs + FIRE_AFTER_MS]]
      : markets.map((market) => [market, targetOf(launch, market) + FIRE_AFTER_MS]);
  }

  #isNow(span: { fromMs: number; toMs: number }): boolean {
    return inSpan(span, this.#world.nowMs - this.#firstTargetMs);
  }
}

/** What workers bring to an end. */
function ends(launch: Launch, nowMs: number): Command | null {
  const test = Object.entries(launch.tests).find(([, { results }]) => results === null);
  if (test !== undefined) {
    const [testId, asked] = test;
    const results = copiesOf(launch, asked, phonesOf(launch)).map(({ person, platform, locale }) => ({
      person,
      platform,
      locale,
      accepted: true,
      reason: '',
      tookMs: 90,
    }));
    return { kind: 'report-test', testId, results };
  }
  const shot = runningShots(launch).find(({ pressedAtMs }) => nowMs >= pressedAtMs + SHOT_MS);
  if (shot !== undefined) {
    const segments = shot.segments.map(({ segment, attempt }): SegmentTotals => {
      const devices = launch.attempts[segment]?.find(({ shotId }) => shotId === shot.id)?.devices ?? 0;
      const ofVariants = Object.entries(shot.audience.segments.find(({ id }) => id === segment)?.variants ?? {});
      return {
        segment,
        attempt,
        devices,
        totals: allAccepted(devices),
        ...(ofVariants.length === 0
          ? {}
          : {
              variants: ofVariants.map(([variant, own]) => ({ variant, devices: own, totals: allAccepted(own) })),
            }),
      };
    });
    return { kind: 'close-shot', shotId: shot.id, cause: 'complete', segments };
  }
  const untimed = Object.values(launch.shots).find(({ closed, timing }) => closed !== null && timing === null);
  return untimed === undefined ? null : { kind: 'report-timing', shotId: untimed.id, timing: TIMING };
}

const allAccepted = (devices: number): Totals => ({
  accepted: devices,
  failed: 0,
  uncertain: 0,
  halted: 0,
  late: 0,
  skipped: 0,
  reasons: {},
});

/** What somebody tries, so that it is not tried at every look. */
function nameOf(command: Command): string {
  switch (command.kind) {
    case 'tick-gate':
      return `tick ${command.gate} ${command.green}`;
    case 'answer-step':
      return `answer ${command.step}`;
    case 'run-step':
      return `run ${command.step}`;
    case 'request-fire':
      return `fire ${String(command.segments)}`;
    case 'approve-fire':
      return `go ${command.orderId}`;
    default:
      return command.kind;
  }
}

/** Its owner, or one of its group, who may; else the first who may. */
function answerer(launch: Launch, owner: string | undefined): string {
  const own = owner === undefined ? [] : ownerOf(launch, owner).people;
  return own.find((one) => isAble(launch, one)) ?? who(launch, 'tick-gate');
}

const isAble = (launch: Launch, id: string): boolean =>
  launch.people.some((person) => person.id === id && may(person, 'tick-gate'));

/** The first of the roster who may. */
function who({ people }: Launch, kind: Command['kind']): string {
  const found = people.find((person) => may(person, kind));
  if (found === undefined) throw new Error(`SIMULATION_IMPOSSIBLE nobody may: ${kind}`);
  return found.id;
}

const viaOf = ({ slack }: Person) => ({ kind: 'slack' as const, slackId: slack[0] ?? '' });
