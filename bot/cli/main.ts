import { sha256 } from '../../infra/aws/sha256.ts';
import {
  CommandLineError,
  isHelpAsked,
  optionsIn,
  readCommandLine,
  wordsOf,
} from '../../infra/command-line/command-line.ts';
import type { Env } from '../../infra/environment.ts';
import type { Reached } from '../../infra/running-start.ts';
import { visibleLines } from '../../infra/visible.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import { bareWord } from '../commands/arguments.ts';
import { haltWord } from '../commands/halt-words.ts';
import { didYouMean } from '../commands/nearest.ts';
import { CliError } from './cli-error.ts';
import { calledAs, COMMANDS, HELP, isCommand, OPTIONS } from './commands.ts';
import type { CommandName } from './commands.ts';
import { forgetAsked } from './forget-some.ts';
import { gates, launches, people, stats, status, timeline } from './inspect.ts';
import { readKey, writeNewKey } from './operator-key.ts';
import type { OperatorKey } from './operator-key.ts';
import { approveFire, approveLift, halt, requestFire, requestLift, segmentsNamed } from './press.ts';
import { allLaunches, compare } from './record-compare.ts';
import { figures, writeExport, writePostmortem, writeTimeline } from './record-files.ts';
import { approveKeys, requestKeys, verify } from './record.ts';
import { environmentOf, openSession } from './session.ts';
import { approveTakeOver, requestTakeOver } from './take-over.ts';

/** What a slip of the finger may be taken for: nothing that sends, or lifts a halt. */
const HARMLESS = Object.keys(COMMANDS).filter((name) => !/^(?:fire|lift|halt|keys|forget|take-over)/.test(name));

type Writer = { write: (text: string) => unknown; isTTY?: boolean };

/** Gives the exit code: 0 done, 1 refused or failed, 2 a wrong command line. `reach`: whom a command is for, asked only by those that speak to anybody. */
export async function main(
  args: string[],
  env: Env,
  out: Writer,
  err: Writer,
  reach: (env: Env) => Promise<Reached> = async () => ({ ok: true, env, say: null }),
): Promise<number> {
  try {
    const asked = readAsked(args, env);
    if (asked === null) {
      out.write(HELP);
      return 0;
    }
    const { command, values } = asked;
    // What people typed and files said must not drive the terminal. A timeline that goes into a file stays as it is.
    const isForFile = (command === 'timeline' || values.csv === true) && out.isTTY !== true;
    const whose = async () => environmentOf(await reach(env), (say) => err.write(`go: ${visibleLines(say)}\n`));
    await run(command, values, whose, (text) => out.write(`${isForFile ? text : visibleLines(text)}\n`));
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'FAILED';
      err.write(`go: ${visibleLines(error instanceof Error ? error.message : String(error))} (${code})\n`);
      return 1;
    }
    err.write(`go: ${visibleLines(error.message)} (${error.code})\n`);
    return error.code === 'USAGE' || error.code === 'ENVIRONMENT_INVALID' ? 2 : 1;
  }
}

type Values = ReturnType<typeof readCommandLine<typeof OPTIONS>>['values'];

/** Null: help was asked for. */
function readAsked(args: readonly string[], env: Env): { command: CommandName; values: Values } | null {
  const words = wordsOf(args, OPTIONS);
  const typed = words.join(' ');
  if (isHelpAsked(args)) return null;
  if (typed === '' || typed === 'help') {
    read(args, { command: 'help', takes: [], words: 1, env });
    return null;
  }
  if (typed.startsWith('record device'))
    throw new CliError(
      'USAGE',
      'devices are looked up where audiences are read: npm run audience -- device USER_OR_TOKEN --launch ID',
    );
  const [first = '', second = ''] = words;
  const isHalt = haltWord(bareWord(words.join(''))) === 'halt';
  const isMeant = isHalt || haltWord(bareWord(first)) === 'halt';
  const command = [`${first} ${second}`, first].find(isCommand) ?? (isMeant ? 'halt' : null);
  if (command === null)
    throw new CliError(
      'USAGE',
      `found the command "${typed}", expected ${Object.keys(COMMANDS).join(', ')}.${nearWord(words)} To stop all sending: npm run go -- halt --launch ID`,
    );
  const own = isHalt ? words.length : command.split(' ').length;
  const launch = launchByWord(command, args, words);
  const takes = optionsIn(COMMANDS[command]) as (keyof typeof OPTIONS)[];
  const byWord = Object.keys(launch);
  const values = read(args, { command, takes, words: own + byWord.length, byWord, env });
  return { command, values: { ...values, ...launch } };
}

