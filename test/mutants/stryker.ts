import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Mutant } from './verdict.ts';

/** What of each tested mutant is read here (results-reporter.ts). Lines and columns count from 1; the end is exclusive. */
const position = z.object({ line: z.int(), column: z.int() });
const foundSchema = z.object({
  fileName: z.string().transform((path) => relative(process.cwd(), path)),
  mutatorName: z.string(),
  replacement: z.string().optional(),
  status: z.enum(['Killed', 'Survived', 'Timeout', 'NoCoverage', 'CompileError', 'RuntimeError', 'Ignored', 'Pending']),
  location: z.object({ start: position, end: position }),
});
const plannedSchema = z.object({ planned: z.int() });
type Found = z.output<typeof foundSchema>;

export interface Report {
  /** In the order of the file. */
  found: Found[];
  /** Of each file that was named, as it was when the run began. */
  sources: ReadonlyMap<string, string>;
  /** How many were to be tested, if the run was ended before all of them were; 0: before it had counted them. */
  cutOf: number | null;
  /** Where the one that was tested last begins: Stryker goes through a file from its top; what runs at import it leaves for the end. */
  lastLine: number;
}

const OUTCOME: Record<Found['status'], Mutant['outcome'] | null> = {
  Killed: 'killed',
  Survived: 'survived',
  Timeout: 'timeout',
  NoCoverage: 'no-coverage',
  // A test file that can't even be loaded with the mutant notices it.
  RuntimeError: 'killed',
  CompileError: null,
  Ignored: null,
  Pending: 'survived',
};

export interface Job {
  /** The file, or parts of it as Stryker names them (`a.ts:3:1-3:20`). */
  mutate: string[];
  tests: string[];
  concurrency: number;
  strings: boolean;
  /** What a mutant's test files import is loaded once for all of them: for tests that leave nothing behind which the next file would find. */
  shared: boolean;
  /** Where Stryker's own progress goes. */
  progress: 'inherit' | 'ignore';
  /** Where each mutant stands as soon as it was tested; emptied first, and left there. */
  resultsFile: string;
  /** Ends the run: what was measured until then is its report. */
  signal: AbortSignal;
}

/** Runs Stryker in a process of its own, in a copy of the tree that is gone afterwards. Rejects if the tests fail without any mutant. */
export async function findMutants(job: Job): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'gobutton-mutants-'));
  try {
    const configFile = join(folder, 'stryker.json');
    writeFileSync(job.resultsFile, '');
    writeFileSync(configFile, JSON.stringify(configOf(job, folder)));
    const files = new Set(job.mutate.map((place) => place.replace(/:[\d:-]+$/, '')));
    const sources = new Map([...files].map((file) => [file, readFileSync(file, 'utf8')]));
    const code = await run(configFile, job);
    const isCut = code !== 0 && job.signal.aborted;
    if (code !== 0 && !isCut)
      throw new Error(`Stryker ended with ${code ?? 'a signal'}; do the tests pass without a mutant?`);
    const lines = readFileSync(job.resultsFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    const results = lines.map((line) => z.union([foundSchema, plannedSchema]).parse(JSON.parse(line)));
    const found = results.filter((one) => 'fileName' in one);
    const planned = results.find((one) => 'planned' in one)?.planned ?? 0;
    return {
      found: found.toSorted(byPlace),
      sources,
      cutOf: isCut ? planned : null,
      lastLine: found.at(-1)?.location.start.line ?? 0,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const byPlace = (one: Found, other: Found): number =>
  one.location.start.line - other.location.start.line || one.location.start.column - other.location.start.column;

const configOf = (job: Job, folder: string) => ({
  testRunner: 'vitest',
  plugins: [
    fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner')),
    join(import.meta.dirname, 'results-reporter.ts'),
  ],
  mutate: job.mutate,
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: job.concurrency,
  reporters: ['results', 'progress-append-only'],
  mutator: { excludedMutations: job.strings ? [] : ['StringLiteral'] },
  tempDirName: join(folder, 'tree'),
  ignorePatterns: ['.gobutton', '*.png'],
  // Its rewriting of tsconfig.json needs an API that TypeScript 7 no longer has; vitest doesn't ask for the file.
  tsconfigFile: 'none',
  logLevel: 'warn',
  allowConsoleColors: false,
});

function run(configFile: string, job: Job): Promise<number | null> {
  const stryker = fileURLToPath(new URL('../../bin/stryker.js', import.meta.resolve('@stryker-mutator/core')));
  const child = spawn(process.execPath, [stryker, 'run', configFile], {
    stdio: ['ignore', job.progress, 'inherit'],
    env: {
      ...process.env,
      MUTANT_TESTS: JSON.stringify(job.tests),
      MUTANT_RESULTS: job.resultsFile,
      MUTANT_SHARED: job.shared ? 'yes' : 'no',
    },
  });
  // Stryker ends its own processes, and the copy of the tree goes with them.
  const end = () => child.kill('SIGTERM');
  job.signal.addEventListener('abort', end);
  return new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  }).finally(() => job.signal.removeEventListener('abort', end));
}

/** The mutants of a report, in the order of the file. */
export const mutantsOf = ({ found, sources }: Report): Mutant[] =>
  found.flatMap((one): Mutant[] => {
    const outcome = OUTCOME[one.status];
    return outcome === null ? [] : [mutantOf(one, outcome, (sources.get(one.fileName) ?? '').split('\n'))];
  });

function mutantOf(found: Found, outcome: Mutant['outcome'], lines: string[]): Mutant {
  const { start, end } = found.location;
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = (text.at(-1) ?? '').slice(0, end.column - 1);
  text[0] = (text[0] ?? '').slice(start.column - 1);
  return {
    line: (lines[start.line - 1] ?? '').trim(),
    lineNumber: start.line,
    operator: found.mutatorName,
    change: `${short(text.join('\n'))} → ${short(found.replacement ?? '')}`,
    outcome,
  };
}

const SHOWN_CHARACTERS = 60;
const short = (text: string): string => {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length > SHOWN_CHARACTERS ? `${flat.slice(0, SHOWN_CHARACTERS - 1)}…` : flat;
};

/** The places of what survived, as Stryker takes them for a further run. */
export const survivingPlaces = ({ found }: Report): string[] => [
  ...new Set(found.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map(placeOf)),
];

const placeOf = ({ fileName, location: { start, end } }: Found): string =>
  `${fileName}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
