import { waitAtMost } from '../../infra/time-limit.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Desk } from '../desk.ts';

/**
 * The launch of a channel: the newest open one, else the newest. An index line whose record never came to be is passed
 * over.
 */
export async function launchHere(desk: Desk, channelId: string): Promise<Launch | null> {
  for (const item of await desk.rooms.launchesOf(channelId)) {
    const launch = await desk.journal.launch(item.launchId);
    if (launch !== null) return launch;
  }
  return null;
}

/** How long a halt waits to learn whether the newest launch of its channel came to be, if this process has not read of it. */
const RECORD_WITHIN_MS = 800;

interface HaltDesk {
  rooms: Pick<Desk['rooms'], 'launchesOf'>;
  journal: Pick<Desk['journal'], 'peek' | 'launch'>;
  log: Desk['log'];
}

/** The same for a halt, which reads nothing that it doesn't have to: a record that can't be read is no reason against it, the index has its id. */
export async function haltable(
  { rooms, journal, log }: HaltDesk,
  channelId: string,
): Promise<Pick<Launch, 'id' | 'name' | 'closed'> | null> {
  for (const { launchId, name, closed } of await rooms.launchesOf(channelId)) {
    const unread = { id: launchId, name, closed };
    const launch =
      journal.peek(launchId) ??
      (await waitAtMost(
        RECORD_WITHIN_MS,
        journal.launch(launchId).catch((error: unknown) => {
          log.warn({ err: error, launchId }, 'halt: the record could not be read; the launch is there by the index');
          return unread;
        }),
        unread,
      ));
    if (launch !== null) return launch;
  }
  return null;
}
