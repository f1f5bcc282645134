import type { Account } from '../../infra/aws/claim-item.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { stateOf, unpackStates } from '../../settle/account-codec.ts';
import { words } from '../../settle/batch-words.ts';
import { ACCOUNT_GRACE_MS, HALT_SETTLES_MS, NOT_AFTER_GRACE_MS } from '../../settle/close.ts';
import { TAKE_OVER_GRACE_MS } from '../../workers/send/take-batch.ts';
import { LAUNCH_ID } from '../properties/scene.ts';
import type { Bounds } from './config.ts';
import { askCommand, batchesOf, decideOn, headOf, launchOf, pressCommand, SEGMENT } from './launch.ts';
import { seenText } from './processes.ts';
import type { ProcessArgs } from './processes.ts';
import { claimProblem, writeProblem } from './properties.ts';
import type { Violation } from './properties.ts';
import type { Effect, Op, Running } from './sandbox.ts';
import { perform, seal } from './stores.ts';
import { begin, happens, Runs } from './world.ts';
import type { Process, World } from './world.ts';

/**
 * Everything that can happen next, each with what it is in words. People act in one step; processes one operation at a time.
 * One piece over 300 lines: what is not listed here is not proved, so the list is read as a whole.
 */

export interface Move {
  say: string;
  world: World;
  violation: Violation | null;
}

/** A clock that is ahead, where that is looked for. */
const AHEAD_MS = 150_000;

export class Moves {
  readonly #bounds: Bounds;
  readonly runs = new Runs();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  async of(world: World): Promise<Move[]> {
    const launch = launchOf(world.entries);
    if (launch === null) return [];
    const urgent = await this.#answers(world);
    if (urgent.length > 0) return urgent;
    const steps: Move[] = [];
    for (const process of world.processes) steps.push(...(await this.#steps(world, process)));
    return [
      ...(await this.#people(world, launch)),
      ...(await this.#wakes(world, launch)),
      ...steps,
      ...this.#time(world, launch),
    ];
  }

  async #people(world: World, launch: Launch): Promise<Move[]> {
    const moves: Move[] = [];
    const order = Object.values(launch.orders).find(({ state }) => state === 'open');
    const attempts = launch.attempts[SEGMENT]?.length ?? 0;
    if (order === undefined && attempts < this.#bounds.attempts) {
      const command = await askCommand(world, world.atMs, this.#bounds);
      const asked = this.#decided(world, command);
      if (this.#bounds.slowAsks === 1 && asked !== null && !world.processes.some(({ args }) => args.role === 'ask')) {
        const begun = await this.#begin(
          world,
          { role: 'ask', who: 'Ana', shotId: '', command },
          `ask-${headOf(world.entries).seq}`,
        );
        if (begun !== null)
          moves.push({
            say: `the bot looks up who is left for attempt ${attempts + 1}`,
            world: begun,
            violation: null,
          });
      } else if (asked !== null)
        moves.push({
          say: `Ana asks for ${launch.halt.active ? 'resume' : 'fire'}: attempt ${attempts + 1}`,
          world: asked,
          violation: null,
        });
    }
    if (order !== undefined) {
      const pressed = this.#decided(world, pressCommand(launch, order.id, world.atMs, world.halt));
      if (pressed !== null) {
        const halt = order.lifts === null ? world.halt : { epoch: world.halt.epoch, halted: false };
        const claimsAtPress = this.#bounds.drop.includes('settled-check') ? world.claims : null;
        moves.push({
          say: `Mia presses GO: attempt ${attempts + 1} runs, ${order.devices} devices were shown`,
          world: { ...pressed, halt, claimsAtPress },
          violation: null,
        });
      }
    }
    if (runningShots(launch).some(({ haltedAtMs }) => haltedAtMs === null) && world.used.halts < this.#bounds.halts) {
      const epoch = world.halt.epoch + 1;
      const halted = this.#decided(world, {
        kind: 'set-halt',
        by: 'ben',
        source: 'slack',
        epoch,
        reason: 'wrong link',
        pressedAtMs: world.atMs,
      });
      if (halted !== null)
        moves.push({
          say: 'Ben presses halt',
          world: { ...halted, halt: { epoch, halted: true }, used: { ...world.used, halts: world.used.halts + 1 } },
          violation: null,
        });
    }
    return moves;
  }

  #decided(world: World, command: Command): World | null {
    const decided = decideOn(world.entries, command, world.atMs);
    return decided.ok
      ? { ...world, entries: [...world.entries, seal(headOf(world.entries), decided.entry, 'bot')] }
      : null;
  }

