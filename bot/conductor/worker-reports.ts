import { setImmediate as turn } from 'node:timers/promises';
import type { WorkerReport } from '../../contract/report.ts';
import type { ProvenReport } from '../../infra/aws/report-store.ts';
import { vouchedBy } from '../../infra/aws/vouched.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Context } from './context.ts';

/** So many signatures take some milliseconds; a press waits for no pool of five hundred. */
const PORTION = 50;

/**
 * Of these reports, those that a worker's key of this launch has signed. What they make us note is signed by us, and read by everybody: whoever can write
 * the table and has no key makes us say nothing. The others are logged. A launch without keys has none to tell by, so there all count. Ask with few:
 * each costs a tenth of a millisecond.
 */
export async function ofWorkers(
  { journal: { keyring }, log }: Context,
  launch: Launch,
  reports: readonly ProvenReport[],
): Promise<WorkerReport[]> {
  if (launch.keys.length === 0) return reports.map(({ report }) => report);
  const ours: WorkerReport[] = [];
  for (const [at, one] of reports.entries()) {
    if (vouchedBy('report', one, launch, keyring.trusted) === 'worker') ours.push(one.report);
    if (at % PORTION === PORTION - 1) await turn();
  }
  if (ours.length < reports.length)
    log.debug(
      { launchId: launch.id, left: reports.length - ours.length },
      'worker reports that no worker of this launch has signed: nothing is said of them',
    );
  return ours;
}
