import type { LiveStore } from '../../../infra/aws/live-store.ts';
import type { EntryTold } from '../conductor-port.ts';
import { FACT } from '../facts.ts';

/** A `ts` is that of a message; other words say that there is none. Whoever writes the table may have put a figure there that is no moment. */
const TS = /^\d{1,11}\.\d{1,6}$/;

/** The `ts` of the message in which the channel was told of each entry, by sequence. An entry that has none is missing. */
export async function postedAt(
  { cloud }: { cloud: { live: Pick<LiveStore, 'results'> } },
  launchId: string,
  entries: readonly EntryTold[],
): Promise<Map<number, string>> {
  return messagesOf(entries, await cloud.live.results(launchId));
}

/** The same for few entries, of which the store is asked alone: the marks of a whole launch are megabytes. */
export async function postedOf(
  { cloud }: { cloud: { live: Pick<LiveStore, 'resultsOf'> } },
  launchId: string,
  entries: readonly EntryTold[],
): Promise<Map<number, string>> {
  return messagesOf(entries, await cloud.live.resultsOf(launchId, entries.map(toldBy)));
}

const messagesOf = (entries: readonly EntryTold[], results: ReadonlyMap<string, string>): Map<number, string> =>
  new Map(
    entries.flatMap((entry) => {
      const ts = results.get(toldBy(entry));
      return ts !== undefined && TS.test(ts) ? [[entry.seq, ts] as const] : [];
    }),
  );

/** The effect, or the fact, that has its message. */
function toldBy({ seq, kind }: EntryTold): string {
  switch (kind) {
    case 'FireRequested':
      return `${seq}/post-order`;
    case 'FireApproved':
      // It moves down while the channel talks.
      return FACT.live(`S${seq}`);
    case 'ShotClosed':
      return `${seq}/post-summary`;
    case 'ScaleReached':
      return `${seq}/finish-scale`;
    case 'StoodDown':
      return `${seq}/post-stand-down`;
    default:
      return `${seq}/post-entry`;
  }
}
