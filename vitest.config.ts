import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{bot,runbooks,workers,infra,test}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Two cores: more workers only make the load-sensitive tests fight each other.
    maxWorkers: 2,
  },
});
