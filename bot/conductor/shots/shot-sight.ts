import { REPORT_LIFE_MS } from '../../../contract/liveness.ts';
import { queueNames } from '../../../contract/queue-names.ts';
import type { ShotSnapshot, WorkerReport } from '../../../contract/report.ts';
import { errorName } from '../../../infra/aws/cloud-error.ts';
import type { SignedReports } from '../../../infra/aws/signed-reports.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { hiddenIn, workerSight } from '../worker-reports.ts';

/** How full a queue is. `missing`: there is no such queue. Null: not known. */
type QueueSight = { waiting: number; inFlight: number } | 'missing' | null;

/** What this instance knows of a shot that stands still; nothing of it is waited for. */
export interface Evidence {
  /** The store owes an answer for so long; 0: it answers. */
  storeSilentMs: number;
  /** Every boot that has reported, and how long ago its last report was seen to change. */
  workers: { report: WorkerReport; silentMs: number }[];
  /** Workers of whom nothing is seen just now, since somebody else's lies where their reports do. */
  hidden: readonly WorkerReport[];
  queues: Record<'segments' | Platform, QueueSight>;
  /** Null: not known. */
  switches: 'as approved' | 'halted' | 'missing' | null;
}

/** The same rhythm as workers' reports. */
const READ_MS = 250;
const LONG_READ_MS = 500;
const YOUNG_MS = 30_000;
const DETAILS_MS = 1_000;
const SILENT_MS = 3_000;

/**
 * What this instance sees of one launch while a shot of it runs. Reads are begun and never waited for: what the store doesn't
 * answer is a finding too. A boot that is gone, or whose report was lost, still counts.
 */
export class ShotSight {
  readonly #context: Context;
  readonly #reports = new Map<string, { report: WorkerReport; seenAtMs: number }>();
  readonly #snapshots = new Map<string, Map<string, ShotSnapshot>>();
  readonly #running = new Set<string>();
  readonly #begunAtMs = new Map<string, number>();
  /** When a worker could last not be heard, by boot. */
  readonly #hidden = new Map<string, { report: WorkerReport; atMs: number }>();
  #unansweredSinceMs: number | null = null;
  #queues: Evidence['queues'] = { segments: null, ios: null, android: null };
  #item: { halted: boolean; haltEpoch: number } | 'missing' | null = null;

  constructor(context: Context) {
    this.#context = context;
  }

  read(launch: Launch): void {
    const { nowMs } = this.#context;
    const isYoung = Object.values(launch.shots).some(
      ({ closed, pressedAtMs }) => closed === null && nowMs() - pressedAtMs < YOUNG_MS,
    );
    const beganAtMs = nowMs();
    this.#once('reports', isYoung ? READ_MS : LONG_READ_MS, async () => {
      try {
        this.#take(await workerSight(this.#context, launch));
        this.#unansweredSinceMs = null;
      } catch (error) {
        this.#unansweredSinceMs ??= beganAtMs;
        throw error;
      }
    });
  }

  /** Asked only of a shot that seems to stand still. */
  readDetails(launch: Launch): void {
    const { cloud } = this.#context;
    const names = queueNames(launch.runbook.pool.name);
    for (const [what, name] of [
      ['segments', names.segments],
      ...PLATFORMS.map((platform) => [platform, names.batches[platform]] as const),
    ] as const) {
      this.#once(`queue ${what}`, DETAILS_MS, async () => {
        this.#queues = { ...this.#queues, [what]: null };
        const depth = await cloud.queues.depth(name).catch((error: unknown) => {
          if (/QueueDoesNotExist|NonExistentQueue/.test(errorName(error))) return null;
          throw error;
        });
        this.#queues = {
          ...this.#queues,
          [what]: depth === null ? 'missing' : { waiting: depth.visible + depth.delayed, inFlight: depth.inFlight },
        };
      });
    }
    this.#once('switches', DETAILS_MS, async () => {
      this.#item = null;
      this.#item = (await cloud.switches.read(launch.id, { consistent: true })) ?? 'missing';
    });
  }

  /** Reports of those that still do. They come four times a second while a shot is young, and every second after that. */
  alive(): WorkerReport[] {
    return this.reports()
      .filter(({ report, silentMs }) => report.state !== 'gone' && silentMs < SILENT_MS)
      .map(({ report }) => report);
  }

  /** Every boot that has reported, and how long ago its last report was seen to change. One that is old as it is seen for the first time is of a worker that has long been silent. */
  reports(): Evidence['workers'] {
    const nowMs = this.#context.nowMs();
    return [...this.#reports.values()].map(({ report, seenAtMs }) => {
      const oldMs = nowMs - report.atMs;
      return { report, silentMs: Math.max(nowMs - seenAtMs, oldMs > REPORT_LIFE_MS ? oldMs : 0) };
    });
  }

  /** Workers of whom nothing is seen just now. They write again and again, so that one look may hear what the next does not. */
  hidden(): readonly WorkerReport[] {
    const nowMs = this.#context.nowMs();
    return [...this.#hidden.values()].filter(({ atMs }) => nowMs - atMs < SILENT_MS).map(({ report }) => report);
  }

  snapshots(shotId: string): ShotSnapshot[] {
    return [...(this.#snapshots.get(shotId)?.values() ?? [])];
  }

  evidence(shot: Shot): Evidence {
    const nowMs = this.#context.nowMs();
    const pendingMs = this.#running.has('reports') ? nowMs - (this.#begunAtMs.get('reports') ?? nowMs) : 0;
    return {
      storeSilentMs: Math.max(pendingMs, this.#unansweredSinceMs === null ? 0 : nowMs - this.#unansweredSinceMs),
      workers: this.reports(),
      hidden: this.hidden(),
      queues: this.#queues,
      switches: this.#switchesOf(shot),
    };
  }

  #switchesOf(shot: Shot): Evidence['switches'] {
    const item = this.#item;
    if (item === null || item === 'missing') return item;
    return item.halted || item.haltEpoch > shot.haltEpoch ? 'halted' : 'as approved';
  }

  #take(sight: SignedReports): void {
    const nowMs = this.#context.nowMs();
    for (const report of hiddenIn(sight)) this.#hidden.set(report.bootId, { report, atMs: nowMs });
    for (const report of sight.reports) {
      const before = this.#reports.get(report.bootId);
      if (before === undefined || before.report.atMs !== report.atMs)
        this.#reports.set(report.bootId, { report, seenAtMs: nowMs });
      for (const snapshot of report.shots) {
        const boots = this.#snapshots.get(snapshot.shotId) ?? new Map<string, ShotSnapshot>();
        this.#snapshots.set(snapshot.shotId, boots.set(report.bootId, snapshot));
      }
    }
  }

  /** One at a time of each kind; what fails is no news, the next one asks again. */
  #once(what: string, everyMs: number, work: () => Promise<void>): void {
    const nowMs = this.#context.nowMs();
    if (this.#running.has(what) || nowMs - (this.#begunAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < everyMs - 20)
      return;
    this.#running.add(what);
    this.#begunAtMs.set(what, nowMs);
    void work()
      .catch((error: unknown) =>
        this.#context.log.debug({ what, err: error }, 'a look at a running shot was not answered'),
      )
      .finally(() => this.#running.delete(what));
  }
}

export function platformSegments(shot: Shot, platform: Platform): Shot['segments'] {
  return shot.segments.filter(({ segment }) =>
    shot.audience.segments.some(({ id, platform: own }) => id === segment && own === platform),
  );
}
