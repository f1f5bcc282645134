import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nearest } from '../../runbooks/typed/nearest.ts';
import { CommandLineError, isHelpAsked, optionsIn, readCommandLine, wordsOf } from '../command-line/command-line.ts';
import { QUOTA_IDS } from '../doctor/judge/quotas.ts';
import { visible, visibleLines } from '../visible.ts';
import { accessProblem, accountOf } from './account.ts';
import { canaryStep, promoteStep, rollbackStep, take } from './canary.ts';
import { runCdk } from './cdk-cli.ts';
import type { Output } from './cdk-cli.ts';
import { asWarmAsItStands, deploy, foreignAccount } from './deploy.ts';
import { destroy } from './destroy.ts';
import { envLines, withEnvLines } from './env-file.ts';
import { readDeployment } from './read-config.ts';
import { standingOf } from './standing.ts';
import { summaryWords } from './summary.ts';
import { synthesise } from './synthesise.ts';
import { done, endOf, refused } from './work.ts';
import type { Outcome, Work } from './work.ts';

/** By the line of its usage, which help prints: what options it names, the command takes, and no other. */
export const USAGE = {
  synth: { usage: '--config launch.yaml [--out]', does: 'templates into cdk.out; needs no account and no network' },
  diff: { usage: '--config launch.yaml [--out]', does: 'what a deployment would change' },
  deploy: {
    usage: '--config launch.yaml [--out] [--yes] [--during-freeze] [--over-drift] [--over-quota]',
    does: 'makes it so; again after a failure: it goes on from there',
  },
  canary: {
    usage: '--image IMAGE --config launch.yaml [--out] [--yes] [--during-freeze] [--over-drift] [--over-quota]',
    does: 'one worker of another image beside the fleet',
  },
  promote: {
    usage: '--config launch.yaml [--bot-image] [--out] [--yes] [--during-freeze] [--over-drift] [--over-quota]',
    does: "all workers run the canary's image",
  },
  rollback: {
    usage: '--config launch.yaml [--out] [--yes] [--during-freeze] [--over-drift] [--over-quota]',
    does: 'one step back: no canary any more, or the image before',
  },
  env: { usage: '--config launch.yaml [--to]', does: 'what stands, as variables into .env' },
  destroy: {
    usage: '--config launch.yaml [--out] [--yes] [--during-freeze] [--with-data]',
    does: 'takes down what costs by the hour; tables and bucket stay',
  },
} as const;
type Name = keyof typeof USAGE;

const HELP = `The account of a launch, from one file (infra/cdk/launch.example.yaml explains each line).

${Object.entries(USAGE)
  .map(([name, { usage, does }]) => `  npm run infra -- ${name} ${usage}\n      ${does}`)
  .join('\n')}

  --out cdk.out         folder of the templates
  --bot-image IMAGE     promote the bots too
  --to .env             file that env writes; its other lines stay
  --yes                 nobody is asked before something is changed
  --during-freeze "why" deploy or destroy within the freeze of the launch
  --over-drift          deploy over what was changed by hand
  --over-quota NAME     deploy over a quota that is short, where Service Quotas is wrong; again for each
  --with-data           destroy tables and bucket too, with all that is in them
`;

const OPTIONS = {
  config: { type: 'string' },
  out: { type: 'string' },
  image: { type: 'string' },
  'bot-image': { type: 'string' },
  to: { type: 'string' },
  yes: { type: 'boolean' },
  'during-freeze': { type: 'string' },
  'over-drift': { type: 'boolean' },
  'over-quota': { type: 'string', multiple: true },
  'with-data': { type: 'boolean' },
} as const;

type Env = Readonly<Record<string, string | undefined>>;

const COMMANDS: Readonly<Record<Name, (work: Work) => Promise<Outcome> | Outcome>> = {
  synth(work) {
    synthesise(work);
    for (const line of summaryWords(work.deployment, work.nowMs)) work.say(line);
    return done;
  },
  async diff(work) {
    const foreign = await foreignAccount(work);
    if (foreign !== null) return refused(foreign);
    synthesise({ ...work, deployment: await asWarmAsItStands(work) });
    return endOf(await work.cdk(['diff', '--app', work.outdir]), 'Nothing was changed.');
  },
  deploy,
  canary: (work) => take(canaryStep(work.deployment.config.images, work.options.image), work),
  promote: (work) => take(promoteStep(work.deployment.config.images, work.options.botImage), work),
  rollback: (work) => take(rollbackStep(work.deployment.config.images), work),
  env: writeEnv,
  destroy,
};

