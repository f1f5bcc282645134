/**
 * How long a test waits for what it wants to see, where it names no deadline of its own. It is no promise of the product, only how long a
 * failure takes: vitest's one second passes unused on a machine that stands still, and the test fails though nothing is wrong. A run of mutants, many
 * of which keep a test waiting in vain, has less (test/mutants/vitest.config.ts).
 */
export const PATIENCE_MS = Number(process.env['GOBUTTON_TEST_PATIENCE_MS'] ?? 20_000);
