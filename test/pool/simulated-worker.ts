import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { WorkerReport } from '../../contract/report.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Keyring } from '../../infra/aws/keyring.ts';
import { createLiveStore } from '../../infra/aws/live-store.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import { createRecordStore } from '../../infra/aws/record-store.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { createSwitchStore } from '../../infra/aws/switch-store.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { switchPoll } from '../../workers/halt/switch-poll.ts';
import { lookRound, THOROUGH_EVERY } from '../../workers/look-round.ts';
import { Reporter } from '../../workers/report/reporter.ts';
import { RollWatch } from '../../workers/send/roll-watch.ts';
import type { ShotRuns } from '../../workers/send/shot-runs.ts';
import type { SimulatedStore } from './simulated-store.ts';

const LOOK_MS = 1_000;
const POLL_MS = 250;

export interface SimulatedPool {
  store: SimulatedStore;
  keyring: Keyring;
  launchId: string;
  pool: string;
  nowMs: () => number;
  /** The report of a worker in this state, as large as a real one. */
  reportOf: (
    launch: Launch,
    bootId: string,
    state: WorkerReport['state'],
    switchReadAgoMs: number | null,
  ) => WorkerReport;
  /** Everything that went wrong on any worker. */
  failures: string[];
}

/** What a worker does with the store when it claims nothing: the real reporter, roll watch, look-round and switch poll, over lanes and a memory that are always ready. */
export class SimulatedWorker {
  readonly bootId = randomUUID();
  readonly roll: RollWatch;
  readonly #pool: SimulatedPool;
  readonly #live: LiveStore;
  readonly #reporter: Reporter;
  readonly #timers: NodeJS.Timeout[] = [];
  #launch: Launch | null = null;
  #confirmedAtMs: number | null = null;
  halted = false;

  constructor(pool: SimulatedPool) {
    const {
      store: { client, tables },
      keyring,
      launchId,
      nowMs,
      failures,
    } = pool;
    this.#pool = pool;
    this.#live = createLiveStore({ dynamo: client, table: tables.live });
    const log = {
      warn: (fields: object, say: string) => failures.push(`${say}: ${JSON.stringify(fields)}`),
    } as unknown as Logger;
    const clock = wallClock(nowMs);
    this.roll = new RollWatch({
      live: this.#live,
      launchId,
      bootId: this.bootId,
      launch: () => this.#launch,
      trusted: keyring.trusted,
      clock,
      log,
    });
    const isSending = () => this.#launch !== null && runningShots(this.#launch).length > 0;
    const runs = {
      all: () =>
        this.#launch === null
          ? []
          : runningShots(this.#launch).map((shot) => ({
              isClosed: false,
              authority: { shot },
              activeAtMs: Number.POSITIVE_INFINITY,
            })),
    } as unknown as ShotRuns;
    this.#reporter = new Reporter({
      live: this.#live,
      signer: keyring.signer,
      runs,
      clock,
      metrics: null,
      log,
      workers: () => Math.max(this.roll.view.size, this.#launch?.runbook.pool.workers ?? 0),
      report: () => {
        if (this.#launch === null) throw new Error('no launch');
        return pool.reportOf(
          this.#launch,
          this.bootId,
          isSending() ? 'sending' : 'ready',
          this.#confirmedAtMs === null ? null : nowMs() - this.#confirmedAtMs,
        );
      },
    });
  }

  /** Its rounds begin at moments of their own, `phase` (0 to 1) of their period after now. */
  async start(phase: number): Promise<void> {
    const {
      store: { client, tables },
      keyring,
      launchId,
      pool,
      nowMs,
      failures,
    } = this.#pool;
    const journal = createJournal({
      record: createRecordStore({ dynamo: client, table: tables.record }),
      keyring,
      nowMs,
    });
    const switches = createSwitchStore({ reads: client, writes: client, table: tables.switches });
    this.#launch = await journal.launch(launchId);
    const memory = { isStale: () => false, onlySkipsMore: () => false, follow: async () => true, current: null };
    // They booted at different times.
    let rounds = Math.floor(phase * 7_919);
    const look = async () => {
      await lookRound({
        journal,
        isThorough: rounds++ % THOROUGH_EVERY === 0,
        live: this.#live,
        clock: { nowMs },
        pool,
        launchId,
        isFixed: false,
        memory,
        runs: { update: () => undefined },
        senders: [],
        onLaunch: (launch) => {
          this.#launch = launch;
        },
        isSending: () => this.#launch !== null && runningShots(this.#launch).length > 0,
        onUnderWay: () => undefined,
        onMoved: () => failures.push('moved'),
      }).catch((error: unknown) => failures.push(`look-round failed: ${String(error)}`));
      this.#timers.push(setTimeout(() => void look(), LOOK_MS));
    };
    const poll = switchPoll({
      read: () => switches.read(launchId, { consistent: true }),
      nowMs,
      confirm: (item, begunMs) => {
        this.#confirmedAtMs = begunMs;
        this.halted = item.halted;
      },
      tell: ({ reachable, why }) => {
        if (!reachable) failures.push(`switches: ${why}`);
      },
    });
    const after = (ms: number, begin: () => void) => this.#timers.push(setTimeout(begin, ms));
    after(phase * POLL_MS, () => {
      void poll();
      this.#timers.push(setInterval(() => void poll(), POLL_MS));
    });
    after(phase * LOOK_MS, () => {
      void look();
      this.#reporter.start();
      this.roll.start();
    });
  }

  /** Dies as a process does that is killed: nothing more comes from it. */
  kill(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#reporter.stop();
    this.roll.stop();
  }
}
