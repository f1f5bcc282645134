import { tokensIn } from '../../infra/aws/staff-devices.ts';
import { peopleIn } from '../../runbooks/launch/people.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';

/** Deletes the device tokens of a launch's people for good. The record stays whole: it holds references, which then lead nowhere. */
export async function forget(session: Session, launchId: string, sure: boolean): Promise<void> {
  const { cloud, journal, out } = session;
  const launch = await launchOf(session, launchId);
  if (!launch.closed && !sure) {
    throw new CliError(
      'LAUNCH_OPEN',
      `${launch.name} is open: without its people's device tokens it gets no test copies any more and primes no connections (fire and halt work on). Close it first, or add --yes`,
    );
  }
  const deleted = await cloud.staff.forget(launchId);
  out(
    deleted === 0
      ? `No device tokens of ${launchId}'s people were stored; nothing to delete.`
      : `Deleted ${plural(deleted, 'device token')} of ${launchId}'s people. A worker that runs for it forgets them within half a minute.`,
  );
  const inRecord = new Set((await journal.entries(launchId)).flatMap((entry) => tokensIn(peopleIn(entry))));
  if (inRecord.size > 0)
    out(
      `NOT deleted: ${plural(inRecord.size, 'device token')} that this record holds itself. It is from before tokens were kept apart, and an entry can't be changed; they go only with the record.`,
    );
}
