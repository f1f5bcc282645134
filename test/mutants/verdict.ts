import { FLOOR_PERCENT } from './held.ts';
import type { Accepted, Held } from './held/held-file.ts';

/** A mutant as the run found it. `change` is `from → to`, each in one line and cut at 60 characters. */
export interface Mutant {
  line: string;
  lineNumber: number;
  operator: string;
  change: string;
  outcome: 'killed' | 'survived' | 'timeout' | 'no-coverage';
}

export interface Verdict {
  counts: Record<Mutant['outcome'], number>;
  /** Killed or timed out, of all that aren't accepted; 100 where there is none. */
  percent: number;
  floorPercent: number;
  survivors: Mutant[];
  accepted: number;
  /** Accepted survivors that are killed by now or no longer exist. */
  stale: { accepted: Accepted; because: 'killed by now' | 'no such mutant' }[];
  passes: boolean;
}

const lives = ({ outcome }: Mutant): boolean => outcome === 'survived' || outcome === 'no-coverage';

/** What a whole file's mutants amount to. Where one accepted line stands for several mutants it is stale when all of them are killed. */
export function verdictOf(held: Held, mutants: readonly Mutant[]): Verdict {
  const counts = { killed: 0, survived: 0, timeout: 0, 'no-coverage': 0 };
  for (const { outcome } of mutants) counts[outcome]++;
  const acceptedOnes = held.accepted ?? [];
  const isFor = (mutant: Mutant) => (one: Accepted) => one.line === mutant.line && one.change === mutant.change;
  const living = mutants.filter(lives);
  const survivors = living.filter((mutant) => !acceptedOnes.some(isFor(mutant)));
  const stale = acceptedOnes.flatMap((accepted): Verdict['stale'] => {
    const meant = mutants.filter((mutant) => isFor(mutant)(accepted));
    if (meant.some(lives)) return [];
    return [{ accepted, because: meant.length > 0 ? 'killed by now' : 'no such mutant' }];
  });
  const accepted = living.length - survivors.length;
  const counted = mutants.length - accepted;
  const percent = counted === 0 ? 100 : ((counted - survivors.length) / counted) * 100;
  const floorPercent = held.floorPercent ?? FLOOR_PERCENT;
  const passes = percent >= floorPercent && stale.length === 0;
  return { counts, percent, floorPercent, survivors, accepted, stale, passes };
}

/** The report of one file. A part of a file has no floor. */
export function say(file: string, verdict: Verdict, isWhole: boolean): string {
  const { counts, percent, floorPercent, survivors, accepted, stale } = verdict;
  const entry = ({ line, change }: { line: string; change: string }) =>
    `{ line: ${quoted(line)}, change: ${quoted(change)}, why: '' },`;
  const floor = isWhole ? ` (floor ${floorPercent} %)` : '';
  return [
    ...survivors.map((one) => `  ${file}:${one.lineNumber} ${one.operator}: ${WORD[one.outcome]}\n    ${entry(one)}`),
    ...(isWhole ? stale.map((one) => `  accepted, but ${one.because}: ${entry(one.accepted)}`) : []),
    `${file}: ${percent.toFixed(1)} % killed${floor}: ${counts.killed} killed, ${counts.timeout} timed out, ` +
      `${counts.survived} survived, ${counts['no-coverage']} reached by no test; ${accepted} of those accepted`,
  ].join('\n');
}

const WORD: Record<Mutant['outcome'], string> = {
  killed: 'killed',
  survived: 'survived',
  timeout: 'timed out',
  'no-coverage': 'reached by no test',
};

const quoted = (text: string): string => {
  if (!text.includes("'") && !text.includes('\\')) return `'${text}'`;
  return text.includes('`') || text.includes('\\') || text.includes('${') ? JSON.stringify(text) : `\`${text}\``;
};
