import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { scriptArguments } from '../../infra/command-line/command-line.ts';

/**
 * `npm run test:soak -- --minutes N` (default 10): all property tests, round after round, each round with a seed of its own.
 * A counterexample is kept in `examples/`, and from then on `npm test` fails of it. Exit code 1 if a round failed.
 * `--seed N` begins with that seed, `--only TEXT` takes files whose path has the text.
 */

const { values } = scriptArguments('npm run test:soak -- [--minutes N] [--seed N] [--only TEXT]', {
  minutes: { type: 'string', default: '10' },
  seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  only: { type: 'string' },
});
const minutes = Number(values.minutes);
const firstSeed = Number(values.seed);
if (!(minutes > 0)) throw new Error(`--minutes: found ${values.minutes}, expected a number above 0`);
if (!Number.isSafeInteger(firstSeed)) throw new Error(`--seed: found ${values.seed}, expected a whole number`);

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const endMs = performance.now() + minutes * 60_000;
const failed: number[] = [];
let rounds = 0;
do {
  const seed = (firstSeed + rounds) | 0;
  if (!(await round(seed))) failed.push(seed);
  rounds += 1;
  say(`round ${rounds}, seed ${seed}: ${failed.at(-1) === seed ? 'a property broke' : 'all properties held'}`);
} while (performance.now() < endMs);
say(
  `${rounds} rounds, ${failed.length} with a property that broke${failed.length === 0 ? '' : `: seeds ${failed.join(', ')}; see git status test/properties/examples`}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function round(seed: number): Promise<boolean> {
  const only = values.only === undefined ? [] : [values.only];
  const child = spawn(process.execPath, [vitest, 'run', ...only, '--tags-filter=property', '--reporter=dot'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PROPERTY_SOAK_SEED: String(seed) },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
