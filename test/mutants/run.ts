import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { HELD, testsOf } from './held.ts';
import type { Held } from './held/held-file.ts';
import { findMutants, mutantsOf, survivingPlaces } from './stryker.ts';
import { say, verdictOf } from './verdict.ts';

/** `npm run test:mutants -- FILE...`: see README.md in this folder. */

const ROOT = resolve(import.meta.dirname, '../..');
const KEPT = join(ROOT, 'node_modules/.cache/mutants');

const write = (text: string) => process.stdout.write(`${text}\n`);

const USAGE = 'npm run test:mutants -- [FILE...] [--survivors] [--strings] [--shared] [--concurrency N]';
const { values, positionals } = scriptArguments(
  USAGE,
  {
    survivors: { type: 'boolean', default: false },
    strings: { type: 'boolean', default: false },
    shared: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '1' },
  },
  Number.POSITIVE_INFINITY,
);
const concurrency = Number(values.concurrency);
if (!Number.isInteger(concurrency) || concurrency < 1)
  wrong(`--concurrency: found ${values.concurrency}; expected a whole number from 1`);

const asked = positionals.length > 0 ? positionals : HELD.map(({ file }) => file);
const jobs = asked.map((name) => {
  const [, path = name, lines] = /^(.*?)(?::(\d+-\d+))?$/.exec(name) ?? [];
  const file = relative(ROOT, resolve(path));
  if (!existsSync(join(ROOT, file))) wrong(`${file}: no such file`);
  const held = HELD.find((one) => one.file === file) ?? { file };
  const absent = testsOf(held).find((test) => !existsSync(join(ROOT, test)));
  if (absent !== undefined)
    wrong(`${file}: its test ${absent} isn't there; name in test/mutants/held which tests hold it`);
  return { held, lines };
});

process.chdir(ROOT);
mkdirSync(KEPT, { recursive: true });
const ended = new AbortController();
process.once('SIGINT', () => ended.abort()).once('SIGTERM', () => ended.abort());
let allPass = true;
for (const { held, lines } of jobs) {
  if (ended.signal.aborted) break;
  try {
    allPass = (await runOne(held, lines)) && allPass;
  } catch (error) {
    wrong(`${held.file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = allPass ? 0 : 1;

async function runOne(held: Held, lines: string | undefined): Promise<boolean> {
  const { file } = held;
  const keptFile = join(KEPT, `${file.replaceAll('/', '+')}.json`);
  const mutate = values.survivors ? placesOf(keptFile, file) : [lines === undefined ? file : `${file}:${lines}`];
  if (mutate.length === 0) {
    write(`${file}: none survived the last run`);
    return true;
  }
  const isWholeFile = lines === undefined && !values.survivors && !values.strings;
  const report = await findMutants({
    mutate,
    tests: testsOf(held),
    concurrency,
    strings: values.strings,
    shared: values.shared,
    progress: 'ignore',
    resultsFile: keptFile.replace('.json', '.jsonl'),
    signal: ended.signal,
  });
  const isWhole = isWholeFile && report.cutOf === null;
  if (isWhole) writeFileSync(keptFile, JSON.stringify(survivingPlaces(report)));
  const verdict = verdictOf(held, mutantsOf(report));
  write(say(file, verdict, isWhole));
  if (report.cutOf === null) return !isWhole || verdict.passes;
  write(`${file}: ended after ${report.found.length} of ${report.cutOf} mutants, at line ${report.lastLine}`);
  return false;
}

function placesOf(keptFile: string, file: string): string[] {
  if (!existsSync(keptFile)) wrong(`${file}: no run of the whole file is kept; leave --survivors away once`);
  return JSON.parse(readFileSync(keptFile, 'utf8')) as string[];
}

function wrong(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
