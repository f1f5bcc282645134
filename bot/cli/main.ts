import { parseArgs } from 'node:util';
import { sha256 } from '../../infra/aws/sha256.ts';
import { optionProblem } from '../../infra/option-problem.ts';
import { visibleLines } from '../../infra/visible.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import { bareWord } from '../commands/arguments.ts';
import { haltWord } from '../commands/halt-words.ts';
import { didYouMean } from '../commands/nearest.ts';
import { CliError } from './cli-error.ts';
import { forgetAsked } from './forget-some.ts';
import { gates, launches, people, stats, status, timeline } from './inspect.ts';
import { readKey, writeNewKey } from './operator-key.ts';
import type { OperatorKey } from './operator-key.ts';
import { approveFire, approveLift, halt, requestFire, requestLift, segmentsNamed } from './press.ts';
import { allLaunches, compare } from './record-compare.ts';
import { figures, writeExport, writePostmortem, writeTimeline } from './record-files.ts';
import { approveKeys, requestKeys, verify } from './record.ts';
import { openSession } from './session.ts';
import { approveTakeOver, requestTakeOver } from './take-over.ts';

const HELP = `The launch from the command line: works with Slack and the bot gone, under the same rules.

  npm run go -- keygen --out operator.pem
  npm run go -- launches
  npm run go -- status   --launch ID
  npm run go -- people   --launch ID
  npm run go -- gates    --launch ID
  npm run go -- stats    --launch ID
  npm run go -- timeline --launch ID
  npm run go -- fire request --launch ID --segments us-ios,us-android|all --key operator.pem [--lift]
  npm run go -- fire request --launch ID --lift --key operator.pem
  npm run go -- fire approve --launch ID [--order F12] --key operator.pem [--yes]
  npm run go -- halt --launch ID [--reason TEXT] [--key operator.pem]
  npm run go -- lift request --launch ID --reason TEXT --key operator.pem
  npm run go -- lift approve --launch ID --key operator.pem
  npm run go -- take-over request --launch ID --reason TEXT --key operator.pem
  npm run go -- take-over approve --launch ID --key operator.pem [--yes]
  npm run go -- keys request --launch ID --bot KEYS --worker KEYS --reason TEXT --key operator.pem
  npm run go -- keys approve --launch ID --key operator.pem
  npm run go -- forget   --launch ID [--reason TEXT] [--key operator.pem] [--yes]
  npm run go -- forget   --launch ID --message LINK|m12 (several with commas) | --person NAME [--reason TEXT] [--key operator.pem] --yes
  npm run record -- verify   --launch ID [--head SEQ:HASH, as the channel shows it], or verify ID; so do the others below
  npm run record -- timeline --launch ID --out FILE.html (or .md)
  npm run record -- postmortem --launch ID --out FILE.html (or .md) [--against ID, another launch]
  npm run record -- compare  --launch ID [--against ID, another launch]
  npm run record -- launches [--out FILE.html (or .md)]
  npm run record -- export   --launch ID --out FILE.ndjson
  npm run record -- figures  --launch ID [--csv] [--out FILE]

fire request --lift is one order that also lifts the present halt; without --segments it is for what the
halt cut off, and nothing that never went out. fire approve shows the order; with --yes it fires at once. Two different people ask and approve; who a
key belongs to stands in the launch's roster (operator_keys). take-over, given in the region that is to have the launch,
ends the other one's right to send it. forget deletes the device tokens of the launch's people, what was written
in its channel and what hung on it, none of which the record holds itself; with --yes also while the launch is open. With --message it deletes that one, its
edits and files; with --person what this person wrote and attached; without --yes it shows what that is. Environment: AWS_REGION, GOBUTTON_BUCKET,
GOBUTTON_TABLE_PREFIX, and AWS_ENDPOINT_URL for a local cloud.
`;

const COMMANDS = [
  'keygen',
  'launches',
  'status',
  'people',
  'gates',
  'stats',
  'timeline',
  'fire request',
  'fire approve',
  'halt',
  'lift request',
  'lift approve',
  'take-over request',
  'take-over approve',
  'keys request',
  'keys approve',
  'forget',
  'record verify',
  'record timeline',
  'record postmortem',
  'record compare',
  'record launches',
  'record export',
  'record figures',
] as const;

/** What a slip of the finger may be taken for: nothing that sends, or lifts a halt. */
const HARMLESS = COMMANDS.filter((name) => !/^(?:fire|lift|halt|keys|forget|take-over)/.test(name));

const OPTIONS = {
  launch: { type: 'string' },
  segments: { type: 'string' },
  key: { type: 'string' },
  order: { type: 'string' },
  reason: { type: 'string' },
  message: { type: 'string' },
  person: { type: 'string' },
  out: { type: 'string' },
  head: { type: 'string' },
  against: { type: 'string' },
  bot: { type: 'string' },
  worker: { type: 'string' },
  lift: { type: 'boolean' },
  csv: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Writer = { write: (text: string) => unknown; isTTY?: boolean };

/** Gives the exit code: 0 done, 1 refused or failed, 2 a wrong command line. */
export async function main(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Writer,
  err: Writer,
): Promise<number> {
  try {
    const { values, positionals } = readArgs(args);
    const typed = positionals.join(' ');
    if (typed === '' || typed === 'help' || values.help === true) {
      out.write(HELP);
      return 0;
    }
    if (typed.startsWith('record device'))
      throw new CliError(
        'USAGE',
        'devices are looked up where audiences are read: npm run audience -- device USER_OR_TOKEN --launch ID',
      );
    const named = withLaunch(positionals, values.launch);
    const command =
      COMMANDS.find((name) => name === named.words) ?? (haltWord(bareWord(typed)) === 'halt' ? 'halt' : undefined);
    if (command === undefined)
      throw new CliError(
        'USAGE',
        `found the command "${typed}", expected ${COMMANDS.join(', ')}.${didYouMean(typed, HARMLESS)} To stop all sending: npm run go -- halt --launch ID`,
      );
    // What people typed and files said must not drive the terminal. A timeline that goes into a file stays as it is.
    const isForFile = (command === 'timeline' || values.csv === true) && out.isTTY !== true;
    await run(command, { ...values, ...named.launch }, env, (text) =>
      out.write(`${isForFile ? text : visibleLines(text)}\n`),
    );
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

/** `record verify superbowl-2027` as well as `record verify --launch superbowl-2027`; of what only reads. Nothing that sends or deletes takes its launch from a stray word. */
function withLaunch(
  positionals: readonly string[],
  launch: string | undefined,
): { words: string; launch: { launch?: string } } {
  const [first, second, third, ...more] = positionals;
  const words = `${first ?? ''} ${second ?? ''}`;
  const isOne = launch === undefined && first === 'record' && third !== undefined && more.length === 0;
  return isOne && words !== 'record launches' && COMMANDS.some((name) => name === words)
    ? { words, launch: { launch: third } }
    : { words: positionals.join(' '), launch: {} };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new CliError('USAGE', optionProblem(error, Object.keys(OPTIONS)), error);
  }
}

type Values = ReturnType<typeof readArgs>['values'];

async function run(
  command: (typeof COMMANDS)[number],
  values: Values,
  env: Readonly<Record<string, string | undefined>>,
  out: (text: string) => void,
): Promise<void> {
  const need = (name: 'launch' | 'bot' | 'worker' | 'segments' | 'key' | 'reason' | 'out'): string => {
    const value = values[name];
    if (value === undefined || value.trim() === '') throw new CliError('USAGE', `${command} needs --${name}`);
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
  const session = openSession(env, out, key);
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
