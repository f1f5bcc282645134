import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { AudienceError } from '../../../contract/audience-error.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { readRunbookFile } from '../../../infra/runbook/read-runbook.ts';
import { splitOf } from '../../../runbooks/launch/variants.ts';
import { describeProblem } from '../../../runbooks/playbook/checked-yaml.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';
import { acceptProblems } from '../accept.ts';
import { compileAudience, neededFields } from '../compile.ts';
import type { Compiled, CompileOptions } from '../compile.ts';
import type { ListRole } from '../lists/id-list.ts';
import { compileProgress } from '../progress.ts';
import type { Output, Tell } from '../progress.ts';
import { listOf, mappingOf, readArguments, refuseWithout, wholeNumber } from './arguments.ts';
import { adviceOf, refuseDoubtful, summaryOf } from './compile-summary.ts';
import { withObjects } from './environment.ts';
import { JOIN_OPTIONS, joinAsked, joinRows, withJoined } from './join-command.ts';
import { earlierAudience, submit, withLaunch, withLaunchToRead } from './launch-session.ts';
import type { LaunchSession } from './launch-session.ts';
import { ownMachine, SHARED } from './own-machine.ts';
import { setSkipList, skipStored } from './set-skip-list.ts';
import { launchOfTask, toldAsTask } from './task-state.ts';
import { isUpload, withUploads } from './uploads.ts';
import { count, table } from './words.ts';

const OPTIONS = [
  'runbook',
  'launch',
  'as',
  'map',
  'column',
  'locales',
  'fallback-locale',
  'batch-size',
  'segments',
  'out',
  'rejects',
  'threads',
  'memory-mb',
  'task',
  ...JOIN_OPTIONS,
] as const;
type Option = Partial<Record<(typeof OPTIONS)[number], string>>;
interface Given {
  words: string[];
  option: Option;
  lists: { path: string; role: ListRole }[];
  allowNone: boolean;
  fresh: boolean;
  env: Env;
  err: Output;
  /** Null: nobody but who watches. */
  tell: Tell | null;
  /** The users came from the bucket. */
  isUploaded: boolean;
}
type Env = Readonly<Record<string, string | undefined>>;

export async function runCompile(args: string[], env: Env, out: Output, err: Output): Promise<void> {
  const { words, option, flag, many } = readArguments(
    { name: 'compile', words: Number.POSITIVE_INFINITY },
    args,
    OPTIONS,
    ['accept', 'allow-none', 'fresh', 'strict'],
    ['suppress', 'skip'],
  );
  const given: Given = {
    words,
    option,
    lists: [...listsOf('suppress', many.suppress), ...listsOf('skip', many.skip)],
    allowNone: flag.has('allow-none'),
    fresh: flag.has('fresh'),
    env,
    err,
    tell: null,
    isUploaded: false,
  };
  if (words.length === 0 && option.users === undefined && option['device-table'] === undefined)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      'compile: found no file, expected a device list (a file, several, a folder, or a pattern in quotes): npm run audience -- compile devices.csv --runbook <file>',
    );
  if (option.launch !== undefined && option.runbook !== undefined)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      '--launch and --runbook: found both, expected one; a launch has its own runbook',
    );
  if (option.launch !== undefined && option.out !== undefined)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      "--launch and --out: found both, expected one; a launch's audience goes to its bucket",
    );
  if (option.launch !== undefined && flag.has('strict'))
    throw new AudienceError(
      'ARGUMENT_INVALID',
      '--launch and --strict: found both, expected one; for a launch it is so without --accept',
    );
  refuseWithout('launch', option.launch, { as: option.as, accept: flag.has('accept') });
  if (option.task !== undefined) return compileAsTask(option.task, given, out);
  if (option.launch === undefined) {
    const rules = option.runbook === undefined ? null : await readRunbook(option.runbook);
    await withObjects(option.out, env, (objects) =>
      compile(given, rules, objects, out, async (compiled) => {
        if (flag.has('strict')) refuseDoubtful(compiled);
        out.write(adviceOf(compiled));
      }),
    );
    return;
  }
  await withLaunch(option.launch, option.as, env, async (session) => {
    const { runbook, campaign } = session.launch;
    const { objects } = session.cloud;
    await compile(given, { ...runbook, campaign }, objects, out, (compiled) =>
      set(session, compiled, flag.has('accept'), out),
    );
  });
}