/** Also where a launch stands behind it: `record verfy superbowl-2027`. */
const nearWord = (words: readonly string[]): string =>
  [words, words.slice(0, 2), words.slice(0, 1)]
    .map((some) => didYouMean(some.join(' '), HARMLESS))
    .find((near) => near !== '') ?? '';

/** `status superbowl-2027` as well as `status --launch superbowl-2027`; of what only reads, and of a halt. Nothing that sends or deletes takes its launch from a stray word. */
function launchByWord(command: CommandName, args: readonly string[], words: readonly string[]): { launch?: string } {
  const [launch, ...more] = words.slice(command.split(' ').length);
  const isNamed = args.some((one) => /^--launch(?:=|$)/.test(one));
  const reads = HARMLESS.includes(command) && optionsIn(COMMANDS[command]).includes('launch');
  const isOne = (reads || command === 'halt') && !isNamed && more.length === 0;
  return isOne && launch !== undefined && launch.trim() !== '' ? { launch } : {};
}

function read(args: readonly string[], command: Parameters<typeof readCommandLine<typeof OPTIONS>>[2]): Values {
  try {
    return readCommandLine(args, OPTIONS, command).values;
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    const instead = command.command === 'halt' ? notHalted(launchMeant(args, command.env?.['npm_config_launch'])) : '';
    throw new CliError('USAGE', `${error.message}${instead}`, error);
  }
}

/** Whoever stops something in a hurry copies this line. */
const notHalted = (launch: string): string => `. NOTHING WAS HALTED; type: npm run go -- halt --launch ${launch}`;

/** Which launch somebody had in mind whose command line is not understood: what stands behind `launch`, whatever dashes are before it, what npm kept of it, or the only word that can be one. */
function launchMeant(args: readonly string[], kept: string | undefined): string {
  const isId = (word: string | undefined): word is string => word !== undefined && /^[a-z0-9][a-z0-9-]*$/.test(word);
  const behind = args.flatMap((one, index) => {
    const named = /^\p{Pd}*launch(?:=(.*))?$/u.exec(one);
    return named === null ? [] : [named[1] ?? args[index + 1]];
  });
  const words = args.filter((one) => isId(one) && haltWord(one) !== 'halt' && haltWord(`halt${one}`) !== 'halt');
  const byNpm = kept === 'true' ? undefined : kept;
  return [...behind, byNpm].find(isId) ?? (words.length === 1 ? words[0] : undefined) ?? 'ID';
}

/** With all that the command takes, so that the next try is the last one. */
function needText(command: CommandName, name: string): string {
  const where = name === 'launch' ? '. `npm run go -- launches` lists them' : '';
  return `${command} needs --${name}: ${COMMANDS[command].map((line) => `${calledAs(command)} ${line}`).join(', or ')}${where}`;
}

