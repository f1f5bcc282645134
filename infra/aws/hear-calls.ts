import { AsyncLocalStorage } from 'node:async_hooks';
import type { AwsCall } from '../../runbooks/launch/entries.ts';

interface Answered {
  $metadata?: { requestId?: string };
}
type Next = (args: unknown) => Promise<{ output: Answered }>;

const hearing = new AsyncLocalStorage<AwsCall[]>();

/**
 * Puts into `heard`, which is empty, what AWS was asked to change in this work, and each call that it refused, with the id by which AWS knows it. Whoever
 * hears around it gets them too, in the end.
 */
export async function hearCalls<T>(heard: AwsCall[], work: () => Promise<T>): Promise<T> {
  const around = hearing.getStore();
  try {
    return await hearing.run(heard, work);
  } finally {
    around?.push(...heard);
  }
}

/** Looks change nothing, and are many. */
const LOOKS = /^(?:Describe|Get|List)/;
/** Of the tables: what is in them is our own book-keeping. */
const ITEMS = /Items?$|^(?:Query|Scan)$/;

/** Lets `hearCalls` hear this client. One call is one line, however often the SDK tries it: the id is that of the last try. */
export function tellCalls(client: { middlewareStack: unknown }): void {
  const stack = client.middlewareStack as {
    add(
      middleware: (next: Next, context: { clientName?: string; commandName?: string }) => Next,
      options: { step: 'initialize'; name: string },
    ): void;
  };
  stack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        const heard = hearing.getStore();
        const operation = commandName.replace(/Command$/, '');
        if (heard === undefined || ITEMS.test(operation)) return next(args);
        const keep = ({ $metadata }: Answered) => {
          const requestId = $metadata?.requestId;
          if (requestId !== undefined)
            heard.push({ call: `${clientName.replace(/Client$/, '')} ${operation}`, requestId });
        };
        try {
          const answer = await next(args);
          if (!LOOKS.test(operation)) keep(answer.output);
          return answer;
        } catch (error) {
          // That there is nothing is an answer to a look.
          if (error instanceof Error && !(LOOKS.test(operation) && error.name.includes('NotFound')))
            keep(error as Answered);
          throw error;
        }
      },
    { step: 'initialize', name: 'tellCalls' },
  );
}