/** Everything but the setting: the bot does that, with its key, in the name of who asked. */
async function compileAsTask(task: string, given: Given, out: Output): Promise<void> {
  const launchId = launchOfTask(task, given.option);
  await withObjects(undefined, given.env, (objects) =>
    toldAsTask(task, { objects, err: given.err }, (tell) =>
      withLaunchToRead(launchId, given.env, async (session) => {
        const { runbook, campaign } = session.launch;
        return compile({ ...given, tell }, { ...runbook, campaign }, objects, out, async (compiled) => ({
          is: 'stored',
          hash: compiled.manifest.hash,
          rows: compiled.rows,
          rejected: Object.fromEntries(Object.entries(compiled.rejected)),
          problems: acceptProblems(compiled, await earlierAudience(session)),
          ...(compiled.skipList === null ? {} : { skip: (await skipStored(session, compiled.skipTokens)).skip }),
        }));
      }),
    ),
  );
}

async function set(session: LaunchSession, compiled: Compiled, isAccepted: boolean, out: Output): Promise<void> {
  const problems = acceptProblems(compiled, await earlierAudience(session));
  if (problems.length > 0 && !isAccepted) throw notAccepted(compiled, problems, session.launch.id);
  const rows: [string, string][] = [
    ['audience set', await submit(session, { kind: 'set-audience', by: session.by, audience: compiled.audience })],
  ];
  if (compiled.skipList !== null)
    rows.push(['skip list set', (await setSkipList(session, compiled.skipTokens, false)).say]);
  else if (session.launch.skipList !== null)
    rows.push([
      'skip list',
      `kept, ${count(session.launch.skipList.tokens)} tokens; people whom it leaves out by id are left out with the devices that they had before: give those lists to --suppress too`,
    ]);
  out.write(table(rows));
}

function listsOf(role: ListRole, paths: readonly string[]): { path: string; role: ListRole }[] {
  return paths.map((path) => ({ path, role }));
}

/** The audience is there and can be set by its hash; what it is about is said before. */
function notAccepted(compiled: Compiled, problems: readonly string[], launchId: string): AudienceError {
  return new AudienceError(
    'ACCEPT_NEEDED',
    `The audience ${compiled.manifest.hash} was stored and not set for ${launchId}:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nLook at the list and the rejects. If it is as it should be, run the same command again with --accept.`,
  );
}

async function readRunbook(path: string): Promise<Runbook> {
  const { loaded } = await readRunbookFile(path);
  if (!loaded.ok) throw new AudienceError('RUNBOOK_INVALID', loaded.problems.map(describeProblem).join('\n'));
  return loaded.runbook;
}

/** `then`: what is done with the audience; rows of a table are kept for another try until it has ended well. */
async function compile<T>(
  given: Given,
  runbook: Pick<Runbook, 'audience' | 'campaign' | 'delivery'> | null,
  objects: Objects,
  out: Output,
  then: (compiled: Compiled) => Promise<T>,
): Promise<T> {
  const paths = [given.option.users ?? '', ...given.lists.map(({ path }) => path)];
  return withUploads(paths, given.env, (fileOf) =>
    compileFiles(
      {
        ...given,
        option: {
          ...given.option,
          ...(given.option.users === undefined ? {} : { users: fileOf(given.option.users) }),
        },
        lists: given.lists.map((list) => ({ ...list, path: fileOf(list.path) })),
        isUploaded: isUpload(given.option.users ?? ''),
      },
      runbook,
      objects,
      out,
      then,
    ),
  );
}