async function writeEnv(work: Work): Promise<Outcome> {
  const { account, deployment, options, say } = work;
  const foreign = await foreignAccount(work);
  if (foreign !== null) return refused(foreign);
  const { stacks, problems } = standingOf(deployment, await account.stacks());
  const lines = envLines(stacks);
  if (lines.length === 0) return refused(...problems, `No stack of ${deployment.config.name} stands: deploy it first.`);
  const before = existsSync(options.to) ? readFileSync(options.to, 'utf8') : '';
  // Secrets may be beside them.
  writeFileSync(options.to, withEnvLines(before, lines), { mode: 0o600 });
  say(`${options.to}: ${lines.map((line) => line.split('=')[0]).join(', ')}`);
  return done;
}

/** Returns the exit code: 0, 1 for what can't be done, 2 for a wrong command line. */
export async function main(
  args: readonly string[],
  env: Env,
  out: Output,
  err: Output,
  nowMs: () => number = Date.now,
): Promise<number> {
  const wrong = (problem: string): number => {
    err.write(`infra: ${visibleLines(problem)}\nnpm run infra -- help lists commands and options.\n`);
    return 2;
  };
  const [name = 'help'] = wordsOf(args, OPTIONS);
  if (name === 'help' || isHelpAsked(args)) {
    out.write(HELP);
    return 0;
  }
  if (!isName(name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    return wrong(
      `found the command "${visible(name)}", expected ${Object.keys(COMMANDS).join(', ')}${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
  let values: Values;
  try {
    const takes = optionsIn([USAGE[name].usage]) as (keyof typeof OPTIONS)[];
    ({ values } = readCommandLine(args, OPTIONS, { command: name, takes, words: 1 }));
  } catch (error) {
    if (error instanceof CommandLineError) return wrong(error.message);
    throw error;
  }
  if (values.config === undefined) return wrong('found no --config, expected the path of a launch.yaml');
  const overQuotas = overQuotaProblem(values['over-quota'] ?? []);
  if (overQuotas !== null) return wrong(overQuotas);
  const tell = (problems: readonly string[]): number => {
    err.write(`${visibleLines(problems.join('\n'))}\n`);
    return 1;
  };
  const read = readDeployment(values.config);
  if (!read.ok) return tell(read.problems);
  const { deployment } = read;
  const account = accountOf(deployment.config.region, sleep);
  try {
    const outcome = await COMMANDS[name]({
      deployment,
      file: values.config,
      outdir: values.out ?? 'cdk.out',
      env,
      nowMs: nowMs(),
      account,
      options: optionsOf(values),
      say: (line) => out.write(`${line}\n`),
      cdk: (words) => runCdk(words, { env, region: deployment.config.region, out }),
    });
    return outcome.ok ? 0 : tell(outcome.problems);
  } catch (error) {
    const problem = accessProblem(error);
    if (problem === null) throw error;
    return tell([problem]);
  } finally {
    account.close();
  }
}

const isName = (name: string): name is Name => Object.hasOwn(USAGE, name);

function overQuotaProblem(ids: readonly string[]): string | null {
  const unknown = ids.find((id) => !QUOTA_IDS.includes(id));
  return unknown === undefined
    ? null
    : `--over-quota: found "${visible(unknown)}", expected one of ${QUOTA_IDS.join(', ')}`;
}

type Values = ReturnType<typeof readCommandLine<typeof OPTIONS>>['values'];

const optionsOf = (values: Values): Work['options'] => ({
  yes: values.yes ?? false,
  duringFreeze: values['during-freeze'] ?? null,
  overDrift: values['over-drift'] ?? false,
  overQuotas: values['over-quota'] ?? [],
  withData: values['with-data'] ?? false,
  to: values.to ?? '.env',
  image: values.image ?? null,
  botImage: values['bot-image'] ?? null,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process.stdout, process.stderr);
