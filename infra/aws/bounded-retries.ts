import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { tellTrouble } from '../watch/trouble.ts';

type RetryStrategy = NonNullable<DynamoDBClientConfig['retryStrategy']>;
type ErrorType = 'TRANSIENT' | 'THROTTLING' | 'SERVER_ERROR' | 'CLIENT_ERROR';

const FIRST_DELAY_MS = 25;
const FIRST_THROTTLE_DELAY_MS = 100;

/** How long to wait before the next try, after so many; with full jitter. Null: there is none. Asked once for each try that failed. */
export function retryDelayMs(triesSoFar: number, tries: number, errorType: ErrorType): number | null {
  if (errorType === 'THROTTLING') tellTrouble('Throttled');
  if ((errorType !== 'TRANSIENT' && errorType !== 'THROTTLING') || triesSoFar >= tries) return null;
  const first = errorType === 'THROTTLING' ? FIRST_THROTTLE_DELAY_MS : FIRST_DELAY_MS;
  return Math.random() * first * 2 ** (triesSoFar - 1);
}

/**
 * `tries` per call, each call by itself. The SDK's own strategy has one quota for all calls of a client
 * (500 tokens, some dozens of retries): a stall of one second while a shot runs would use it up, and claims would fail at
 * their first lost packet. Bounded all the same: by `tries`, and by how many calls the callers have under way.
 */
export function boundedRetries(tries: number): RetryStrategy {
  const token = (retries: number, delayMs: number) => ({ getRetryCount: () => retries, getRetryDelay: () => delayMs });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    async refreshRetryTokenForRetry(last, { errorType }) {
      const retries = last.getRetryCount() + 1;
      const delayMs = retryDelayMs(retries, tries, errorType);
      // The SDK's middleware then throws what the call failed with.
      if (delayMs === null) throw new Error('NO_RETRY_LEFT');
      return token(retries, delayMs);
    },
    recordSuccess: () => {},
  };
}
