import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sharedClockMs } from '../monotonic.ts';
import type { StampedAnswer } from './store-clock.ts';

type Next = (args: unknown) => Promise<{ response: { headers?: Record<string, string | undefined> } }>;

/**
 * Tells the time of every answer, refusals included. Next to the wire and so below the SDK's retries: each try is an
 * answer of its own, and waiting between tries makes none of them less exact.
 */
export function hearDates(client: DynamoDBClient, onAnswer: (answer: StampedAnswer) => void): void {
  const stack = client.middlewareStack as unknown as {
    add(middleware: (next: Next) => Next, options: { step: 'deserialize'; name: string; priority: 'low' }): void;
  };
  stack.add(
    (next) => async (args) => {
      const sentAtMs = sharedClockMs();
      const answer = await next(args);
      onAnswer({
        dateMs: Date.parse(answer.response.headers?.['date'] ?? ''),
        sentAtMs,
        answeredAtMs: sharedClockMs(),
      });
      return answer;
    },
    { step: 'deserialize', name: 'hearDates', priority: 'low' },
  );
}