async function compileFiles<T>(
  given: Given,
  runbook: Pick<Runbook, 'audience' | 'campaign' | 'delivery'> | null,
  objects: Objects,
  out: Output,
  then: (compiled: Compiled) => Promise<T>,
): Promise<T> {
  const { words, option, fresh, env, err, tell } = given;
  const asked = joinAsked(words, option, fresh);
  const options = optionsOf(given, runbook, objects);
  if (asked === null) return then(await compiled(options, [], out, tell));
  const { mapping = {} } = options;
  const needed = neededFields(options);
  return withJoined(asked, { option, mapping, needed, fresh, objects, tell }, env, err, async (joined) => {
    const list = { ...options, input: joined.path, mapping: {} };
    const done = await then(await compiled(list, joinRows(joined, asked.table), out, tell));
    await joined.forget();
    return done;
  });
}

async function compiled(
  options: CompileOptions,
  joined: readonly (readonly [string, string])[],
  out: Output,
  tell: Tell | null,
): Promise<Compiled> {
  const bar = compileProgress(out, tell);
  const made = await compileAudience({ ...options, progress: bar.update }).finally(() => bar.stop());
  out.write(summaryOf(made, options, joined));
  return made;
}

function optionsOf(
  { words: input, option, lists, allowNone, isUploaded }: Given,
  runbook: Pick<Runbook, 'audience' | 'campaign' | 'delivery'> | null,
  objects: Objects,
): CompileOptions {
  const machine = option.task === undefined ? SHARED : ownMachine();
  return {
    input,
    objects,
    segmentBy: runbook?.audience.segment_by ?? ['market', 'platform'],
    locales: localesOf(option.locales, runbook),
    fallbackLocale: option['fallback-locale'] ?? null,
    split: runbook === null ? null : splitOf(runbook.campaign),
    batchSize: wholeNumber('batch-size', option['batch-size'], runbook?.delivery.batch_size ?? 1_000, 1, 2_000),
    mapping: mappingOf(option.map),
    lists,
    allowNone,
    listColumn: option.column,
    segments: listOf('segments', option.segments) ?? [],
    // Beside a file that will be gone nobody would find them; a copy is stored with the audience.
    rejectsPath: option.rejects ?? (isUploaded ? null : rejectsBeside(input[0] ?? option.users ?? '')),
    threads: wholeNumber('threads', option.threads, machine.threads, 1, 64),
    memoryMb: wholeNumber('memory-mb', option['memory-mb'], machine.memoryMb, 200, 1_000_000),
  };
}

/** Never inside a folder of the list: the next compile would read it. */
function rejectsBeside(input: string): string {
  if (!/[*?[{]/.test(input) || existsSync(input))
    return input.replace(/\/+$/, '').replace(/(\.[a-z]+)?(\.gz|\.zst)?$/i, '.rejects.ndjson');
  const folder = dirname(input);
  return folder === '.' || /[*?[{]/.test(folder) ? 'rejects.ndjson' : `${folder}.rejects.ndjson`;
}

/** What is compiled for must be what the campaign speaks; `--locales` may narrow a runbook's, not widen it. */
function localesOf(given: string | undefined, runbook: Pick<Runbook, 'campaign'> | null): string[] {
  const listed = listOf('locales', given);
  if (runbook === null) {
    if (listed === undefined)
      throw new AudienceError(
        'ARGUMENT_INVALID',
        "compile: found neither --runbook, --launch nor --locales, expected one of them: the campaign's locales are needed",
      );
    return listed;
  }
  const known = Object.keys(runbook.campaign.locales);
  const unknown = (listed ?? []).filter((locale) => !known.includes(locale));
  if (unknown.length > 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `--locales: found ${unknown.join(', ')}, expected locales of the campaign: ${known.join(', ')}`,
    );
  return listed ?? known;
}
