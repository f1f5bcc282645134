import { may } from '../../runbooks/launch/authority.ts';
import { cleanUps } from '../../runbooks/launch/clean-up.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { ownerOf } from '../../runbooks/launch/owners.ts';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import { keepsFleet } from '../../runbooks/launch/pool-down.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { textsAsked } from '../../runbooks/launch/test-copies.ts';
import type { Gate } from '../../runbooks/playbook/schema.ts';
import { asks, dueFires, fireMoments, opensWindow, presses } from './firing.ts';
import { inSpan } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';
import { ends } from './workers.ts';
import { audienceOf } from './world.ts';
import type { World } from './world.ts';

const MIN = 60_000;
/** How long people take to press what they are asked for, and to ask again for what was refused. */
const PRESS_MS = 2 * MIN;
const AGAIN_MS = 10 * MIN;
/** Test copies are asked for, and manual gates ticked, so long before the first T. */
const TEST_MS = 120 * MIN;
const TICK_MS = 90 * MIN;
/**
 * People and workers as they do what they are asked to on a good day: they send test copies, tick, run what is put to them, ask for
 * GO and press it (firing.ts), and the shot reaches everybody. With `isAway` nobody does anything.
 */
export class Crew {
  readonly #world: World;
  readonly #mishaps: Mishaps;
  readonly #firstTargetMs: number;
  readonly #isAway: boolean;
  /** What was chosen to happen and has not yet, the earliest first. */
  readonly #ahead: Chance[];
  /** What was done has changed the launch; what is wanted still was refused. */
  readonly #triedMs = new Map<string, number>();

  constructor(world: World, mishaps: Mishaps, { targetAtMs, isAway }: { targetAtMs: number; isAway: boolean }) {
    this.#world = world;
    this.#mishaps = mishaps;
    this.#firstTargetMs = targetAtMs;
    this.#isAway = isAway;
    this.#ahead = chancesOf(mishaps);
  }

