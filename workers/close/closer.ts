import type { Logger } from 'pino';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { CloseMemo, closeShot } from './close.ts';
import type { CloseDeps } from './close.ts';

export interface CloserOptions extends CloseDeps {
  launchId: string;
  holder: string;
  live: LiveStore;
  /** The launch as last read. */
  launch: () => Launch | null;
  /** Milliseconds since this process last sent or settled something of the shot; Infinity: it never did. A busy process knows that the shot is not over. */
  idleMs: (shotId: string) => number;
  log: Logger;
  everyMs?: number;
  nowMs?: () => number;
}

const EVERY_MS = 500;
const IDLE_MS = 400;
/** One walker at a time is enough; the lease only saves reads. */
const LEASE_MS = 3_000;

/** Closes the shots of one launch when they are due. Runs in every worker; one of them at a time walks. */
export class Closer {
  readonly #options: CloserOptions;
  readonly #memos = new Map<string, CloseMemo>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: CloserOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#options.everyMs ?? EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    if (this.#running !== null) return;
    this.#running = this.#walk().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'closing failed; it is tried again');
    }).finally(() => { this.#running = null; });
  }

  async #walk(): Promise<void> {
    const { launchId, holder, live, launch, idleMs, log, nowMs = Date.now } = this.#options;
    const current = launch();
    if (current === null) return;
    const running = runningShots(current);
    for (const known of this.#memos.keys()) if (!running.some(({ id }) => id === known)) this.#memos.delete(known);
    for (const shot of running) {
      if (this.#stopped) return;
      const over = shot.haltedAtMs !== null || nowMs() > Math.min(shot.notAfterAtMs.ios, shot.notAfterAtMs.android);
      if (!over && idleMs(shot.id) < IDLE_MS) continue;
      if (!await live.lease(`closer/${launchId}/${shot.id}`, holder, LEASE_MS, nowMs())) continue;
      const memo = this.#memos.get(shot.id) ?? new CloseMemo();
      this.#memos.set(shot.id, memo);
      const result = await closeShot(this.#options, { launchId, shotId: shot.id, nowMs: nowMs(), memo });
      if (result.state === 'closed' && result.byUs) log.info({ shotId: shot.id }, 'shot closed');
      if (result.state === 'refused') log.error({ shotId: shot.id, code: result.code, say: result.say }, 'close was refused');
    }
  }
}
