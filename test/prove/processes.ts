import { pino } from 'pino';
import type { Manifest } from '../../contract/manifest.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { closeShot, CloseMemo, partsOf } from '../../settle/close.ts';
import { correctShot } from '../../settle/correct.ts';
import type { LateAccount } from '../../settle/correct.ts';
import { correctLateAccounts, LateMemo } from '../../settle/late-accounts.ts';
import { createSwitchMemory, sharedClockMs, SwitchView, writeReading } from '../../workers/halt/switch-view.ts';
import type { SwitchMemory } from '../../workers/halt/switch-view.ts';
import type { Lane } from '../../workers/lanes/lane.ts';
import { sendBatch } from '../../workers/send/batch-run.ts';
import { LeaseKeeper } from '../../workers/send/lease-keeper.ts';
import { ShotRun } from '../../workers/send/shot-run.ts';
import { takeBatch } from '../../workers/send/take-batch.ts';
import { LAUNCH_ID } from '../properties/scene.ts';
import { LEASE_MS } from './config.ts';
import type { Bounds } from './config.ts';
import { authorityOf, launchOf, manifestOf, SEGMENT, setOf, viewOf } from './launch.ts';
import type { Io } from './sandbox.ts';
import { claimsFor, keyringOf, recordFor } from './stores.ts';

/** The processes of the search: the project's own functions, and as little as can be around them. */

const log = pino({ level: 'silent' });

export interface WorkerArgs {
  role: 'worker';
  who: string;
  shotId: string;
  attempt: number;
  batch: string;
  /** Devices that were known to be answered when the batch was taken. */ settled: readonly string[];
  aheadMs: number;
  bounds: Bounds;
}
export interface CloserArgs {
  role: 'closer';
  who: string;
  shotId: string;
  looksOnce: boolean;
  aheadMs: number;
  bounds: Bounds;
}
export interface LateArgs {
  role: 'late';
  who: string;
  shotId: string;
  bounds: Bounds;
}
export interface AskArgs {
  role: 'ask';
  who: string;
  shotId: '';
  command: Command;
}
export type ProcessArgs = WorkerArgs | CloserArgs | LateArgs | AskArgs;

/** Halt as a process sees it without asking: what the switch thread has read last. */
export const seenText = (halt: { epoch: number; halted: boolean }) => `${halt.epoch} ${halt.halted ? 1 : 0}`;

function clockFor(io: Io, { clockErrorMs, drop }: Bounds, aheadMs: number) {
  const early = drop.includes('writer-clock') ? 3_000 : 0;
  return {
    nowMs: () => io.nowMs(),
    earliestMs: () => io.nowMs() - clockErrorMs + aheadMs,
    latestMs: () => io.nowMs() + clockErrorMs - early,
    atMs: (monotonicMs: number) => monotonicMs,
  };
}

/** One worker and one batch message: looks the shot up, takes the batch, sends it, accounts for it, and corrects the shot if it was late. */
export async function work(io: Io, args: WorkerArgs): Promise<void> {
  const { shotId, attempt, batch, bounds, aheadMs, who } = args;
  const entries = (await io.call('record.read', 0)) as Entry[];
  const run = new ShotRun(authorityOf(entries, shotId), ['en'], clockFor(io, bounds, aheadMs));
  const switches = switchesFor(io);
  const clock = clockFor(io, bounds, aheadMs);
  const notAfterMs = run.authority.shot.notAfterAtMs.ios;
  const isOver = () => ['halted', 'late'].includes(run.stop('ios', switches, notAfterMs) ?? '');
  // A pause ends: with nothing claimed it is as if the message came later.
  if (run.stop('ios', switches, notAfterMs) !== null) return;
  const claims = claimsFor(io);
  const share = () => ({ perSecond: bounds.mark === 0 ? 0 : (bounds.mark * 1_000) / LEASE_MS, active: true });
  const message = { v: 1 as const, launchId: LAUNCH_ID, shotId, segment: SEGMENT, attempt, batch };
  const view = viewOf(bounds, batch);
  const taken = await takeBatch(
    { claims, setOf, clock, bootId: who, share, isOver, complain: () => undefined, log },
    run,
    message,
    view,
  );
  if (!taken.won) return;
  io.look = () => `${taken.held.lease.isGivenBack} ${taken.held.isLost} ${taken.held.mark}`;
  const late: LateAccount[] = [];
  const queues = { handBack: () => Promise.resolve() };
  const keeper = new LeaseKeeper({
    claims,
    queues,
    queue: 'batches',
    clock,
    share,
    isPaused: () => switches.stop(Number.POSITIVE_INFINITY) !== null,
    log,
  });
  const lane = laneFor(io, bounds);
  await sendBatch(
    { claims, lane, switches, clock, keeper, log, onLateAccount: (one) => late.push(one) },
    run,
    message,
    view,
    taken.held,
    'receipt',
  );
  const journal = createJournal({ record: recordFor(io, 'worker'), keyring: keyringOf('worker'), nowMs: clock.nowMs });
  for (const one of late) await correctShot(journal, one, new AbortController().signal);
}

