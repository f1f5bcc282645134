import { isMainThread } from 'node:worker_threads';
import { readDotEnv } from './dot-env.ts';

/** `node --import` loads this before a command of ours, and again in each of its threads, which have the environment already. */
if (isMainThread) {
  const { ok, values, problems } = readDotEnv('.env', process.env);
  // Whoever halts must not be kept from it by a line of a file: it goes by what could be read.
  const isHalt = process.argv.slice(1).some((word) => /^halt\W*$/i.test(word));
  if (!ok) {
    const what = isHalt
      ? 'has what is not understood; the halt goes on all the same'
      : "can't be used, and nothing was begun";
    process.stderr.write(`.env ${what}:\n${problems.map((one) => `  ${one}\n`).join('')}`);
    if (!isHalt) process.exit(2);
  }
  Object.assign(process.env, values);
}
