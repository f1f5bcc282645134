import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { FileProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { noZone, readWallClock, zoneNamed } from '../../runbooks/typed/wall-clock.ts';
import { visibleLines } from '../visible.ts';
import { readAsked, Unusable, USAGE } from './asked.ts';
import type { Values } from './asked.ts';
import { newRunbook } from './new-runbook.ts';
import { planText } from './plan.ts';
import type { Earlier, Question } from './question.ts';
import { QUESTIONS } from './questions.ts';
import type { Answers } from './questions.ts';
import { readRunbookFile } from './read-runbook.ts';
import { summaryText } from './summary.ts';

interface Output {
  write(text: string): unknown;
}
export interface Terminal {
  input: NodeJS.ReadableStream;
  /** Whether somebody can be asked. */
  asks: boolean;
  out: Output;
  err: Output;
}

/** Returns the exit code. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  try {
    const asked = readAsked(args);
    if (asked === null) return say(out, USAGE, 0);
    const { what, file, values } = asked;
    switch (what) {
      case 'check':
        return await withRunbook(file, err, (runbook) => out.write(`${summaryText(runbook)}\n`));
      case 'plan': {
        const { zone, targetAtMs } = whenAndWhere(values);
        return await withRunbook(file, err, (runbook) =>
          out.write(`${planText(runbook, targetAtMs ?? runbook.target?.atMs ?? null, zone ?? zoneOf(runbook))}\n`),
        );
      }
      case 'simulate':
        return await simulated(file, values, terminal);
      case 'new':
        return await write(file, values, terminal);
      default:
        return what satisfies never;
    }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return say(err, `${visibleLines(error.message)}\nnpm run runbook -- help shows how it is called.\n`, 2);
  }
}

const say = (where: Output, text: string, code: number): number => {
  where.write(text);
  return code;
};

async function withRunbook(file: string, err: Output, then: (runbook: Runbook) => void): Promise<number> {
  const { loaded } = await readRunbookFile(file);
  if (!loaded.ok) return say(err, problemsOf(loaded.problems), 1);
  then(loaded.runbook);
  return 0;
}

/** The zone that its target is written in. */
const zoneOf = ({ target }: Runbook): string => target?.zone ?? 'UTC';

/** `zone` null: not asked for. */
function whenAndWhere(values: Values): { zone: string | null; targetAtMs: number | null } {
  const asked = values['zone'];
  const zone = typeof asked === 'string' ? zoneNamed(asked) : null;
  if (typeof asked === 'string' && zone === null)
    throw new Unusable(`--zone: found "${asked}", expected ${noZone(asked)}`);
  if (typeof values['target'] !== 'string') return { zone, targetAtMs: null };
  const read = readWallClock(values['target']);
  if (!read.ok) throw new Unusable(`--target: found "${values['target']}", expected ${read.expected}`);
  return { zone, targetAtMs: read.atMs };
}

/** Where T is not known, an evening far from any clock change. */
const SOME_EVENING_MS = Date.UTC(2027, 1, 14, 23, 30);

async function simulated(file: string, values: Values, { out, err }: Terminal): Promise<number> {
  const { zone, targetAtMs } = whenAndWhere(values);
  const bots = values['bots'] ?? '1';
  if (bots !== '1' && bots !== '2') throw new Unusable(`--bots: found "${String(bots)}", expected 1 or 2`);
  const { loaded } = await readRunbookFile(file);
  if (!loaded.ok) return say(err, problemsOf(loaded.problems), 1);
  // Only here: it loads what a bot is made of.
  const [{ dayText }, { readMishaps }, { simulate }] = await Promise.all([
    import('../../bot/simulate/day-text.ts'),
    import('../../bot/simulate/mishaps.ts'),
    import('../../bot/simulate/simulate.ts'),
  ]);
  const several = (option: string) => [values[option]].flat().filter((one) => typeof one === 'string');
  const read = readMishaps(loaded.runbook, {
    fail: several('fail'),
    gate: several('gate'),
    move: several('move-target'),
    rehearse: several('rehearse'),
    audience: several('change-audience'),
    standDown: several('stand-down'),
  });
  if (!read.ok) throw new Unusable(`--${read.option}: found "${read.found}", expected ${read.expected}`);
  const day = await simulate(loaded.runbook, {
    targetAtMs: targetAtMs ?? loaded.runbook.target?.atMs ?? SOME_EVENING_MS,
    mishaps: read.mishaps,
    bots: bots === '2' ? 2 : 1,
    isAway: values['away'] === true,
  });
  return say(out, `${dayText(day, zone ?? zoneOf(loaded.runbook))}\n`, 0);
}

const problemsOf = (problems: readonly FileProblem[]): string =>
  `${problems.map(describeProblem).map(visibleLines).join('\n')}\n`;

/** Never over a file that is there. */
async function write(file: string, values: Values, terminal: Terminal): Promise<number> {
  if (
    await readFile(file).then(
      () => true,
      () => false,
    )
  )
    throw new Unusable(`found ${file} there already, expected a name that is free`);
  const answers = await answersOf(values, terminal);
  const missing = (QUESTIONS as readonly Question[]).flatMap(({ flag, missing: of }) => {
    const expected = of?.(answers[flag as keyof Answers], new Map(Object.entries(answers))) ?? null;
    return expected === null ? [] : [`--${flag}: expected ${expected}`];
  });
  if (missing.length > 0) return say(terminal.err, notWritten(file, answers, missing.join('\n')), 1);
  const schema = relative(dirname(resolve(file)), join(import.meta.dirname, '../../runbooks/runbook.schema.json'));
  const text = newRunbook(answers, schema.startsWith('.') ? schema : `./${schema}`);
  const loaded = loadRunbook(text, file);
  if (!loaded.ok) {
    const problems = loaded.problems.map(describeProblem).map(visibleLines).join('\n');
    return say(terminal.err, notWritten(file, answers, problems), 1);
  }
  await writeFile(file, text, { flag: 'wx' });
  const name = visibleLines(file);
  terminal.out.write(
    `Wrote ${name}. ${fallbackText(loaded.runbook)} Next: npm run runbook -- plan ${name}\nTo play it on this machine: npm start -- --runbook ${name}\n`,
  );
  return 0;
}

/** What nobody was asked for in so many words. */
const fallbackText = ({ campaign: { default_locale: locale } }: Runbook): string =>
  `Phones in a language without a text of its own get ${locale}, the first text: default_locale in the file changes that.`;

const notWritten = (file: string, answers: Answers, problems: string): string =>
  `With these answers the runbook would have problems; nothing was written:\n${problems}\nYour answers, to be corrected and used again:\n${visibleLines(asFlags(file, answers))}\n`;

/** What was answered is not typed twice. */
function asFlags(file: string, answers: Answers): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const flags = QUESTIONS.flatMap(({ flag }) =>
    answers[flag].filter((one) => one !== '').map((one) => `  --${flag} ${quoted(one)}`),
  );
  return [`npm run runbook -- new ${quoted(file)}`, ...flags].join(' \\\n');
}