  /** Messages are wake-ups: whoever is free may get one for any batch of a running shot, at any time. */
  async #wakes(world: World, launch: Launch): Promise<Move[]> {
    const moves: Move[] = [];
    const bounds = this.#bounds;
    const free = (role: ProcessArgs['role'], most: number) => {
      const taken = new Set(world.processes.filter(({ args }) => args.role === role).map(({ args }) => args.who));
      return Array.from({ length: most }, (_, at) => `${role} ${at + 1}`).filter((who) => !taken.has(who));
    };
    for (const shot of runningShots(launch)) {
      const attempt = shot.segments[0]?.attempt ?? 0;
      // Workers that do nothing are all alike, unless their clocks differ.
      const idle = free('worker', bounds.workers);
      for (const who of bounds.drop.includes('clock-bound') ? idle : idle.slice(0, 1)) {
        for (const { id } of batchesOf(bounds)) {
          const key = `${attempt}/${id}`;
          const times = (world.takes[key] ?? 0) + 1;
          if (times > bounds.takes) continue;
          const aheadMs = bounds.drop.includes('clock-bound') && who === 'worker 2' ? AHEAD_MS : 0;
          const args: ProcessArgs = {
            role: 'worker',
            who,
            shotId: shot.id,
            attempt,
            batch: id,
            settled: answeredBefore(world, attempt, bounds),
            aheadMs,
            bounds,
          };
          const begun = await this.#begin(
            { ...world, takes: { ...world.takes, [key]: times } },
            args,
            `${who}-${key}-${times}`,
          );
          if (begun !== null)
            moves.push({
              say: `${who} gets the message of batch ${id}, attempt ${attempt}`,
              world: begun,
              violation: null,
            });
        }
      }
      for (const who of free('closer', bounds.closers).slice(0, 1)) {
        const begun = await this.#begin(
          world,
          {
            role: 'closer',
            who,
            shotId: shot.id,
            looksOnce: attempt === 1 || bounds.keptSets === 0,
            aheadMs: 0,
            bounds,
          },
          who,
        );
        if (begun !== null) moves.push({ say: `${who} looks at shot ${shot.id}`, world: begun, violation: null });
      }
    }
    for (const shot of Object.values(launch.shots)) {
      for (const who of isUncorrected(world, shot) ? free('late', bounds.lateLooks) : []) {
        const begun = await this.#begin(world, { role: 'late', who, shotId: shot.id, bounds }, who);
        if (begun !== null)
          moves.push({
            say: `the conductor looks for late accounts of shot ${shot.id}`,
            world: begun,
            violation: null,
          });
      }
    }
    return moves;
  }

  /** Null: it has nothing to do. A closer of a first attempt looks once: what that is for can't change. */
  async #begin(world: World, args: ProcessArgs, name: string): Promise<World | null> {
    let process = await this.#read(world, begin(world, args, name));
    const running = await this.runs.of(process);
    const look = running.pending.find(({ kind }) => kind === 'look');
    if (args.role === 'closer' && args.looksOnce && look !== undefined)
      process = await this.#read(
        world,
        happens(process, { n: look.n, atMs: world.atMs, seen: seenText(world.halt), ok: true, value: null }),
      );
    return (await this.runs.of(process)).done ? null : { ...world, processes: [...world.processes, process] };
  }

  /** A process reads as soon as it comes to it: what it reads later it would read if what it did before had come later. */
  async #read(world: World, begun: Process): Promise<Process> {
    let process = begun;
    for (;;) {
      const op = (await this.runs.of(process)).pending.find(
        ({ kind }) => kind === 'record.read' || kind === 'claims.read',
      );
      if (op === undefined) return process;
      const { value } = await perform(this.#readable(world, op, process.args), op.kind, op.args);
      process = happens(process, { n: op.n, atMs: world.atMs, seen: seenText(world.halt), ok: true, value });
    }
  }

  /** Answers of the provider change nothing that anybody else sees: they come before all else, and in one order. */
  async #answers(world: World): Promise<Move[]> {
    for (const process of world.processes) {
      const op = (await this.runs.of(process)).pending.find(({ kind }) => kind === 'answers');
      if (op === undefined) continue;
      const moves = [
        await this.#answered(
          world,
          process,
          op,
          'accepted',
          world,
          `the provider accepts what ${process.args.who} wrote (${String(op.args[0])})`,
        ),
      ];
      if (world.used.lostAnswers < this.#bounds.lostAnswers) {
        const used = { ...world.used, lostAnswers: world.used.lostAnswers + 1 };
        moves.push(
          await this.#answered(
            world,
            process,
            op,
            'lost',
            { ...world, used },
            `the provider's answers to ${process.args.who} never come (${String(op.args[0])})`,
          ),
        );
      }
      return moves.flatMap((move) => move ?? []);
    }
    return [];
  }

  async #steps(world: World, process: Process): Promise<Move[]> {
    const moves: (Move | null)[] = [];
    const { pending } = await this.runs.of(process);
    const { who } = process.args;
    for (const op of pending) {
      if (op.kind === 'tick' && process.history.filter(({ n }) => n === op.n).length >= this.#bounds.renewals) continue;
      if (op.kind === 'sleep' && isWaitingForClose(world, process, pending)) continue;
      const { stored, value } = isStoreOp(op)
        ? await perform(this.#readable(world, op, process.args), op.kind, op.args, this.#bounds.drop)
        : { stored: world, value: null };
      const after = { ...world, entries: stored.entries, claims: stored.claims };
      moves.push(await this.#answered(world, process, op, value, after, sayOf(who, op, value)));
      if (!isStoreOp(op) || world.used.faults >= this.#bounds.faults) continue;
      const used = { ...world.used, faults: world.used.faults + 1 };
      moves.push(
        await this.#answered(
          world,
          process,
          op,
          undefined,
          { ...world, used },
          `${who}: ${op.kind} fails, and nothing was written`,
        ),
      );
      if (stored.entries !== world.entries || stored.claims !== world.claims) {
        moves.push(
          await this.#answered(
            world,
            process,
            op,
            undefined,
            { ...after, used },
            `${who}: ${op.kind} is in, and its answer is lost`,
          ),
        );
      }
    }
    return moves.flatMap((move) => move ?? []);
  }

  #readable(world: World, op: Op, args: ProcessArgs): World {
    const isOld = world.claimsAtPress !== null && op.kind === 'claims.read' && args.role === 'worker';
    return isOld ? { ...world, claims: world.claimsAtPress ?? world.claims } : world;
  }

  /** Null: nothing has changed by it, but for time. `value` undefined: no answer. */
  async #answered(
    before: World,
    process: Process,
    op: Op,
    value: unknown,
    after: World,
    say: string,
  ): Promise<Move | null> {
    const was = await this.runs.of(process);
    const told = happens(process, {
      n: op.n,
      atMs: before.atMs,
      seen: seenText(after.halt),
      ok: value !== undefined,
      value: value === undefined ? null : value,
    });
    const next = await this.#read(after, told);
    const running = await this.runs.of(next);
    if ((op.kind === 'write' || op.kind === 'tick') && isSame(was, running)) return null;
    const effects = running.effects.slice(was.effects.length);
    const problem = violationOf(before, after, process, op, effects, running);
    const world = withEffects(after, process, effects);
    const rest = world.processes.filter(({ hash }) => hash !== process.hash);
    return {
      say: sayEffects(say, effects, op),
      world: { ...world, processes: running.done ? rest : [...rest, next] },
      violation: problem,
    };
  }

  #time(world: World, launch: Launch): Move[] {
    const { clockErrorMs, stepMs } = this.#bounds;
    const points: number[] = [];
    const from = (atMs: number, ...later: number[]) => {
      for (const more of [0, ...later]) points.push(atMs + more + clockErrorMs);
    };
    for (const claim of world.claims.values())
      if (claim.state === 'claimed')
        from(claim.sendUntilMs + TAKE_OVER_GRACE_MS, ACCOUNT_GRACE_MS - TAKE_OVER_GRACE_MS);
    for (const shot of runningShots(launch)) {
      from(shot.notAfterAtMs.ios + NOT_AFTER_GRACE_MS);
      if (shot.haltedAtMs !== null) from(shot.haltedAtMs + HALT_SETTLES_MS);
    }
    const soonest = Math.min(...points.filter((atMs) => atMs > world.atMs));
    const next = stepMs === 0 ? soonest : world.atMs + stepMs;
    return Number.isFinite(soonest)
      ? [{ say: `${(next - world.atMs) / 1_000} s pass`, world: { ...world, atMs: next }, violation: null }]
      : [];
  }
}

