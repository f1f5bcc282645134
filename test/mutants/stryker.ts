import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Mutant } from './verdict.ts';

/** What of Stryker's report (the mutation-testing schema) is read here. Lines and columns count from 1; the end is exclusive. */
const position = z.object({ line: z.int(), column: z.int() });
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.enum([
            'Killed',
            'Survived',
            'Timeout',
            'NoCoverage',
            'CompileError',
            'RuntimeError',
            'Ignored',
            'Pending',
          ]),
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});
type Report = z.output<typeof reportSchema>;
type Found = Report['files'][string]['mutants'][number];

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
  /** Where Stryker's own progress goes. */
  progress: 'inherit' | 'ignore';
}

/** Runs Stryker in a process of its own, in a copy of the tree that is gone afterwards. Rejects if the tests fail without any mutant. */
export async function findMutants(job: Job): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'gobutton-mutants-'));
  try {
    const reportFile = join(folder, 'report.json');
    const configFile = join(folder, 'stryker.json');
    writeFileSync(configFile, JSON.stringify(configOf(job, folder, reportFile)));
    const code = await run(configFile, job);
    if (code !== 0) throw new Error(`Stryker ended with ${code ?? 'a signal'}; do the tests pass without a mutant?`);
    return reportSchema.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const configOf = (job: Job, folder: string, reportFile: string) => ({
  testRunner: 'vitest',
  plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner'))],
  mutate: job.mutate,
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: job.concurrency,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: reportFile },
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
    env: { ...process.env, MUTANT_TESTS: JSON.stringify(job.tests) },
  });
  // Whoever ends the run ends Stryker too, and the copy of the tree goes with it.
  const end = () => child.kill('SIGTERM');
  process.once('SIGINT', end).once('SIGTERM', end);
  return new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  }).finally(() => process.off('SIGINT', end).off('SIGTERM', end));
}

/** The mutants of a report, in the order of the file. */
export function mutantsOf(report: Report): Mutant[] {
  return Object.values(report.files).flatMap(({ source, mutants }) =>
    mutants
      .flatMap((found): Mutant[] => {
        const outcome = OUTCOME[found.status];
        return outcome === null ? [] : [mutantOf(found, outcome, source.split('\n'))];
      })
      .toSorted((a, b) => a.lineNumber - b.lineNumber),
  );
}

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
export const survivingPlaces = (report: Report): string[] => [
  ...new Set(
    Object.entries(report.files).flatMap(([file, { mutants }]) =>
      mutants
        .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
        .map(({ location: { start, end } }) => placeOf(file, start, end)),
    ),
  ),
];

const placeOf = (file: string, start: { line: number; column: number }, end: { line: number; column: number }) =>
  `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
