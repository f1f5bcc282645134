import { describe, expect, it } from 'vitest';
import { say, verdictOf } from './verdict.ts';
import type { Mutant } from './verdict.ts';

const mutant = (lineNumber: number, outcome: Mutant['outcome']): Mutant => ({
  line: `if (a > ${lineNumber}) return;`,
  lineNumber,
  operator: 'EqualityOperator',
  change: `a > ${lineNumber} → a >= ${lineNumber}`,
  outcome,
});
const accept = (lineNumber: number) => ({
  line: `if (a > ${lineNumber}) return;`,
  change: `a > ${lineNumber} → a >= ${lineNumber}`,
  why: 'both say the same for whole numbers',
});
const FILE = 'runbooks/a.ts';

describe('the verdict on a file', () => {
  it.each([
    { of: 'nine of ten killed', killed: 9, survived: 1, passes: true, percent: 90 },
    { of: 'eight of nine killed', killed: 8, survived: 1, passes: false, percent: 88.9 },
    { of: 'no mutant at all', killed: 0, survived: 0, passes: true, percent: 100 },
  ])('$of: $percent % (floor 90)', ({ killed, survived, passes, percent }) => {
    const mutants = [
      ...Array.from({ length: killed }, (_, at) => mutant(at, 'killed')),
      ...(survived > 0 ? [mutant(99, 'survived')] : []),
    ];
    const verdict = verdictOf({ file: FILE }, mutants);
    expect([verdict.passes, Number(verdict.percent.toFixed(1))]).toEqual([passes, percent]);
  });

  it('a mutant that no test reaches has survived, one that runs for ever is killed', () => {
    const verdict = verdictOf({ file: FILE, floorPercent: 50 }, [mutant(1, 'no-coverage'), mutant(2, 'timeout')]);
    expect([verdict.percent, verdict.survivors.map(({ lineNumber }) => lineNumber)]).toEqual([50, [1]]);
  });

  it('an accepted survivor counts neither way', () => {
    const verdict = verdictOf({ file: FILE, accepted: [accept(2)] }, [mutant(1, 'killed'), mutant(2, 'survived')]);
    expect([verdict.percent, verdict.accepted, verdict.survivors, verdict.passes]).toEqual([100, 1, [], true]);
  });

  it.each([
    { what: 'is killed by now', mutants: [mutant(1, 'killed'), mutant(2, 'killed')], because: 'killed by now' },
    { what: 'no longer exists', mutants: [mutant(1, 'killed')], because: 'no such mutant' },
  ])('an accepted survivor that $what fails the run, though all are killed', ({ mutants, because }) => {
    const verdict = verdictOf({ file: FILE, accepted: [accept(2)] }, mutants);
    expect([verdict.percent, verdict.passes]).toEqual([100, false]);
    expect(say(FILE, verdict, true)).toContain(`accepted, but ${because}: { line: 'if (a > 2) return;'`);
  });

  it('prints a survivor as it would stand in the list', () => {
    expect(say(FILE, verdictOf({ file: FILE }, [mutant(7, 'survived')]), true)).toBe(
      [
        '  runbooks/a.ts:7 EqualityOperator: survived',
        "    { line: 'if (a > 7) return;', change: 'a > 7 → a >= 7', why: '' },",
        'runbooks/a.ts: 0.0 % killed (floor 90 %): 0 killed, 0 timed out, 1 survived, 0 reached by no test; 0 of those accepted',
      ].join('\n'),
    );
  });
});