const isStoreOp = ({ kind }: Op) => kind.startsWith('record.') || kind.startsWith('claims.');

/** A worker whose account came late waits for the close; before it nothing changes. */
function isWaitingForClose(world: World, { args }: Process, pending: readonly Op[]): boolean {
  return (
    args.role === 'worker' &&
    pending.length === 1 &&
    pending[0]?.args[0] === 1_000 &&
    launchOf(world.entries)?.shots[args.shotId]?.closed === null
  );
}

function isSame(was: Running, now: Running): boolean {
  const kinds = ({ pending }: Running) =>
    pending
      .map(({ kind }) => kind)
      .toSorted()
      .join();
  return !now.done && was.effects.length === now.effects.length && was.look === now.look && kinds(was) === kinds(now);
}

function violationOf(
  before: World,
  after: World,
  { args }: Process,
  op: Op,
  effects: readonly Effect[],
  { failed }: Running,
): Violation | null {
  if (args.role === 'worker') {
    for (const effect of effects) {
      if (effect.kind !== 'wrote') continue;
      const problem = writeProblem(before, {
        device: effect.device,
        attempt: args.attempt,
        by: args.who,
        shotId: args.shotId,
        settled: args.settled,
      });
      if (problem !== null) return problem;
    }
  }
  if (failed !== null && !/NO_ANSWER|UNAVAILABLE/.test(failed))
    return { property: 'closes', say: `${args.who} fails: ${failed}` };
  if (op.kind !== 'claims.takeOver' && op.kind !== 'claims.close') return null;
  const key = op.args[0] as string;
  return claimProblem(before.claims.get(key), after.claims.get(key), before.atMs, args.who);
}