/** A view whose readings are as fresh as the last thing that happened to the process. */
function switchesFor(io: Io): SwitchView {
  const memory: SwitchMemory = { ...createSwitchMemory(), originMs: sharedClockMs() - 10_000 };
  const view = new SwitchView(memory);
  const read = () => {
    const [epoch = 0, halted = 0] = io.seen().split(' ').map(Number);
    writeReading(memory, { haltEpoch: epoch, halted: halted === 1, pace: { ios: 0, android: 0 } }, sharedClockMs());
  };
  const stop = view.stop.bind(view);
  view.stop = (haltEpoch, nowMs) => {
    read();
    return stop(haltEpoch, nowMs);
  };
  return view;
}

/** A connection that writes one device at a time, when the search lets it, and gets its answers together. */
function laneFor(io: Io, { drop }: Bounds): Lane {
  const nothing = () => Promise.resolve();
  return {
    platform: 'ios',
    open: nothing,
    prime: nothing,
    capacity: nothing,
    close: nothing,
    pace: () => undefined,
    freezeCredential: () => undefined,
    prepare: (templates) => ({ templates }),
    status: () => ({
      provider: 'apns',
      connections: 1,
      primed: 1,
      streams: 1,
      inFlight: 0,
      credentialAgeMs: 0,
      credentialLeftMs: 0,
      key: null,
      refusal: null,
      weather: null,
      sick: null,
      peer: null,
    }),
    async send(_shot, job) {
      const written: number[] = [];
      for (let index = 0; index < job.count;) {
        await io.call('write', job.token(index));
        const why = drop.includes('check-at-write') ? null : job.stop(index);
        if (why === null) {
          io.effect({ kind: 'wrote', device: job.token(index) });
          job.wrote?.(index);
          written.push(index++);
        } else if (why !== 'paused') {
          for (; index < job.count; index++) job.settle(index, { state: 'held', why });
        }
      }
      if (written.length === 0) return;
      const isAnswered =
        (await io.call(
          'answers',
          written.map((index) => job.token(index)),
        )) === 'accepted';
      for (const index of written)
        job.settle(index, isAnswered ? { state: 'accepted' } : { state: 'uncertain', reason: 'NoAnswer' });
    },
  };
}

/** Walks the shot twice: the sets of its attempts are read at the first look, as a closer keeps them, and it is closed by them at the second. */
export async function close(io: Io, { shotId, bounds, aheadMs }: CloserArgs): Promise<void> {
  const clock = clockFor(io, bounds, aheadMs);
  const journal = createJournal({ record: recordFor(io, 'worker'), keyring: keyringOf('worker'), nowMs: clock.nowMs });
  const deps = {
    claims: claimsFor(io),
    journal,
    setOf,
    manifestOf: () => Promise.resolve<Manifest>(manifestOf(bounds)),
  };
  const launch = await journal.launch(LAUNCH_ID);
  const shot = launch?.shots[shotId];
  if (launch === null || shot === undefined) throw new Error('SHOT_UNKNOWN');
  const memo = new CloseMemo();
  memo.parts = await partsOf(deps, launch, shot);
  await io.call('look');
  const result = await closeShot(deps, { launchId: LAUNCH_ID, shotId, nowMs: clock.earliestMs(), memo });
  if (result.state === 'refused') throw new Error(`CLOSE_REFUSED ${result.code}: ${result.say}`);
}

/** The conductor looks for accounts that came late, and whose worker did not correct the shot. */
export async function lookForLate(io: Io, { shotId, bounds }: LateArgs): Promise<void> {
  const journal = createJournal({ record: recordFor(io, 'bot'), keyring: keyringOf('bot'), nowMs: () => io.nowMs() });
  const launch = launchOf((await io.call('record.read', 0)) as Entry[]);
  const shot = launch?.shots[shotId];
  if (launch === null || shot === undefined) throw new Error('SHOT_UNKNOWN');
  const { refused } = await correctLateAccounts(
    { claims: claimsFor(io), journal, setOf, manifestOf: () => Promise.resolve(manifestOf(bounds)) },
    launch,
    shot,
    new LateMemo(),
  );
  if (refused.length > 0) throw new Error(`CORRECTION_REFUSED ${refused.join()}`);
}

/** A person asks for what the bot has looked up; a refusal is told to them, and they ask again. */
export async function ask(io: Io, { command }: AskArgs): Promise<void> {
  const journal = createJournal({ record: recordFor(io, 'bot'), keyring: keyringOf('bot'), nowMs: () => io.nowMs() });
  await io.call('say');
  await journal.append(LAUNCH_ID, command);
}
