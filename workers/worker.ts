import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { WorkerReport } from '../contract/report.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { TaskProtection } from '../infra/aws/task-protection.ts';
import type { Health } from '../infra/health.ts';
import { sharedClockMs } from '../infra/monotonic.ts';
import { waitAtMost } from '../infra/time-limit.ts';
import { ENTRY_VERSION } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { runningShots } from '../runbooks/launch/remaining.ts';
import type { WorkerConfig } from './config.ts';
import type { CredentialTiming } from './credentials/clock.ts';
import { fixedSecrets } from './credentials/provider-secrets.ts';
import type { ProviderSecrets } from './credentials/provider-secrets.ts';
import { lookRound, THOROUGH_EVERY } from './look-round.ts';
import { assembleParts } from './parts.ts';
import type { Parts } from './parts.ts';
import type { ShotRun } from './send/shot-run.ts';
import { PRACTICE_READS, warmUp } from './warm-up.ts';

export interface WorkerOptions {
  config: WorkerConfig;
  cloud: Cloud;
  log: Logger;
  /** Where CloudWatch embedded metric lines go; null: nowhere. */
  metricsLine: ((line: string) => void) | null;
  /**
   * How long claimed batches may take after SIGTERM: some less than ECS gives (docs/facts.md#ecs-stop). Default 20 s.
   */
  drainMs?: number;
  /** The pool has been given to another launch and nothing of ours runs: this process should end, its successor reads the launch at boot. May be called again. */
  onMoved?: () => void;
  /** Default: those of `config`, for good. */
  secrets?: ProviderSecrets;
  timing?: CredentialTiming;
  /** Reads for practice while the audience is loaded. Default 200; 0: none. */
  practiceReads?: number;
}

type State = WorkerReport['state'];

const LOOK_MS = 1_000;
const WAIT_MS = 250;
const RETRY_MS = 3_000;
const PRIME_AGAIN_MS = 10_000;
/** After the drain: for the accounts of what was cut off. */
const LAST_ACCOUNTS_MS = 5_000;

/**
 * One worker from boot to end.
 *
 *   loading → priming → ready → (sending → ready)* → draining → gone
 *
 * loading: no launch, record, audience or connection yet. priming: connections are being made warm. ready: can take any
 * batch at once. sending: a shot of the launch runs. draining and gone: `stop`. What each part does is in its own
 * folder; here they are started, told of changes, and stopped in order. One piece over 300 lines: every part is touched
 * by every transition.
 */
