import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { TestRunner } from 'vitest';

/**
 * How this project runs its property tests. In `npm test` each has the seed that stands beside it, so that a run is the
 * same everywhere, and before it the counterexamples that were ever found. `npm run test:soak` gives all of them new seeds,
 * round after round, and what then fails is written into `examples/`, to be committed with its mend.
 */

/** Of every test that calls `holds`: how the soak finds them. Never retried: what fails once at a seed is wrong. */
export const PROPERTY = { tags: ['property'] };

export interface Runs {
  seed: number;
  runs: number;
  /** Leave the counterexample as it was found: for a property whose run costs more than its reading. */
  noShrink?: boolean;
}

export interface Mode {
  /** Mixed into the seeds of all properties; null: they stay as they are. */
  soakSeed: number | null;
  folder: string;
}

/** A counterexample. `values` are its arguments where JSON can hold them; what it can't is made again from seed and path. */
export interface Example {
  /** Day, UTC. */ found: string;
  seed: number;
  path: string;
  values: unknown[] | null;
  why: string;
}

type Property<Ts> = fc.IProperty<Ts> | fc.IAsyncProperty<Ts>;

/** More of one property say nothing new: they are the same fault until it is mended. */
const MOST_EXAMPLES = 10;

const EXAMPLES = join(import.meta.dirname, 'examples');

/** `name`: of the file of its counterexamples; once in the project. Rejects with seed, path and counterexample. */
export async function holds<Ts extends [unknown, ...unknown[]]>(
  name: string,
  property: Property<Ts>,
  runs: Runs,
): Promise<void> {
  const test = TestRunner.getCurrentTest();
  if (test?.tags?.includes('property') !== true)
    throw new Error(`PROPERTY_UNTAGGED: ${name} has a test without the tag, which no soak finds`);
  if (test.retry !== undefined && test.retry !== 0) throw new Error(`PROPERTY_RETRIED: ${name}`);
  const soak = process.env['PROPERTY_SOAK_SEED'];
  await check(name, property, runs, { soakSeed: soak === undefined ? null : Number(soak), folder: EXAMPLES });
}

export async function check<Ts extends [unknown, ...unknown[]]>(
  name: string,
  property: Property<Ts>,
  { seed, runs, noShrink = false }: Runs,
  { soakSeed, folder }: Mode,
): Promise<void> {
  const known = await readExamples(folder, name);
  for (const { seed: at, path, values } of known) {
    const again: fc.Parameters<Ts> =
      values === null ? { seed: at, path, endOnFailure: true } : { examples: [values as unknown as Ts], numRuns: 1 };
    complain(name, await fc.check(property, again));
  }
  const details = await fc.check(property, {
    seed: soakSeed === null ? seed : (soakSeed ^ Math.imul(seed, 0x9e37_79b1)) | 0,
    numRuns: runs,
    endOnFailure: noShrink,
  });
  if (soakSeed !== null) await keep(folder, name, known, details);
  complain(name, details);
}

function complain<Ts>(name: string, details: fc.RunDetails<Ts>): void {
  if (!details.failed) return;
  throw new Error(`${name}: ${fc.defaultReportMessage<Ts>(details)}`, {
    cause: details.errorInstance,
  });
}

async function keep<Ts extends unknown[]>(
  folder: string,
  name: string,
  known: readonly Example[],
  { counterexample, counterexamplePath, errorInstance, seed }: fc.RunDetails<Ts>,
): Promise<void> {
  if (counterexample === null || counterexamplePath === null || known.length >= MOST_EXAMPLES) return;
  const stored = JSON.parse(JSON.stringify(counterexample)) as unknown[];
  const example: Example = {
    found: new Date().toISOString().slice(0, 10),
    seed,
    path: counterexamplePath,
    values: isDeepStrictEqual(stored, counterexample) ? stored : null,
    why: String(errorInstance instanceof Error ? errorInstance.message : errorInstance)
      .split('\n')[0]!
      .slice(0, 200),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(exampleFile(folder, name), `${JSON.stringify([...known, example], null, 2)}\n`);
}

const exampleFile = (folder: string, name: string): string => join(folder, `${name}.json`);

async function readExamples(folder: string, name: string): Promise<Example[]> {
  try {
    return JSON.parse(await readFile(exampleFile(folder, name), 'utf8')) as Example[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
