import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import type { Context } from './context.ts';

/** Walks the manifest, settles what is open, and appends ShotClosed. Rejects if it could not; doing it again is harmless. */
export type CloseShot = (launch: Launch, shot: Shot) => Promise<unknown>;

/** Sees to it that every shot ends, whatever becomes of the workers: one that nobody closes is closed here. That it goes on is theirs (workers/close/rescue.ts). */
export class ShotWatch {
  readonly #context: Context;
  readonly #closeShot: CloseShot;
  #closing: Promise<unknown> | null = null;

  constructor(context: Context, closeShot: CloseShot) {
    this.#context = context;
    this.#closeShot = closeShot;
  }

  async look(launch: Launch): Promise<void> {
    const nowMs = this.#context.nowMs();
    for (const shot of runningShots(launch)) {
      if (nowMs >= this.#dueAtMs(shot) + this.#context.timings.closeAfterDueMs) await this.#close(launch, shot);
    }
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
}
