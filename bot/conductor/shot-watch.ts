import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { queueNames } from '../../workers/contract.ts';
import type { Context } from './context.ts';
import { sendSegmentOrders } from './perform.ts';

/** Walks the manifest, settles what is open, and appends ShotClosed. Rejects if it could not; doing it again is harmless. */
export type CloseShot = (launch: Launch, shot: Shot) => Promise<unknown>;

/**
 * Sees to it that every shot goes on and ends, whatever becomes of the workers: a shot whose messages are lost gets its
 * segment orders again, and one that nobody closes is closed here.
 */
export class ShotWatch {
  readonly #context: Context;
  readonly #closeShot: CloseShot;
  #emptySinceMs: number | null = null;
  #closing: Promise<unknown> | null = null;

  constructor(context: Context, closeShot: CloseShot) {
    this.#context = context;
    this.#closeShot = closeShot;
  }

  async look(launch: Launch): Promise<void> {
    const running = runningShots(launch);
    const nowMs = this.#context.nowMs();
    for (const shot of running) {
      if (nowMs >= this.#dueAtMs(shot) + this.#context.timings.closeAfterDueMs) await this.#close(launch, shot);
    }
    await this.#requeue(launch, running.filter((shot) => shot.haltedAtMs === null && !launch.halt.active && openSegments(shot, nowMs).length > 0));
  }

  /** When the shot must be over: its last time limit, or a while after the halt that ended it. */
  #dueAtMs(shot: Shot): number {
    const platforms = new Set(shot.audience.segments.filter(({ id }) => shot.segments.some(({ segment }) => segment === id)).map(({ platform }) => platform));
    const limitMs = Math.max(...[...platforms].map((platform) => shot.notAfterAtMs[platform]), shot.pressedAtMs);
    return shot.haltedAtMs === null ? limitMs : Math.min(limitMs, shot.haltedAtMs + this.#context.timings.haltToCloseMs);
  }

  async #close(launch: Launch, shot: Shot): Promise<void> {
    if (this.#closing !== null) return;
    this.#context.log.warn({ launchId: launch.id, shotId: shot.id }, 'no worker has closed this shot: closing it here');
    this.#closing = this.#closeShot(launch, shot);
    try {
      await this.#closing;
    } finally {
      this.#closing = null;
    }
  }

  /**
   * An open shot with nothing in its queues for some seconds: either all is sent and about to close, or the messages are
   * lost: a local stand-in that was restarted keeps no queues, and whoever may write to the queue can have used up a dedup
   * id before the press. Orders cost nothing then: dispatchers cut the same batches, and what was claimed is never sent
   * again. They carry a dedup id of their own, since SQS swallows the first one's for five minutes, longer than a shot lasts.
   */
  async #requeue(launch: Launch, shots: readonly Shot[]): Promise<void> {
    const nowMs = this.#context.nowMs();
    if (shots.length === 0 || !(await this.#queuesEmpty(launch))) {
      this.#emptySinceMs = null;
      return;
    }
    this.#emptySinceMs ??= nowMs;
    if (nowMs - this.#emptySinceMs < this.#context.timings.requeueAfterMs) return;
    for (const shot of shots) {
      this.#context.log.warn({ launchId: launch.id, shotId: shot.id }, 'the shot is open and its queues are empty: sending its segment orders again');
      await sendSegmentOrders(this.#context, launch, shot.id, { segments: openSegments(shot, nowMs), mark: String(nowMs) });
    }
    this.#emptySinceMs = nowMs;
  }

  async #queuesEmpty(launch: Launch): Promise<boolean> {
    const names = queueNames(launch.runbook.pool.name);
    const depths = await Promise.all([names.segments, ...Object.values(names.batches)].map((name) => this.#context.cloud.queues.depth(name)));
    return depths.every(({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0);
  }
}

/** Segments of the shot whose time has not run out. */
function openSegments(shot: Shot, nowMs: number): string[] {
  return shot.segments.map(({ segment }) => segment).filter((id) => {
    const platform = shot.audience.segments.find((segment) => segment.id === id)?.platform;
    return platform !== undefined && nowMs < shot.notAfterAtMs[platform];
  });
}