  /** What somebody does now, at most one thing; null: nothing. */
  next(launch: Launch): Command | null {
    if (launch.closed) return null;
    const happens = this.#happens(launch) ?? ends(launch, this.#world.nowMs);
    if (happens !== null || this.#isAway) return happens;
    const { nowMs, gates } = this.#world;
    const wanted =
      launch.stoodDown === null
        ? [
            ...this.#test(launch),
            ...this.#tick(launch),
            ...this.#run(launch),
            ...this.#hear(launch),
            ...presses(launch, gates, nowMs),
            ...asks(launch, gates, nowMs),
          ]
        : this.#putBack(launch, launch.stoodDown);
    const ready = wanted.find(
      (command) => nowMs >= (this.#triedMs.get(nameOf(launch, command)) ?? Number.NEGATIVE_INFINITY) + AGAIN_MS,
    );
    if (ready !== undefined) this.#triedMs.set(nameOf(launch, ready), nowMs);
    return ready ?? null;
  }

  /** What was chosen to happen to this day, each at its time and once. */
  #happens(launch: Launch): Command | null {
    const [next] = this.#ahead;
    if (next === undefined || this.#world.nowMs < this.#firstTargetMs + next.atMs) return null;
    this.#ahead.shift();
    return next.command(launch);
  }

  /** Moments at which somebody does something by the clock. */
  moments(launch: Launch): number[] {
    const { gates, bot, fleets } = this.#mishaps;
    const firstMs = firstFire(launch);
    return [
      firstMs - TEST_MS,
      firstMs - TICK_MS,
      ...fireMoments(launch),
      ...this.#ahead.map(({ atMs }) => this.#firstTargetMs + atMs),
      ...Object.values(launch.rehearsals).map(({ begunAtMs, readyWithinMs }) => begunAtMs + readyWithinMs),
      ...[...gates, ...bot, ...fleets].flatMap(({ fromMs, toMs }) => [
        this.#firstTargetMs + fromMs,
        this.#firstTargetMs + toMs,
      ]),
    ];
  }

  #test(launch: Launch): Command[] {
    const to = launch.people.filter(({ devices }) => devices.length > 0).map(({ id }) => id);
    const isNeeded = launch.runbook.gates.some(
      ({ after, probe }) => after !== undefined || probe?.kind === 'test-send',
    );
    const isSent = Object.values(launch.tests).some(({ contentHash }) => contentHash === launch.contentHash);
    if (!isNeeded || isSent || to.length === 0 || this.#world.nowMs < firstFire(launch) - TEST_MS) return [];
    // `/go test all`.
    const texts = textsAsked(launch, { locales: [], segments: [], variants: [], everybody: true, to }) ?? [];
    return [
      { kind: 'request-test', by: who(launch, 'request-test'), to, ...(texts.length === 0 ? {} : { locales: texts }) },
    ];
  }

  #tick(launch: Launch): Command[] {
    if (this.#world.nowMs < firstFire(launch) - TICK_MS) return [];
    return launch.runbook.gates.flatMap(({ id, probe, owner, evidence }): Command[] => {
      const green = this.#mishaps.gates.every((one) => one.gate !== id || !this.#isNow(one));
      if (probe !== undefined || (launch.ticks[id]?.green ?? false) === green) return [];
      return [{ kind: 'tick-gate', by: answerer(launch, owner), gate: id, green, note: noteFor(evidence) }];
    });
  }

  #run(launch: Launch): Command[] {
    return Object.entries(launch.steps).flatMap(([id, { state, atMs }]): Command[] => {
      const step = stepNamed(launch.runbook, id);
      const isAsked = state === 'put' && this.#world.nowMs >= atMs + PRESS_MS;
      if (state === 'started' && step?.do.kind === 'ask' && this.#world.nowMs >= atMs + PRESS_MS)
        return [{ kind: 'answer-step', by: answerer(launch, step.owner), step: id, answer: 0 }];
      // Where nothing is to be sent nobody waits for that to take a fleet down.
      const isKept = step !== undefined && opensWindow(launch.runbook) && keepsFleet(launch, step) !== null;
      return isAsked && !isKept ? [{ kind: 'run-step', by: who(launch, 'run-step'), step: id }] : [];
    });
  }

  /** Whoever a gate wants to hear of says so when it is asked for. */
  #hear(launch: Launch): Command[] {
    const { nowMs } = this.#world;
    if (dueFires(launch, nowMs).length === 0) return [];
    return launch.runbook.gates.flatMap(({ probe }) =>
      probe?.kind !== 'people-present'
        ? []
        : launch.people
            .filter(({ id }) => probe.people?.includes(id) ?? true)
            .filter(({ id }) => nowMs - (launch.present[id] ?? Number.NEGATIVE_INFINITY) > probe.within)
            .map(({ id }): Command => ({ kind: 'be-here', by: id })),
    );
  }

  /** Once it was called off: what is left to put back, by the buttons of that message. */
  #putBack(launch: Launch, { atMs }: NonNullable<Launch['stoodDown']>): Command[] {
    if (this.#world.nowMs < atMs + PRESS_MS) return [];
    return cleanUps(launch).flatMap(({ step, isOffered, state }): Command[] =>
      step === null || !isOffered || state !== 'open'
        ? []
        : [{ kind: 'run-step', by: who(launch, 'run-step'), step: step.id }],
    );
  }

  #isNow(span: { fromMs: number; toMs: number }): boolean {
    return inSpan(span, this.#world.nowMs - this.#firstTargetMs);
  }
}

interface Chance {
  /** From the T that the launch is created with. */
  atMs: number;
  command: (launch: Launch) => Command;
}

function chancesOf({ moves, rehearsals, audiences, standDownMs }: Mishaps): Chance[] {
  return [
    ...moves.map(({ atMs, byMs }): Chance => ({
      atMs,
      command: (launch) => ({
        kind: 'move-target',
        by: who(launch, 'move-target'),
        targetAtMs: launch.targetAtMs + byMs,
        reason: 'the event has moved',
      }),
    })),
    ...rehearsals.map((atMs): Chance => ({
      atMs,
      command: (launch) => ({ kind: 'begin-rehearsal', by: who(launch, 'begin-rehearsal') }),
    })),
    ...audiences.map((atMs, index): Chance => ({
      atMs,
      command: (launch) => ({
        kind: 'set-audience',
        by: who(launch, 'set-audience'),
        audience: audienceOf(launch.runbook, index + 1),
      }),
    })),
    ...(standDownMs === null
      ? []
      : [
          {
            atMs: standDownMs,
            command: (launch: Launch): Command => ({
              kind: 'stand-down',
              by: who(launch, 'stand-down'),
              reason: 'the event is called off',
            }),
          },
        ]),
  ].toSorted((a, b) => a.atMs - b.atMs);
}

/** T, or the first of the markets that have their own. */
function firstFire(launch: Launch): number {
  const markets = Object.keys(launch.runbook.targets ?? {});
  return Math.min(launch.targetAtMs, ...markets.map((market) => targetOf(launch, market)));
}

function noteFor(evidence: Gate['evidence']): string {
  switch (evidence) {
    case 'link':
      return 'https://example.com/seen';
    case 'note':
      return 'Looked at, and it is so.';
    case undefined:
      return '';
  }
}

/** What somebody tries, so that it is not tried at every look. */
function nameOf(launch: Launch, command: Command): string {
  switch (command.kind) {
    case 'tick-gate':
      return `tick ${command.gate} ${command.green}`;
    case 'answer-step':
      return `answer ${command.step}`;
    case 'run-step':
      return `run ${command.step}`;
    case 'be-here':
      return `here ${command.by}`;
    case 'request-fire':
      return `fire ${String(command.segments)} ${command.momentMs ?? ''}`;
    case 'approve-fire':
      return `go ${command.orderId} ${launch.orders[command.orderId]?.held ?? ''}`;
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
