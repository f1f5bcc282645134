import type { Measured } from '../../runbooks/launch/entries.ts';
import type { WorkerReport } from '../../workers/contract.ts';

/**
 * What is true now and may be lost: worker reports, gate measurements, leases, who serves which pool, what
 * effects are done. Table `<prefix>-live`, key `pk` + `sk`. Nothing here decides whether a push goes out.
 */
export interface LiveStore {
  putReport(report: WorkerReport): Promise<void>;
  reports(launchId: string): Promise<WorkerReport[]>;
  dropReport(launchId: string, bootId: string): Promise<void>;
  putGates(launchId: string, measured: Measured[]): Promise<void>;
  gates(launchId: string): Promise<Measured[]>;
  /** True while `holder` has the lease (taken or renewed for `ttlMs`). */
  lease(name: string, holder: string, ttlMs: number, nowMs: number): Promise<boolean>;
  release(name: string, holder: string): Promise<void>;
  /** The launch that a pool serves; workers read it at boot. */
  assignPool(pool: string, launchId: string): Promise<void>;
  poolLaunch(pool: string): Promise<string | null>;
  /** Index of launches, newest first. */
  putLaunch(launch: LaunchIndexItem): Promise<void>;
  launches(): Promise<LaunchIndexItem[]>;
  /** Outbox marks. `claimEffect` true: ours to do until `ttlMs` has passed. `result` is what doing it gave (a message's ts, say). */
  claimEffect(launchId: string, effectId: string, holder: string, ttlMs: number, nowMs: number): Promise<{ mine: boolean; done: boolean; result: string | null }>;
  finishEffect(launchId: string, effectId: string, result: string): Promise<void>;
  effectResult(launchId: string, effectId: string): Promise<string | null>;
}

export interface LaunchIndexItem { launchId: string; name: string; channelId: string; pool: string; createdAtMs: number; closed: boolean }
