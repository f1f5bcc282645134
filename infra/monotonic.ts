/** Threads number `performance.now` from their own start; this makes it the machine's monotonic clock at the price of an addition. */
const shiftMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Monotonic milliseconds, with fractions, that mean the same in every thread of the process. Nobody sets this clock. */
export function sharedClockMs(): number {
  return performance.now() + shiftMs;
}

/** The same in whole milliseconds. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
