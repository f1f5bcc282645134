import { nearest } from '../../runbooks/typed/nearest.ts';
import { CommandLineError, isHelpAsked, readCommandLine, wordsOf } from '../command-line/command-line.ts';
import type { Options } from '../command-line/command-line.ts';
import type { Question } from './question.ts';
import { QUESTIONS } from './questions.ts';

/** What `npm run runbook` is asked: which command, of which file, with which of its own options. */

export const USAGE = `npm run runbook -- new|check|plan|simulate FILE

  check FILE                     every problem with file and line, or what the runbook holds, with the bytes of each text
  plan FILE [--zone ZONE] [--target TIME]
                                 the day: when each step is, by the clock of a zone (default: its target's, or UTC) and relative to T
  simulate FILE [--zone ZONE] [--target TIME] [--fail MISHAP] [--gate GATE] [--move-target MOVE]
                [--rehearse T-1d] [--change-audience T-1d] [--stand-down T+20m] [--bots 2] [--away]
                                 plays the day against a fake clock and prints what the room would read; people do what they are
                                 asked, with --away nothing. MISHAP: fleet:NAME never comes (for a while: fleet:NAME@T-1d..T-20h),
                                 automation:STEP fails, bot:T-2h..T-30m is dead; GATE: ID:red@T-1h or ID:unknown@T-1h..T-30m;
                                 MOVE: 20m@T-1h. Then: --rehearse, somebody rehearses the infrastructure; --change-audience,
                                 it is compiled anew; --stand-down, the event is called off. All but the last may be given
                                 several times.
  new FILE                       asks a few questions and writes a runbook that check accepts; a flag is an answer:
${QUESTIONS.map(({ flag, value, ...more }) => `    --${`${flag} ${value}`.padEnd(36)} ${'atLeast' in more ? 'may be given several times' : ''}`.trimEnd()).join('\n')}

A TIME is written like 2027-02-07 18:30 America/New_York, a ZONE like Europe/Berlin. Exit code 0: well; 1: the runbook has
problems; 2: a wrong command line. docs/runbook.md has every key.
`;

/** A wrong command line: its sentence. */
export class Unusable extends Error {}

const OPTIONS = {
  zone: { type: 'string' },
  target: { type: 'string' },
  fail: { type: 'string', multiple: true },
  gate: { type: 'string', multiple: true },
  'move-target': { type: 'string', multiple: true },
  rehearse: { type: 'string', multiple: true },
  'change-audience': { type: 'string', multiple: true },
  'stand-down': { type: 'string', multiple: true },
  bots: { type: 'string' },
  away: { type: 'boolean' },
} as const;
const ANSWERS: Options = Object.fromEntries(
  (QUESTIONS as readonly Question[]).map(({ flag, atLeast }) => [
    flag,
    // Nothing is an answer, too.
    { type: 'string', multiple: atLeast !== undefined, mayBeEmpty: true },
  ]),
);
/** What each command takes. */
export const COMMANDS: Readonly<Record<'new' | 'check' | 'plan' | 'simulate', Options>> = {
  new: ANSWERS,
  check: {},
  plan: { zone: OPTIONS.zone, target: OPTIONS.target },
  simulate: OPTIONS,
};
const NAMES = Object.keys(COMMANDS).join(', ');

export type Values = Record<string, string | string[] | boolean | undefined>;

/** Null: help was asked for. */
export function readAsked(
  args: readonly string[],
): { what: keyof typeof COMMANDS; file: string; values: Values } | null {
  const [what, file] = wordsOf(args, { ...OPTIONS, ...ANSWERS });
  if (what === 'help' || isHelpAsked(args)) return null;
  if (what === undefined || !isCommand(what)) {
    const near = what === undefined ? null : nearest(what, Object.keys(COMMANDS));
    throw new Unusable(
      `found ${what === undefined ? 'nothing' : `"${what}"`}, expected ${NAMES} and one file${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
  try {
    const { values } = readCommandLine(args, COMMANDS[what], { command: what, words: 2 });
    if (file === undefined) throw new Unusable(`found "${what}" alone, expected one file behind it`);
    return { what, file, values: values as Values };
  } catch (cause) {
    throw cause instanceof CommandLineError ? new Unusable(cause.message, { cause }) : cause;
  }
}

const isCommand = (what: string): what is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, what);
