import { defineConfig } from 'vitest/config';

/** For a run of mutants: only the tests that hold the file (MUTANT_TESTS, a JSON list of paths), so that no other is ever collected. */
export default defineConfig({
  test: { include: JSON.parse(process.env['MUTANT_TESTS'] ?? '[]') as string[], testTimeout: 10_000 },
});
