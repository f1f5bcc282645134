import { isMainThread } from 'node:worker_threads';
import { readDotEnv } from './dot-env.ts';

/** `node --import` loads this before a command of ours, and again in each of its threads, which have the environment already. */
if (isMainThread) {
  const read = readDotEnv('.env', process.env);
  if (!read.ok) {
    process.stderr.write(
      `.env can't be used, and nothing was begun:\n${read.problems.map((one) => `  ${one}\n`).join('')}`,
    );
    process.exit(2);
  }
  Object.assign(process.env, read.values);
}
