import { setImmediate as turn } from 'node:timers/promises';
import type { WorkerReport } from '../../contract/report.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import type { ProvenReport, Reports } from './report-store.ts';
import { claimedBy, isSigned } from './vouched.ts';

/** What workers of a launch have said of themselves, and what else lies among it. */
export interface SignedReports {
  /** Of each boot the newest that a worker's key of the launch has signed. */
  reports: WorkerReport[];
  foreign: ForeignReport[];
}

/** An item that no worker of the launch can have left so. */
export interface ForeignReport {
  /** The boot under whose name it lies. */
  bootId: string;
  /** `old`: signed, and older than what this worker has said since. `deleted`: it was there a moment ago. */
  why: 'unreadable' | 'unsigned' | 'other key' | 'false signature' | 'old' | 'deleted';
  /** What it says; null: nothing that can be read. */
  report: WorkerReport | null;
  /** What the worker of that name said last, which `reports` still has; null: it has said nothing. */
  hides: WorkerReport | null;
}

/** So many are looked at in one turn of the loop, some 0.5 ms for each who asks: a press waits for no five hundred. */
const IN_A_TURN = 8;
/** The store's time runs on: a worker's next report is no older than its last, but for what its clock is corrected by. */
const OLD_MS = 5_000;
/** A report that came so lately is not removed by the bot (`reportLifeMs`), unless it was old when it came: whoever reads may have stood still. */
const MISSED_MS = 10_000;
const MISSED_YOUNGER_MS = 30_000;

interface Known {
  /** The item as it was looked at last, and whether its signature holds. */
  item: Pick<ProvenReport, 'text' | 'key' | 'sig'>;
  holds: boolean;
  newest: ProvenReport | null;
  /** When a further report of it came, by the machine's clock. */
  cameAtMs: number;
}

export type ReadSigned = (launch: Launch, trusted: TrustedKeys | null) => Promise<SignedReports>;

/**
 * The one way by which anything is said, measured or done because of a worker's report: who can write the table and has no
 * worker's key makes nobody say, measure or do anything. Each report is looked at once, however many ask (`npm run bench:reports`).
 *
 * Who overwrites a worker's item hides nothing of what it has said: that stands until it is heard again, and grows old as
 * reports do. One of its own reports of before, put back, changes nothing either. A launch without keys has none to tell by, so there all count.
 * `nowMs`: the store's time, epoch ms.
 */
export function signedReports(all: (launchId: string) => Promise<Reports>, nowMs: () => number = Date.now): ReadSigned {
  const launches = new Map<string, Map<string, Known>>();

  return async (launch, trusted) => {
    const { reports, unreadable } = await all(launch.id);
    if (launch.keys.length === 0) return { reports: reports.map(({ report }) => report), foreign: [] };
    const known = launches.get(launch.id) ?? new Map<string, Known>();
    launches.set(launch.id, known);
    const isOurs = (one: ProvenReport): boolean => claimedBy(one, launch, trusted) === 'worker';
    const heard = new Set<string>();
    const foreign: ForeignReport[] = unreadable.map((bootId) => foreignOf(bootId, 'unreadable'));
    let looks = 0;
    for (const one of reports) {
      const { bootId } = one.report;
      if (!isOurs(one)) {
        foreign.push({ ...foreignOf(bootId, one.key === '' ? 'unsigned' : 'other key'), report: one.report });
        continue;
      }
      let now = known.get(bootId);
      if (now === undefined || !isLookedAt(one, now)) {
        now = lookedAt(one, now);
        known.set(bootId, now);
        looks += 1;
        if (looks % IN_A_TURN === 0) await turn();
      }
      const why = now.holds ? takenIn(one, now, nowMs()) : 'false signature';
      if (why === 'ours') heard.add(bootId);
      else foreign.push({ ...foreignOf(bootId, why), report: one.report });
    }
    return withHidden(known, foreign, { heard, isOurs, nowMs: nowMs() });
  };
}

const isLookedAt = ({ text, key, sig }: ProvenReport, { item }: Known): boolean =>
  item.text === text && item.key === key && item.sig === sig;

const lookedAt = (one: ProvenReport, before: Known | undefined): Known => ({
  item: { text: one.text, key: one.key, sig: one.sig },
  holds: isSigned('report', one),
  newest: before?.newest ?? null,
  cameAtMs: before?.cameAtMs ?? Number.NEGATIVE_INFINITY,
});

type Verdict = 'ours' | ForeignReport['why'];

const foreignOf = (bootId: string, why: ForeignReport['why']): ForeignReport => ({
  bootId,
  why,
  report: null,
  hides: null,
});

/** A report from ahead of the store's time was made by a clock that was wrong: what follows once that is put right is not older. */
function takenIn(one: ProvenReport, known: Known, nowMs: number): Verdict {
  const newest = known.newest !== null && known.newest.report.atMs > nowMs + OLD_MS ? null : known.newest;
  const aheadMs = one.report.atMs - (newest?.report.atMs ?? one.report.atMs);
  if (known.newest !== null && one.report.atMs > known.newest.report.atMs) known.cameAtMs = performance.now();
  if (newest === null || aheadMs >= 0) known.newest = one;
  return aheadMs < -OLD_MS ? 'old' : 'ours';
}

/** What each has said last, and whom the foreign ones lie in the way of. What is no longer there and is not missed is forgotten. */
function withHidden(
  known: Map<string, Known>,
  foreign: readonly ForeignReport[],
  { heard, isOurs, nowMs }: { heard: ReadonlySet<string>; isOurs: (one: ProvenReport) => boolean; nowMs: number },
): SignedReports {
  const all = [...foreign];
  const lies = new Set(foreign.map(({ bootId }) => bootId));
  for (const [bootId, { newest, cameAtMs }] of known) {
    if (heard.has(bootId) || lies.has(bootId)) continue;
    const isOld = newest === null || nowMs - newest.report.atMs > MISSED_YOUNGER_MS;
    if (isOld || performance.now() - cameAtMs > MISSED_MS) known.delete(bootId);
    else if (newest.report.state !== 'gone') all.push(foreignOf(bootId, 'deleted'));
  }
  const said = new Map(
    [...known.values()].flatMap(({ newest }) =>
      newest !== null && isOurs(newest) ? [[newest.report.bootId, newest.report] as const] : [],
    ),
  );
  const hiddenBy = ({ bootId }: ForeignReport): WorkerReport | null => {
    const last = heard.has(bootId) ? undefined : said.get(bootId);
    return last === undefined || last.state === 'gone' ? null : last;
  };
  return { reports: [...said.values()], foreign: all.map((one) => ({ ...one, hides: hiddenBy(one) })) };
}
