import { CANNOT_CLOSE } from '../../../contract/complaints.ts';
import { isNotForUs } from '../../../infra/aws/cloud-error.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import type { CloseResult } from '../../../settle/close.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { clip, oneLine } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { workerReports } from '../worker-reports.ts';
import { noteOnce } from './note-once.ts';

const WHY_CHARS = 300;

/** Walks the manifest, settles what is open, and appends ShotClosed. Doing it again is harmless. Errors: those of the stores. */
export type CloseShot = (launch: Launch, shot: Shot) => Promise<CloseResult>;

/** Sees to it that every shot ends, whatever becomes of the workers: one that nobody closes is closed here. That it goes on is theirs (workers/close/rescue.ts). */
export class ShotWatch {
  readonly #context: Context;
  readonly #closeShot: CloseShot;
  #closing: Promise<CloseResult> | null = null;
  readonly #told = new Set<string>();

  constructor(context: Context, closeShot: CloseShot) {
    this.#context = context;
    this.#closeShot = closeShot;
  }

  async look(launch: Launch): Promise<void> {
    const nowMs = this.#context.nowMs();
    const running = runningShots(launch);
    if (running.length > 0) await this.#lookAtReports(launch, running);
    for (const shot of running) {
      if (nowMs >= this.#dueAtMs(shot) + this.#context.timings.closeAfterDueMs) await this.#close(launch, shot);
    }
  }

  /** When the shot must be over: its last time limit, or a while after the halt that ended it. */
  #dueAtMs(shot: Shot): number {
    const platforms = new Set(
      shot.audience.segments
        .filter(({ id }) => shot.segments.some(({ segment }) => segment === id))
        .map(({ platform }) => platform),
    );
    const limitMs = Math.max(...[...platforms].map((platform) => shot.notAfterAtMs[platform]), shot.pressedAtMs);
    return shot.haltedAtMs === null
      ? limitMs
      : Math.min(limitMs, shot.haltedAtMs + this.#context.timings.haltToCloseMs);
  }

  async #close(launch: Launch, shot: Shot): Promise<void> {
    if (this.#closing !== null) return;
    this.#context.log.warn({ launchId: launch.id, shotId: shot.id }, 'no worker has closed this shot: closing it here');
    this.#closing = this.#closeShot(launch, shot);
    try {
      const result = await this.#closing;
      if (result.state === 'refused') await this.#tell(launch, shot, `${result.say} (${result.code})`);
    } catch (error) {
      if (isNotForUs(error)) await this.#tell(launch, shot, error.message);
      throw error;
    } finally {
      this.#closing = null;
    }
  }

  /** What workers say of it comes long before the bot's own turn: a shot that all of is answered ends at once otherwise, and never stands still. */
  async #lookAtReports(launch: Launch, running: readonly Shot[]): Promise<void> {
    const reports = await workerReports(this.#context, launch);
    for (const shot of running) {
      if (this.#told.has(shot.id)) continue;
      const head = `${CANNOT_CLOSE} ${shot.id}: `;
      const found = reports.find(({ say }) => say.startsWith(head));
      if (found !== undefined) await this.#tell(launch, shot, found.say.slice(head.length));
    }
  }

  async #tell(launch: Launch, shot: Shot, why: string): Promise<void> {
    if (this.#told.has(shot.id)) return;
    const text = `${clip(oneLine(why), WHY_CHARS)}. Nobody is sent to twice, but its final figures are missing, and what is left of its segments can't be sent before it is closed. It is tried again by itself, up to every 10 s: put right what the sentence names (bot and workers on one version; tables and objects as they were).`;
    await noteOnce(this.#context, launch, `Shot ${shot.id} (${shotSegments(launch, shot)}) can't be closed: `, text);
    this.#told.add(shot.id);
  }
}
