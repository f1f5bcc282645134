import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** What a fault sees and may do, below the SDK's retries: `send` performs the call on the wire. */
export type Fault = (
  send: () => Promise<{ output: object; response: unknown }>,
  call: { command: string; input: Record<string, unknown>; nth: number },
) => Promise<{ output: object; response: unknown }>;

/** Puts a fault between a client and the wire. `nth` counts the tries of every command name from 1. */
export function withFault(client: DynamoDBClient | SQSClient, fault: Fault): void {
  const tries = new Map<string, number>();
  const stack = client.middlewareStack as unknown as {
    add(middleware: unknown, options: { step: 'deserialize'; name: string; priority: 'high' }): void;
  };
  stack.add(
    (next: (args: unknown) => Promise<{ output: object; response: unknown }>, context: { commandName: string }) =>
      (args: { input: Record<string, unknown> }) => {
        const nth = (tries.get(context.commandName) ?? 0) + 1;
        tries.set(context.commandName, nth);
        return fault(() => next(args), { command: context.commandName, input: args.input, nth });
      },
    { step: 'deserialize', name: 'fault', priority: 'high' },
  );
}

/** The write has happened, the answer never arrives: for the first `times` tries of that command. */
export const loseAnswers =
  (command: string, times: number): Fault =>
  async (send, call) => {
    const answer = await send();
    if (call.command === command && call.nth <= times) throw connectionReset();
    return answer;
  };

/** The request never arrives. */
export const loseRequests =
  (command: string, times: number): Fault =>
  async (send, call) => {
    if (call.command === command && call.nth <= times) throw connectionReset();
    return send();
  };

function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}
