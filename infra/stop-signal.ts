export type Stop = (why: NodeJS.Signals) => void;

/**
 * Hears SIGTERM and SIGINT from the first line of a process on. The first process of a container has no default for them:
 * the kernel drops a signal that nobody listens to, and the container is killed when its stop time-out is over.
 *
 *   nothing begun → handed over → stopping
 *
 * As long as nothing has begun that needs an end, a signal ends the process at once, with `code` (default 0: a service did
 * what it was told). The function that is returned hands over: from then on the first signal is `stop`'s, and what comes
 * after it is left alone.
 */
export function hearStopSignals(code: (why: NodeJS.Signals) => number = () => 0): (stop: Stop) => void {
  let stop: Stop = (why) => process.exit(code(why));
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      stop(signal);
    });
  }
  return (next) => {
    stop = next;
  };
}