async function run(
  command: CommandName,
  values: Values,
  whose: () => Promise<Env>,
  out: (text: string) => void,
): Promise<void> {
  const need = (name: 'launch' | 'bot' | 'worker' | 'segments' | 'key' | 'reason' | 'out'): string => {
    const value = values[name];
    if (value === undefined)
      throw new CliError('USAGE', `${needText(command, name)}${command === 'halt' ? notHalted('ID') : ''}`);
    return value;
  };
  if (command === 'keygen') {
    const file = need('out');
    const publicKey = await writeNewKey(file);
    out(
      `Wrote ${file} (readable by you alone).\nIts fingerprint, as /go people shows it: ${fingerprintOf(publicKey, sha256)}\nIts public half, for operator_keys in the roster:\n${publicKey}`,
    );
    return;
  }
  const keyOfTheirs = (file: string | undefined) => (file === undefined ? null : readKey(file));
  const key = await (command === 'halt' ? keyIfReadable(values.key, out) : keyOfTheirs(values.key));
  const session = openSession(await whose(), out, key);
  try {
    switch (command) {
      case 'launches':
        return await launches(session);
      case 'status':
        return await status(session, need('launch'));
      case 'people':
        return await people(session, need('launch'));
      case 'gates':
        return await gates(session, need('launch'));
      case 'stats':
        return await stats(session, need('launch'));
      case 'timeline':
        return await timeline(session, need('launch'));
      case 'fire request': {
        const lift = values.lift === true;
        const named = lift && values.segments === undefined ? 'cut-off' : need('segments');
        const segments = named === 'cut-off' ? named : await segmentsNamed(session, need('launch'), named);
        return await requestFire(session, need('launch'), { segments, key: key ?? (await readKey(need('key'))), lift });
      }
      case 'fire approve':
        return await approveFire(session, need('launch'), {
          orderId: values.order ?? null,
          key: key ?? (await readKey(need('key'))),
          sure: values.yes === true,
        });
      case 'halt':
        return await halt(session, need('launch'), {
          reason: values.reason ?? 'halted from the command line',
          key,
        });
      case 'lift request':
        return await requestLift(session, need('launch'), {
          reason: need('reason'),
          key: key ?? (await readKey(need('key'))),
        });
      case 'take-over request':
        return await requestTakeOver(session, need('launch'), {
          reason: need('reason'),
          key: key ?? (await readKey(need('key'))),
        });
      case 'take-over approve':
        return await approveTakeOver(session, need('launch'), {
          key: key ?? (await readKey(need('key'))),
          sure: values.yes === true,
        });
      case 'keys request':
        return await requestKeys(session, need('launch'), {
          bot: need('bot'),
          worker: need('worker'),
          reason: need('reason'),
          key: key ?? (await readKey(need('key'))),
        });
      case 'keys approve':
        return await approveKeys(session, need('launch'), { key: key ?? (await readKey(need('key'))) });
      case 'forget':
        return await forgetAsked(session, need('launch'), values, key);
      case 'record verify':
        return await verify(session, need('launch'), values.head ?? null);
      case 'record timeline':
        return await writeTimeline(session, need('launch'), need('out'));
      case 'record postmortem':
        return await writePostmortem(session, need('launch'), {
          file: need('out'),
          against: values.against ?? null,
        });
      case 'record compare':
        return await compare(session, need('launch'), values.against ?? null);
      case 'record launches':
        return await allLaunches(session, values.out ?? null);
      case 'record export':
        return await writeExport(session, need('launch'), need('out'));
      case 'record figures':
        return await figures(session, need('launch'), { csv: values.csv === true, file: values.out ?? null });
      case 'lift approve':
        return await approveLift(session, need('launch'), { key: key ?? (await readKey(need('key'))) });
      default:
        return command satisfies never;
    }
  } finally {
    await session.conductor.stop();
    session.cloud.close();
  }
}

/** A halt never fails for want of a key: it is recorded as the command line's then. */
async function keyIfReadable(file: string | undefined, out: (text: string) => void): Promise<OperatorKey | null> {
  if (file === undefined) return null;
  try {
    return await readKey(file);
  } catch (error) {
    out(`${error instanceof Error ? error.message : String(error)}. Halting without it.`);
    return null;
  }
}
