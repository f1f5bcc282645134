import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { distance } from 'fastest-levenshtein';
import { QUOTA_IDS } from '../doctor/judge/quotas.ts';
import { optionProblem } from '../option-problem.ts';
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

const HELP = `The account of a launch, from one file (infra/cdk/launch.example.yaml explains each line).

  npm run infra -- synth --config launch.yaml     templates into cdk.out; needs no account and no network
  npm run infra -- diff --config launch.yaml      what a deployment would change
  npm run infra -- deploy --config launch.yaml    makes it so; again after a failure: it goes on from there
  npm run infra -- canary --image IMAGE --config launch.yaml   one worker of another image beside the fleet
  npm run infra -- promote --config launch.yaml   all workers run the canary's image
  npm run infra -- rollback --config launch.yaml  one step back: no canary any more, or the image before
  npm run infra -- env --config launch.yaml       what stands, as variables into .env
  npm run infra -- destroy --config launch.yaml   takes down what costs by the hour; tables and bucket stay

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
  help: { type: 'boolean' },
} as const;

type Env = Readonly<Record<string, string | undefined>>;

const COMMANDS: Readonly<Record<string, (work: Work) => Promise<Outcome> | Outcome>> = {
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
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    return wrong(optionProblem(error, Object.keys(OPTIONS)));
  }
  const { values, positionals } = parsed;
  const [name = 'help', ...rest] = positionals;
  if (values.help === true || name === 'help') {
    out.write(HELP);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const nearest = Object.keys(COMMANDS).reduce((a, b) => (distance(b, name) < distance(a, name) ? b : a));
    return wrong(`found the command "${visible(name)}"; did you mean ${nearest}?`);
  }
  if (rest.length > 0) return wrong(`found ${visible(rest.join(' '))} behind ${name}, expected nothing`);
  if (values.config === undefined) return wrong('found no --config, expected the path of a launch.yaml');
  if (values['during-freeze']?.trim() === '')
    return wrong('--during-freeze: found nothing, expected why it can not wait');
  const overQuotas = overQuotaProblem(name, values['over-quota'] ?? []);
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
    const outcome = await command({
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

const DEPLOYING: ReadonlySet<string> = new Set(['deploy', 'canary', 'promote', 'rollback']);

function overQuotaProblem(command: string, ids: readonly string[]): string | null {
  if (ids.length > 0 && !DEPLOYING.has(command))
    return `--over-quota: found with ${command}, expected with ${[...DEPLOYING].join(', ')}`;
  const unknown = ids.find((id) => !QUOTA_IDS.includes(id));
  return unknown === undefined
    ? null
    : `--over-quota: found "${visible(unknown)}", expected one of ${QUOTA_IDS.join(', ')}`;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

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
