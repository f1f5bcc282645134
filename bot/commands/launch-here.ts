import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Desk } from '../desk.ts';

/**
 * The launch of a channel: the newest open one, else the newest. An index line whose record never came to be is passed
 * over. `known`: what this process knows is enough (halt reads nothing that it doesn't have to).
 */
export async function launchHere(desk: Desk, channelId: string, known = false): Promise<Launch | null> {
  for (const item of await desk.rooms.launchesOf(channelId)) {
    const launch = (known ? desk.journal.peek(item.launchId) : null) ?? (await desk.journal.launch(item.launchId));
    if (launch !== null) return launch;
  }
  return null;
}
