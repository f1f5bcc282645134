import pLimit from 'p-limit';
import type { FactStore } from '../../../infra/aws/fact-store.ts';
import type { LiveStore } from '../../../infra/aws/live-store.ts';
import type { EntryTold } from '../conductor-port.ts';
import { FACT } from '../facts.ts';

const AT_ONCE = 8;
/** A `ts` is that of a message; other words say that there is none. */
const TS = /^\d+\.\d+$/;

type Marks = { live: Pick<LiveStore, 'effectResult'>; facts: Pick<FactStore, 'get'> };

/** The `ts` of the message in which the channel was told of each entry, by sequence. An entry that has none is missing. */
export async function postedAt(
  { cloud }: { cloud: Marks },
  launchId: string,
  entries: readonly EntryTold[],
): Promise<Map<number, string>> {
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(
    entries.map((entry) => limit(async () => [entry.seq, await tsOf(cloud, launchId, entry)] as const)),
  );
  return new Map(found.flatMap(([seq, ts]) => (ts !== null && TS.test(ts) ? [[seq, ts] as const] : [])));
}

function tsOf({ live, facts }: Marks, launchId: string, { seq, kind }: EntryTold) {
  const marked = (effect: string) => live.effectResult(launchId, `${seq}/${effect}`);
  switch (kind) {
    case 'FireRequested':
      return marked('post-order');
    case 'FireApproved':
      // It moves down while the channel talks.
      return facts.get(launchId, FACT.live(`S${seq}`));
    case 'ShotClosed':
      return marked('post-summary');
    case 'ScaleReached':
      return marked('finish-scale');
    case 'StoodDown':
      return marked('post-stand-down');
    default:
      return marked('post-entry');
  }
}
