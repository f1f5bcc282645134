import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type RetryStrategy = NonNullable<DynamoDBClientConfig['retryStrategy']>;

const FIRST_DELAY_MS = 25;
const FIRST_THROTTLE_DELAY_MS = 100;

/**
 * `tries` per call, with full jitter, each call by itself. The SDK's own strategy has one quota for all calls of a client
 * (500 tokens, some dozens of retries): a stall of one second while a shot runs would use it up, and claims would fail at
 * their first lost packet. Bounded all the same: by `tries`, and by how many calls the callers have under way.
 */
export function boundedRetries(tries: number): RetryStrategy {
  const token = (retries: number, delayMs: number) => ({ getRetryCount: () => retries, getRetryDelay: () => delayMs });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    async refreshRetryTokenForRetry(last, { errorType }) {
      const retries = last.getRetryCount() + 1;
      const isWorthwhile = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
      // The SDK's middleware then throws what the call failed with.
      if (!isWorthwhile || retries >= tries) throw new Error('NO_RETRY_LEFT');
      const first = errorType === 'THROTTLING' ? FIRST_THROTTLE_DELAY_MS : FIRST_DELAY_MS;
      return token(retries, Math.random() * first * 2 ** (retries - 1));
    },
    recordSuccess: () => {},
  };
}
