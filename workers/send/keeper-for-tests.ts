import { pino } from 'pino';
import { vi } from 'vitest';
import type { Share } from '../../contract/pace.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Lease } from './lease.ts';
import { grant } from './take-batch.ts';
import type { HeldBatch } from './take-batch.ts';

/** One batch that a keeper keeps, for tests in which all clocks stand still but for what they let pass. */

export const LEASE_MS = 1_000;

interface Line {
  msg: string;
  messages?: number;
}

interface Setup {
  renew?: ClaimStore['renew'];
  share?: Share;
  isPaused?: () => boolean;
  devices?: number;
  mark?: number;
  /** Of the platform's window. */
  endsInMs?: number;
  handBack?: Queues['handBack'];
  /** Null: as often as it does by itself. */
  everyMs?: number | null;
}

/** A batch that was claimed just now; nothing of it is written. */
export function keep({
  renew = () => Promise.resolve(true),
  share = { perSecond: 0, active: true },
  isPaused = () => false,
  devices = 10,
  mark = Number.POSITIVE_INFINITY,
  endsInMs = 60_000,
  handBack = () => Promise.resolve(),
  everyMs = 20,
}: Setup = {}) {
  const asked: { sendUntilMs: number; mark: number }[] = [];
  // Behind by so much: the store's answers may narrow down what is known of its time.
  const clock = { behindMs: 0, ...wallClock(() => Date.now()), latestMs: () => Date.now() - clock.behindMs };
  const claims = {
    renew: (...[key, token, lease]: Parameters<ClaimStore['renew']>) => {
      asked.push(lease);
      return renew(key, token, lease);
    },
  };
  const lines: Line[] = [];
  const all = Array.from({ length: devices }, (_, at) => at);
  const held: HeldBatch = {
    key: 'k',
    token: 't',
    list: all,
    toSend: all,
    lease: Lease.create(),
    sendUntilMs: 0,
    mark: 0,
    notAfterMs: Date.now() + endsInMs,
    isLost: false,
  };
  grant(held, { sendUntilMs: Date.now() + LEASE_MS, mark }, clock);
  const setup = { share };
  const keeper = new LeaseKeeper({
    claims,
    queues: { handBack },
    queue: 'q',
    clock,
    share: () => setup.share,
    isPaused,
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) }),
    ...(everyMs === null ? {} : { everyMs }),
  });
  const kept = keeper.keep(held, 'receipt', LEASE_MS);
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const why = () => held.lease.stop(sharedClockMs());
  return { held, keeper, kept, asked, clock, setup, pass, why, lines };
}
