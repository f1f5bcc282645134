import type { WorkerReport } from '../../../contract/report.ts';
import type { RollItem } from '../../../contract/roll.ts';
import { rollName } from '../../../contract/roll.ts';
import type { ProvenReport } from '../../../infra/aws/report-store.ts';
import { vouch, vouchedBy } from '../../../infra/aws/vouched.ts';
import type { Vouched } from '../../../infra/aws/vouched.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../../../runbooks/launch/signers.ts';
import type { Context } from '../context.ts';

/** A worker that has not reported for this long is off the roll: three reports in a row are missing. Its share lies idle until then. */
const SILENT_MS = 3_000;

/**
 * Calls the roll of a launch's workers: who is ready, by reports that a worker's key has signed. Workers read it instead of
 * each other's reports, and share the pace by it (workers/send/roll.ts).
 */
export class RollCall {
  readonly #context: Context;
  #told = '';

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
    const { reports, unreadable } = await cloud.live.provenReports(launch.id);
    const { roll, foreign } = rollOf(launch, reports, keyring.trusted, askedAtMs);
    this.#tell(launch, { unreadable, foreign });
    await cloud.live.putRoll(launch.id, sealed(roll, keyring.signer));
  }

  /** Once for as long as it stays the same. */
  #tell({ id }: Launch, found: { unreadable: number; foreign: number }): void {
    const what = JSON.stringify(found);
    if (what !== this.#told && found.unreadable + found.foreign > 0) {
      this.#context.log.warn(
        { launchId: id, ...found },
        'items among the worker reports are none, or nobody of the deployment has signed them: they count for nothing in how the pace is shared',
      );
    }
    this.#told = what;
  }
}

const sealed = (roll: RollItem, signer: Parameters<typeof vouch>[2]): Vouched =>
  vouch('roll', JSON.stringify(roll), signer);

/**
 * The roll by these reports. Nobody but who has a worker's key gets a name on it, so that whoever can write the table can't
 * take the turn of a real worker. What nobody has signed may be of a worker from before signed reports, which counts itself
 * and all others in: such are counted, up to the pool's size, so that forged ones never make a share smaller than in a full
 * pool. `foreign`: signed, and not by a worker of this launch, or more of the unsigned than there is room for.
 */
function rollOf(
  launch: Launch,
  reports: readonly ProvenReport[],
  trusted: TrustedKeys | null,
  nowMs: number,
): { roll: RollItem; foreign: number } {
  const present = reports.filter(({ report }) => isPresent(report, launch, nowMs));
  const signed = present.filter((one) => one.key !== '');
  const ours = signed
    .filter((one) => vouchedBy('report', one, launch, trusted) === 'worker')
    .map(({ report }) => report);
  const unsigned = present.length - signed.length;
  const others = Math.min(unsigned, Math.max(0, launch.runbook.pool.workers - ours.length));
  // By their start: whoever comes later takes nobody's turn.
  const workers = ours
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.bootId < b.bootId ? -1 : 1))
    .map(({ bootId }) => rollName(bootId))
    .join('');
  return {
    roll: { v: 1, launchId: launch.id, atMs: nowMs, workers, others },
    foreign: signed.length - ours.length + unsigned - others,
  };
}

function isPresent({ state, atMs, reads = 2 }: WorkerReport, launch: Launch, nowMs: number): boolean {
  return (
    (state === 'ready' || state === 'sending') && reads >= launch.entryVersion && Math.abs(nowMs - atMs) < SILENT_MS
  );
}
