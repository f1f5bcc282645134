import { join } from 'node:path';
import { AudienceError } from '../../contract/audience-error.ts';
import { isHelpAsked } from '../../infra/command-line/command-line.ts';
import { reachedFrom } from '../../infra/running-start.ts';
import { hearStopSignals } from '../../infra/stop-signal.ts';
import { visible, visibleLines } from '../../infra/visible.ts';
import { nearest } from '../../runbooks/typed/nearest.ts';
import type { Output } from './progress.ts';

const HELP = `Device lists: make one up, compile one, look at one.

  npm run audience -- sample --devices N --seed S [--out devices.csv|.ndjson|.parquet]
      [--markets us:40,br:20] [--locales en:50,es:20] [--phones 4] [--dirty]
      [--unregistered 0.4%] [--bad 0.01%] [--errors 0.005%] [--silent 0]
  npm run audience -- compile devices.csv --launch ID --as PERSON [--accept]
  npm run audience -- compile devices.csv --runbook runbooks/library/superbowl.yaml [--out folder]
      [--map token=push_token,user=uid] [--fallback-locale en] [--locales en,es] [--batch-size 1000]
      [--suppress opted-out.csv]... [--skip bad-tokens.txt]... [--column user_id] [--allow-none]
      [--segments us-ios,us-android] [--rejects rejects.ndjson] [--threads 2] [--memory-mb 500] [--strict]
  npm run audience -- compile --users users.csv --device-table NAME --launch ID --as PERSON [--map token=push.token,user=uid]
      [--devices devices] [--capacity 1500] [--fresh] [--task ID] [and what compile takes else]
  npm run audience -- skip LIST... --launch ID --as PERSON [--column user_id] [--allow-none] [--replace]
  npm run audience -- skip LIST... --out folder [--audience HASH]
  npm run audience -- skip --refused-in EARLIER --launch ID --as PERSON [--task ID]
  npm run audience -- bad-tokens --launch ID [--out ID-bad-tokens.txt]
  npm run audience -- device USER_OR_TOKEN --launch ID
  npm run audience -- outcomes --launch ID [--out refused.csv] [--task ID]
  npm run audience -- take --launch REHEARSAL --as PERSON [--task ID]
  npm run audience -- inspect HASH [--out folder]
  npm run audience -- load HASH [--out folder] [--skip-list HASH]

compile takes a file, several, a folder, or a pattern in quotes ('part-*.parquet'), of CSV, NDJSON or Parquet, plain or packed
(.gz, .zst). Columns are user, platform, token, locale and market. A damaged file is refused whole. With --launch, an audience
that rejects more than 2 % of the rows, differs by more than 20 % from the last launch of the runbook, or sends more than 1 %
to the fallback language is stored, and set only with --accept. Without a launch, --strict fails on such a one.

With --device-table the devices come from a DynamoDB table whose partition key is the user id: one item a user with the devices in
the attribute "devices" (--devices; a list or map of maps, or a list or set of tokens; without it the item itself is the device), or,
where the table has a sort key, one item a device. --map names attributes (dots between levels; what a device lacks is taken from the
item around it) and the column of --users. --capacity is read units a second (default 1,500; eventually consistent reads). A stopped
run continues where it was within six hours, --fresh begins anew.
--users and --suppress also take s3://BUCKET/uploads/… of the own bucket. Exit code 3: the table is throttled or does not answer, run it again.

--task is what /go audience compile, skip-refused, take and outcomes start: with --launch and without --as it stores the audience, the skip
list or the refused tokens, sets nothing, and tells how it goes in joins/ID/state.json of the bucket.

Lists (--suppress, --skip, skip) hold user ids or device tokens: one a line, several with commas, a table with a header, NDJSON
or Parquet. The column of ids is found by its name (user, user_id, id, token, device_token …) or given with --column, by name
or number. Each list says how many of its ids are in the audience; one that matches nobody is refused without --allow-none.
User ids are compared without case and Unicode form; 007 and 7 are two ids.

skip adds to what the launch leaves out already, at any time: it only takes away, so open orders stand and a running shot
obeys it. --replace puts the list in the place of the one before, which voids open orders. --refused-in adds the tokens that
providers refused for good in another launch, a rehearsal say.

take sets the audience of a rehearsal: the part of the audience that it was begun for, and nobody else.
bad-tokens writes the tokens that providers refused for good in a launch: what skip takes for the next one.
outcomes counts what became of the devices of closed shots by segment and text, from the shards and the accounts; with --out it writes
the tokens that were refused for good, with platform, user, reason and the time at which APNs confirmed it, for whoever owns the table
of devices.
device says for support whether a person or device was in a launch, which text it was to get, and what became of it in each
shot; no token is printed.

Without --out, objects go to the bucket of the environment: AWS_REGION, GOBUTTON_BUCKET, and AWS_ENDPOINT_URL for a local cloud.
`;

