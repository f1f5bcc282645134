import { PLATFORMS } from './entries.ts';
import type { FireOrder, Launch } from './launch.ts';
import { remainingDevices, runningShotOf } from './remaining.ts';

/**
 * What somebody types after `/go fire` to ask for exactly these segments: nothing where they are all that is left or runs, a platform where
 * they are all of it, else their ids. Segments that never went out are never slipped in.
 */
export function wordsFor(launch: Launch, segments: readonly string[]): string {
  const wanted = (launch.audience?.segments ?? []).filter(({ id }) => segments.includes(id));
  const open = (launch.audience?.segments ?? []).filter(
    ({ id }) => segments.includes(id) || remainingDevices(launch, id) > 0 || runningShotOf(launch, id) !== undefined,
  );
  if (wanted.length === open.length) return '';
  const platform = PLATFORMS.find((one) => wanted.length > 1 && wanted.every((segment) => segment.platform === one));
  if (platform !== undefined && open.filter((segment) => segment.platform === platform).length === wanted.length)
    return platform;
  return wanted.map(({ id }) => id).join(' ');
}

/** What became of an order that somebody took back. */
export const takenBack = (order: Pick<FireOrder, 'armed'> | undefined): 'declined' | 'disarmed' =>
  order?.armed == null ? 'declined' : 'disarmed';

/** The command that asks for exactly these segments in the war room. */
export function fireCommand(launch: Launch, segments: readonly string[]): string {
  return `/go ${launch.halt.active ? 'resume fire' : 'fire'} ${wordsFor(launch, segments)}`.trim();
}

/** The same on the command line, without its key. */
export function fireArguments(launch: Launch, segments: readonly string[]): string {
  const words = wordsFor(launch, segments);
  return `fire request --segments ${words === '' ? 'all' : words.replaceAll(' ', ',')}${launch.halt.active ? ' --lift' : ''}`;
}