export class Worker {
  readonly bootId = randomUUID();
  readonly #options: WorkerOptions;
  /** Until the store's time is known it is our own. */
  readonly #startedAtMs = sharedClockMs();
  readonly #stopping = new AbortController();
  readonly #journal: Journal;
  readonly #protection: TaskProtection;
  #launchId: string | null = null;
  #launch: Launch | null = null;
  #primed = false;
  #say = 'starting';
  #complaint = '';
  #end: 'draining' | 'gone' | null = null;
  #parts: Parts | null = null;
  #loop: Promise<void> = Promise.resolve();
  #rounds = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#journal = createJournal({
      record: options.cloud.record,
      staff: options.cloud.staff,
      clock: options.cloud.clock,
      keyring: options.config.keyring,
    });
    this.#protection = new TaskProtection({ agentUri: options.config.agentUri, log: options.log });
  }

  get state(): State {
    if (this.#end !== null) return this.#end;
    const parts = this.#parts;
    if (parts === null || parts.memory.current === null || !parts.lanes.isOpen) return 'loading';
    if (this.#isSending()) return 'sending';
    return this.#primed && parts.lanes.problem(parts.memory.platforms()) === null ? 'ready' : 'priming';
  }

  get isReady(): boolean {
    return this.state === 'ready' || this.state === 'sending';
  }

  /** Resolves when the worker is under way: it has its launch and reports itself. Loading and priming go on behind it. */
  async start(): Promise<void> {
    const launchId = await this.#findLaunch();
    if (launchId === null) return;
    this.#launchId = launchId;
    this.#launch = await this.#foldRecord(launchId);
    if (this.#launch === null) return;
    const { config, cloud, log, metricsLine, timing, secrets = fixedSecrets(config, log) } = this.#options;
    const parts = await assembleParts(
      {
        config,
        cloud,
        metricsLine,
        secrets,
        bootId: this.bootId,
        launchId,
        journal: this.#journal,
        log: log.child({ launchId, bootId: this.bootId }),
        launch: () => this.#launch,
        report: () => this.report(),
        complain: (say) => this.#complain(say),
        ...(timing === undefined ? {} : { timing }),
      },
      this.#launch.campaign.apns.topic,
    );
    if (this.#stopping.signal.aborted) {
      // Asked to stop meanwhile: it takes no order and no batch any more.
      await Promise.all([parts.lanes.close(), parts.switches.stop()]);
      return;
    }
    this.#parts = parts;
    parts.reporter.start();
    parts.roll.start();
    parts.dispatcher.start();
    this.#loop = this.#run(parts);
  }

  /**
   * Hands back what is unclaimed, finishes what is claimed within 20 s, accounts for the rest device by device
   * (docs/architecture.md#sigterm).
   */
  async stop(): Promise<void> {
    if (this.#end !== null) return;
    this.#end = 'draining';
    this.#stopping.abort();
    await this.#protection.stop();
    const { log, cloud, drainMs = 20_000 } = this.#options;
    const parts = this.#parts;
    if (parts !== null) {
      void parts.reporter.publish();
      await Promise.all([parts.dispatcher.stop(), parts.closer.stop(), this.#loop]);
      const drained = Promise.all(parts.senders.map((sender) => sender.drain())).then(() => true);
      if (!(await waitAtMost(drainMs, drained, false))) {
        log.warn(
          { batches: inHand(parts) },
          'drain time is over: what is unwritten goes to others, what is unanswered becomes uncertain',
        );
        for (const sender of parts.senders) sender.giveBack();
        await parts.lanes.close();
        if (!(await waitAtMost(LAST_ACCOUNTS_MS, drained, false)))
          log.error({ batches: inHand(parts) }, 'some accounts could not be written');
      }
      parts.pacer.stop();
      parts.roll.stop();
      await parts.lanes.close();
      this.#end = 'gone';
      parts.reporter.stop();
      parts.runs.tellTraces();
      await parts.reporter.publish();
      await parts.switches.stop();
    }
    this.#end = 'gone';
    cloud.close();
    log.info('gone');
  }

  /** What its host may know of it: everything but the figures of shots. Without a launch nothing is amiss. */
  health(): Health {
    const { shots: _, ...report } = this.report();
    const idle = this.#launchId === null && this.#end === null;
    return { ready: this.isReady || idle, healthy: this.isReady, state: { ready: this.isReady, idle, ...report } };
  }

  report(): WorkerReport {
    const { clock } = this.#options.cloud;
    const parts = this.#parts;
    const loaded = parts?.memory.current ?? null;
    const protection = this.#protection.state;
    const { version } = this.#options.config;
    return {
      v: 1,
      launchId: this.#launchId ?? '',
      bootId: this.bootId,
      host: hostname(),
      pid: process.pid,
      atMs: clock.nowMs(),
      startedAtMs: clock.atMs(this.#startedAtMs),
      state: this.state,
      say: this.#saying(),
      audienceHash: loaded?.audienceHash ?? null,
      skipListHash: loaded?.skipListHash ?? null,
      shardsLoaded: parts?.memory.shards.loaded ?? 0,
      shardsTotal: parts?.memory.shards.total ?? 0,
      lanes: parts === null ? [] : parts.lanes.status(),
      switchReadAgoMs: parts === null ? null : Math.round(parts.switches.view.readAgoMs()),
      clock: clock.offset(),
      reads: ENTRY_VERSION,
      ...(version === null ? {} : { version }),
      rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
      ...(parts === null ? {} : { foreign: parts.foreign.counts }),
      ...(protection === null ? {} : { protection }),
      shots: parts?.runs.snapshots() ?? [],
      ...(parts === null ? {} : { stopped: stoppedOf(parts.runs.all()) }),
    };
  }

  #saying(): string {
    if (this.#complaint !== '') return this.#complaint;
    const parts = this.#parts;
    if (parts === null) return this.#say;
    const [stopped] = stoppedOf(parts.runs.all());
    if (stopped !== undefined)
      return `STOPPED sending ${stopped.shotId} to ${stopped.platform}: the provider answered ${stopped.reason} (${stopped.bad} of the last ${stopped.of} answers are such)`;
    return (
      parts.memory.say ??
      parts.lanes.problem(parts.memory.platforms()) ??
      parts.lanes.warning(parts.memory.platforms()) ??
      this.#say
    );
  }

  #isSending(): boolean {
    const parts = this.#parts;
    return (
      (this.#launch !== null && runningShots(this.#launch).length > 0) ||
      (parts !== null && parts.runs.all().some((run) => !run.isClosed))
    );
  }

  async #findLaunch(): Promise<string | null> {
    const { config, cloud, log } = this.#options;
    for (let said = false; !this.#stopping.signal.aborted;) {
      const launchId =
        config.launchId ??
        (await cloud.live.poolLaunch(config.pool).catch((error: unknown) => {
          log.warn({ err: error }, 'live store cannot be read; trying again');
          return null;
        }));
      if (launchId !== null) return launchId;
      if (!said) log.info({ pool: config.pool }, 'waiting for a launch');
      said = true;
      this.#say = `waiting for a launch to be assigned to ${config.pool}`;
      await this.#pause(WAIT_MS);
    }
    return null;
  }

  async #foldRecord(launchId: string): Promise<Launch | null> {
    while (!this.#stopping.signal.aborted) {
      let why = '';
      const launch = await this.#journal.launch(launchId).catch((error: unknown) => {
        this.#options.log.error({ err: error, launchId }, 'record cannot be read; trying again');
        why = `: ${error instanceof Error ? error.message : String(error)}`;
        return null;
      });
      if (launch !== null) return launch;
      this.#say = `waiting for the record of ${launchId}${why}`;
      await this.#pause(WAIT_MS);
    }
    return null;
  }

  async #run(parts: Parts): Promise<void> {
    const { lanes, memory, senders, closer, pacer, reporter } = parts;
    const { signal } = this.#stopping;
    await Promise.all([
      this.#until(() => lanes.open(signal), 'connections cannot be opened'),
      this.#until(() => memory.follow(this.#present()), 'audience cannot be loaded'),
      // Who joins a shot that runs has no time for it.
      this.#isSending()
        ? null
        : warmUp(this.#options.cloud.claims, this.#options.practiceReads ?? PRACTICE_READS, signal, this.#options.log),
    ]);
    if (signal.aborted) return;
    await reporter.publish();
    // Tried again below: cold connections are no reason to stay away.
    await lanes
      .prime(this.#present(), signal)
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'connections could not be primed'));
    this.#primed = true;
    this.#say = 'ready';
    for (const sender of senders) sender.start();
    closer.start();
    pacer.start();
    await reporter.publish();
    for (let primedAtMs = sharedClockMs(); !signal.aborted; await this.#pause(LOOK_MS)) {
      try {
        await this.#look(parts);
        if (sharedClockMs() - primedAtMs >= PRIME_AGAIN_MS && !this.#isSending()) {
          await lanes.prime(this.#present(), signal);
          primedAtMs = sharedClockMs();
        }
      } catch (error) {
        this.#options.log.warn({ err: error }, 'look-round failed; it is tried again');
      }
    }
  }

  #look({ lanes, memory, runs, senders }: Parts): Promise<void> {
    const { cloud, config, onMoved } = this.#options;
    return lookRound({
      journal: this.#journal,
      isThorough: this.#rounds++ % THOROUGH_EVERY === 0,
      live: cloud.live,
      clock: cloud.clock,
      pool: config.pool,
      launchId: this.#launchId ?? '',
      isFixed: config.launchId !== null,
      memory,
      runs,
      senders,
      onLaunch: (launch) => {
        this.#launch = launch;
      },
      isSending: () => this.#isSending(),
      onUnderWay: (isUnderWay) => {
        lanes.freeze(isUnderWay);
        this.#protection.want(isUnderWay);
      },
      onMoved: () => onMoved?.(),
    });
  }

  #present(): Launch {
    const launch = this.#journal.peek(this.#launchId ?? '') ?? this.#launch;
    if (launch === null) throw new Error('LAUNCH_MISSING');
    return launch;
  }

  /** Until it has worked: what stands in the way is shown in the report. */
  async #until(work: () => Promise<unknown>, what: string): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#journal.launch(this.#launchId ?? '');
        if ((await work()) !== false) return;
        await this.#pause(WAIT_MS);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#say = `${what}: ${error instanceof Error ? error.message : String(error)}`;
        this.#options.log.error({ err: error }, what);
        await this.#pause(RETRY_MS);
      }
    }
  }

  #complain(say: string): void {
    this.#complaint = say;
    setTimeout(() => {
      if (this.#complaint === say) this.#complaint = '';
    }, 60_000).unref();
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, null, { signal: this.#stopping.signal }).catch(() => null);
  }
}

/** What its own answers have stopped here. */
function stoppedOf(runs: readonly ShotRun[]): NonNullable<WorkerReport['stopped']> {
  return runs
    .filter(({ isClosed }) => !isClosed)
    .flatMap((run) =>
      [...new Set(run.platforms())].flatMap((platform) => {
        const found = run.condemned(platform);
        return found === null ? [] : [{ shotId: run.authority.shot.id, platform, ...found }];
      }),
    );
}

function inHand({ senders }: Parts): number {
  return senders.reduce((sum, sender) => sum + sender.inHand, 0);
}