export const COMMANDS = [
  'sample',
  'compile',
  'skip',
  'bad-tokens',
  'outcomes',
  'device',
  'take',
  'inspect',
  'load',
  'help',
] as const;

/** Returns the exit code: 0, 1 for input that can't be used, 2 for a wrong command line, 3 for what the same command may do later. */
export async function main(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
  err: Output,
): Promise<number> {
  const [typed = 'help', ...rest] = args;
  const command = isHelpAsked(args) ? 'help' : typed;
  try {
    switch (command) {
      // Loaded when asked for: `load` measures memory, and DuckDB would be most of it.
      case 'sample':
        await (await import('./commands/sample-command.ts')).runSample(rest, out);
        return 0;
      case 'compile':
        await (await import('./commands/compile-command.ts')).runCompile(rest, env, out, err);
        return 0;
      case 'skip':
        await (await import('./commands/skip-command.ts')).runSkip(rest, env, out, err);
        return 0;
      case 'bad-tokens':
        await (await import('./commands/bad-tokens-command.ts')).runBadTokens(rest, env, out);
        return 0;
      case 'outcomes':
        await (await import('./commands/outcomes-command.ts')).runOutcomes(rest, env, out, err);
        return 0;
      case 'device':
        await (await import('./commands/device-command.ts')).runDevice(rest, env, out);
        return 0;
      case 'take':
        await (await import('./commands/take-command.ts')).runTake(rest, env, out, err);
        return 0;
      case 'inspect':
        await (await import('./commands/other-commands.ts')).runInspect(rest, env, out);
        return 0;
      case 'load':
        await (await import('./commands/other-commands.ts')).runLoad(rest, env, out);
        return 0;
      case 'help':
        out.write(HELP);
        return 0;
      default: {
        const near = nearest(command, COMMANDS);
        err.write(
          `audience: found the command "${visible(command)}", expected ${COMMANDS.join(', ')}${near === null ? '' : `; did you mean ${near}?`}\n`,
        );
        return 2;
      }
    }
  } catch (error) {
    if (!(error instanceof AudienceError)) throw error;
    err.write(`${visibleLines(error.message)}\n${error.code}\n`);
    if (error.code === 'ARGUMENT_INVALID') return 2;
    return error.code === 'TABLE_THROTTLED' || error.code === 'TABLE_UNAVAILABLE' ? 3 : 1;
  }
}

if (import.meta.main) {
  // Exiting removes the folders of work under way; a signal alone would leave them. Not 0, as it is for a service: a command that
  // was cut has not done what was asked, and whoever started it must not go on as if it had.
  hearStopSignals((signal) => (signal === 'SIGINT' ? 130 : 143));
  // `… | head` has read enough: the list is compiled and set all the same.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const args = process.argv.slice(2);
  // What is for no launch stands on this disk, or in a bucket that the environment must name.
  const isForLaunch = args.some((one) => /^--launch(?:=|$)/.test(one));
  const reached = isForLaunch ? await reachedFrom(process.env, join(import.meta.dirname, '../..')) : null;
  if (reached !== null && reached.say !== null) process.stderr.write(`audience: ${visibleLines(reached.say)}\n`);
  process.exitCode =
    reached?.ok === false ? 2 : await main(args, reached?.env ?? process.env, process.stdout, process.stderr);
}
