import { pino } from 'pino';

const nothing = (): void => undefined;
/** Lines that wait for a reader who is slow; more are dropped. */
const WAITING_BYTES = 1024 * 1024;

/**
 * Standard output for log lines. Whoever reads them may be slow or go away, and a process that sends must neither end nor
 * wait for that: a full pipe keeps lines back until the next one, and after any other error it goes on without a log.
 * (As it comes, pino tries a fatal line to a closed pipe again for ever, and the process with it.)
 */
export function logDestination(): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: WAITING_BYTES, retryEAGAIN: () => false });
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EAGAIN')
      Object.assign(destination, { write: nothing, flushSync: nothing, end: nothing, destroy: nothing });
  });
  // Lines that go there without the log: metrics.
  process.stdout.on('error', nothing);
  return destination;
}
