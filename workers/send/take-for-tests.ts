import { pino } from 'pino';
import { claimKey } from '../../contract/orders.ts';
import type { BatchMessage } from '../../contract/orders.ts';
import type { Share } from '../../contract/pace.ts';
import type { Claim, Holder } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { stateOf, toAccount } from '../../settle/account-codec.ts';
import type { SetReader } from '../../settle/frozen-sets.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import { wallClock } from './lease-for-tests.ts';
import type { ShotRun } from './shot-run.ts';
import { takeBatch } from './take-batch.ts';
import type { LeaseClock, Taken } from './take-batch.ts';

/** One batch of six devices that is to be taken, on claims in memory. */

export const COUNT = 6;
export const LEASE_MS = 1_000;
export const ALL = [0, 1, 2, 3, 4, 5];
const message: BatchMessage = { v: 1, launchId: 'l', shotId: 'S1', segment: 'ios', attempt: 1, batch: 'b1' };
export const key = claimKey('l', 'ios', 1, 'b1');
export const nothing = toAccount(new Uint8Array(COUNT), {});

export interface Line {
  msg: string;
  waitMs?: number;
  devices?: number;
  after?: string;
}

export interface Setup {
  claims: ClaimStore;
  /** Of the approval. */ schema?: 3 | undefined;
  attempt?: number;
  complaints?: string[];
  setOf?: SetReader;
  isOver?: () => boolean;
  notAfterMs?: number;
  share?: Share;
  skipped?: (device: number) => boolean;
  /** The store's time. */
  clock?: LeaseClock;
  /** What is logged. */
  lines?: Line[];
}

export function take({
  claims,
  attempt = 1,
  complaints = [],
  setOf = () => Promise.reject(new Error('a first attempt has no set')),
  isOver = () => false,
  notAfterMs = Date.now() + 60_000,
  share = { perSecond: 0, active: true },
  skipped = () => false,
  clock = wallClock,
  lines = [],
  ...more
}: Setup): Promise<Taken> {
  const run = {
    authority: {
      launch: { id: 'l', runbook: { delivery: { send_within: LEASE_MS } } },
      shot: {
        id: 'S1',
        approvedBySchema: 'schema' in more ? more.schema : 3,
        shown: { sets: [{ segment: 'ios' }] },
        notAfterAtMs: { ios: notAfterMs, android: notAfterMs },
      },
      entries: [],
    },
  } as unknown as ShotRun;
  const view = { id: 'b1', platform: 'ios', segment: 'ios', count: COUNT, skipped } as BatchView;
  return takeBatch(
    {
      claims,
      setOf,
      clock,
      bootId: 'me',
      share: () => share,
      isOver,
      complain: (say) => void complaints.push(say),
      log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) }),
    },
    run,
    { ...message, attempt },
    view,
  );
}

/** With what these do instead of the store's own. */
export function claimsThat(store: ClaimStore, change: Partial<ClaimStore>): ClaimStore {
  const own: ClaimStore = {
    claim: (...args) => store.claim(...args),
    takeOver: (...args) => store.takeOver(...args),
    renew: (...args) => store.renew(...args),
    handOn: (...args) => store.handOn(...args),
    account: (...args) => store.account(...args),
    close: (...args) => store.close(...args),
    read: (...args) => store.read(...args),
  };
  return { ...own, ...change };
}

/** Somebody whose lease is long over. */
export const dead = (mark?: number): Holder => ({
  bootId: 'dead',
  token: 'dead',
  claimedAtMs: 1,
  sendUntilMs: 2,
  ...(mark === undefined ? {} : { mark }),
});
export const standing = (store: { items: ReadonlyMap<string, Claim> }) => {
  const claim = store.items.get(key);
  if (claim === undefined) throw new Error('it was never claimed');
  return claim;
};
export const spoken = (states: Uint8Array) => [...states].map(stateOf);
