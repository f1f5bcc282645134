// Held by `bot/conductor/shots/shot-sight.test.ts`.
import type { WorkerReport } from '../../contract/report.ts';
import type { SignedReports } from '../../infra/aws/signed-reports.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Context } from './context.ts';

type Reading = Pick<Context, 'cloud' | 'journal'>;

/**
 * What workers of this launch have said of themselves, the newest of each: by these alone the bot speaks, measures and acts. What it notes is signed by
 * us, and read by everybody: who can write the table and has no worker's key makes us say nothing (infra/aws/signed-reports.ts).
 */
export async function workerReports(of: Reading, launch: Launch): Promise<WorkerReport[]> {
  return (await workerSight(of, launch)).reports;
}

/** The same, and what lies among it that no worker of this launch has signed. */
export function workerSight({ cloud, journal: { keyring } }: Reading, launch: Launch): Promise<SignedReports> {
  return cloud.live.signedReports(launch, keyring.trusted);
}

/** Workers of whom nobody here sees anything just now, since something else lies where their reports do. */
export function hiddenIn({ foreign }: SignedReports): WorkerReport[] {
  return [
    ...new Map(foreign.flatMap(({ hides }) => (hides === null ? [] : [[hides.bootId, hides] as const]))).values(),
  ];
}
