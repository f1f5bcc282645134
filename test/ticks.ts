/** A conductor's ticks in place of those on the second, for tests that would wait for nothing else. */
export const every = (tickMs: number) => (tick: () => void) => {
  const timer = setInterval(tick, tickMs);
  return { stop: () => clearInterval(timer) };
};
