import type { WorkerReport } from '../../../contract/report.ts';
import type { RollItem } from '../../../contract/roll.ts';
import { rollName } from '../../../contract/roll.ts';
import type { SignedReports } from '../../../infra/aws/signed-reports.ts';
import { vouch } from '../../../infra/aws/vouched.ts';
import type { Vouched } from '../../../infra/aws/vouched.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { workerSight } from '../worker-reports.ts';

/** A worker that has not reported for this long is off the roll: three reports in a row are missing. Its share lies idle until then. */
const SILENT_MS = 3_000;

/**
 * Calls the roll of a launch's workers: who is ready, by reports that a worker's key has signed. Workers read it instead of
 * each other's reports, and share the pace by it (workers/send/roll.ts).
 */
export class RollCall {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    const {
      cloud,
      journal: { keyring },
      nowMs,
    } = this.#context;
    // Without a key nobody would believe it; workers then share as in a full pool.
    if (keyring.signer === null) return;
    // As of before the read: a store that takes its time makes nobody absent.
    const askedAtMs = nowMs();
    const roll = rollOf(launch, await workerSight(this.#context, launch), askedAtMs);
    await cloud.live.putRoll(launch.id, sealed(roll, keyring.signer));
  }
}

const sealed = (roll: RollItem, signer: Parameters<typeof vouch>[2]): Vouched =>
  vouch('roll', JSON.stringify(roll), signer);

/**
 * The roll by these reports. Nobody but who has a worker's key gets a name on it, so that whoever can write the table can't
 * take the turn of a real worker. What nobody has signed may be of a worker from before signed reports, which counts itself
 * and all others in: such are counted, up to the pool's size, so that forged ones never make a share smaller than in a full
 * pool.
 */
function rollOf(launch: Launch, { reports, foreign }: SignedReports, nowMs: number): RollItem {
  const ours = reports.filter((report) => isPresent(report, launch, nowMs));
  const unsigned = foreign.filter(
    ({ why, report }) => why === 'unsigned' && report !== null && isPresent(report, launch, nowMs),
  ).length;
  const others = Math.min(unsigned, Math.max(0, launch.runbook.pool.workers - ours.length));
  // By their start: whoever comes later takes nobody's turn.
  const workers = ours
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.bootId < b.bootId ? -1 : 1))
    .map(({ bootId }) => rollName(bootId))
    .join('');
  return { v: 1, launchId: launch.id, atMs: nowMs, workers, others };
}

function isPresent({ state, atMs, reads = 2 }: WorkerReport, launch: Launch, nowMs: number): boolean {
  return (
    (state === 'ready' || state === 'sending') && reads >= launch.entryVersion && Math.abs(nowMs - atMs) < SILENT_MS
  );
}