function withEffects(world: World, { args }: Process, effects: readonly Effect[]): World {
  const written = effects.flatMap((effect) => (effect.kind === 'wrote' ? [effect.device] : []));
  if (written.length === 0 || args.role !== 'worker') return world;
  return {
    ...world,
    written: { ...world.written, [args.attempt]: [...(world.written[args.attempt] ?? []), ...written].toSorted() },
  };
}

/** Devices that an account of an earlier attempt has as answered, as it stands now. */
function answeredBefore(world: World, attempt: number, bounds: Bounds): string[] {
  const answered = new Set<string>();
  for (const [key, claim] of world.claims) {
    const [, , of = '', batch = ''] = key.split('/');
    if (Number(of) >= attempt) continue;
    for (const { account } of words(claim)) {
      if (account === null) continue;
      for (const [index, code] of unpackStates(account.states, bounds.devicesPerBatch).entries())
        if (['accepted', 'bad-token'].includes(stateOf(code))) answered.add(`${batch}:${index + 1}`);
    }
  }
  return [...answered].toSorted();
}

function isUncorrected({ claims }: World, shot: Shot): boolean {
  if (shot.closed === null) return false;
  const prefix = `${LAUNCH_ID}/${SEGMENT}/${shot.segments[0]?.attempt ?? 0}/`;
  return [...claims].some(
    ([key, claim]) =>
      key.startsWith(prefix) &&
      words(claim).some(
        ({ holder, account, closedAccount }) =>
          account !== null &&
          closedAccount !== null &&
          !shot.corrected.includes(holder === 1 ? key.slice(prefix.length) : `${key.slice(prefix.length)}~${holder}`),
      ),
  );
}

function sayOf(who: string, { kind, args }: Op, value: unknown): string {
  const [key, second, third] = args;
  const batch =
    typeof key === 'string' ? `${key.split('/').at(-1) ?? ''} of attempt ${key.split('/').at(-2) ?? ''}` : '';
  switch (kind) {
    case 'claims.claim':
      return `${who} ${(value as { won: boolean }).won ? 'claims' : 'finds claimed'} batch ${batch}`;
    case 'claims.takeOver':
      return `${who} ${(value as { won: boolean }).won ? 'takes over' : 'is too late to take over'} batch ${batch}`;
    case 'claims.renew':
      return `${who} ${value === true ? 'renews its lease of' : 'has lost'} batch ${batch}`;
    case 'claims.handOn':
      return `${who} ${value === true ? 'hands on what is left of' : "can't hand on"} batch ${batch}`;
    case 'claims.account':
      return `${who} accounts for batch ${batch}: ${statesOf(third as Account)}`;
    case 'claims.close':
      return `${who} ${(value as { won: boolean }).won ? 'closes' : 'finds changed'} batch ${batch}: ${statesOf(second as Account)}`;
    case 'claims.read':
      return `${who} reads claims`;
    case 'record.read':
      return `${who} reads the record`;
    case 'record.append':
      return `${who} ${(value as { won: boolean }).won ? 'writes' : 'is too late to write'} ${(args[1] as { kind: string }).kind}`;
    case 'write':
      return `${who} is about to write ${String(key)}`;
    case 'say':
      return `${who} asks with what was looked up`;
    case 'look':
      return `${who} begins to close what is due`;
    default:
      return `${who}: ${kind}`;
  }
}

function statesOf({ states }: Account): string {
  return [...unpackStates(states, Math.floor((states.length * 8) / 3))].map((code) => stateOf(code)).join(' ');
}

function sayEffects(say: string, effects: readonly Effect[], op: Op): string {
  const written = effects.flatMap((effect) => (effect.kind === 'wrote' ? [effect.device] : []));
  if (op.kind !== 'write') return say;
  return written.length > 0 ? `${say}: written` : `${say}: held back`;
}