/** From the flags; what they leave open is asked, or if nobody can be asked, has its preset or is named. */
async function answersOf(values: Values, { input, asks, out }: Terminal): Promise<Answers> {
  const given = new Map<string, string[]>();
  const open: Question[] = [];
  for (const question of QUESTIONS as readonly Question[]) {
    const flags = [values[question.flag]].flat().filter((one) => typeof one === 'string');
    for (const flag of flags) {
      const problem = question.problem(flag, given);
      if (problem !== null) throw new Unusable(`--${question.flag}: found "${flag}", expected ${problem}`);
      given.set(question.flag, [...(given.get(question.flag) ?? []), flag]);
    }
    if (flags.length > 0) continue;
    if (!asks && question.preset !== null) given.set(question.flag, [question.preset]);
    else if (!asks && question.atLeast === 0) given.set(question.flag, []);
    else open.push(question);
  }
  if (open.length > 0 && !asks)
    throw new Unusable(`found no answer for ${open.map(({ flag }) => `--${flag}`).join(', ')}, and nobody to ask`);
  const lines = open.length === 0 ? null : createInterface({ input, terminal: false });
  const next = lines?.[Symbol.asyncIterator]();
  try {
    for (const question of open)
      given.set(
        question.flag,
        await askFor(question, given, out, async () => {
          const line = await next?.next();
          if (line === undefined || line.done === true) throw new Unusable(`--${question.flag}: found no answer`);
          return line.value.trim();
        }),
      );
  } finally {
    lines?.close();
  }
  return Object.fromEntries(given) as Answers;
}

async function askFor(
  question: Question,
  earlier: Earlier,
  out: Output,
  line: () => Promise<string>,
): Promise<string[]> {
  const { flag, ask, preset, atLeast, problem, missing } = question;
  const answers: string[] = [];
  for (;;) {
    const isMore = answers.length > 0;
    const ifNothing = isMore && answers.length >= (atLeast ?? 1) ? ' (nothing: no more)' : '';
    out.write(
      `${isMore ? ask.replace(/ \(nothing: [^)]*\)$/, '') : ask}${preset === null || preset === '' ? '' : ` (${preset})`}${ifNothing}\n> `,
    );
    const typed = await line();
    if (typed === '' && atLeast !== undefined && answers.length >= atLeast) {
      const still = missing?.(answers, earlier) ?? null;
      if (still === null) return answers;
      out.write(`found no more, expected ${still}\n`);
      continue;
    }
    const answer = typed === '' && preset !== null ? preset : typed;
    const wrong = problem(answer, new Map([...earlier, [flag, answers]]));
    if (wrong !== null) out.write(`found ${JSON.stringify(answer)}, expected ${wrong}\n`);
    else if (atLeast === undefined) return [answer];
    else answers.push(answer);
  }
}

if (import.meta.main)
  process.exitCode = await main(process.argv.slice(2), {
    input: process.stdin,
    asks: process.stdin.isTTY === true,
    out: process.stdout,
    err: process.stderr,
  });
