import { parseArgs } from 'node:util';
import { distance } from 'fastest-levenshtein';
import { optionProblem } from '../option-problem.ts';
import { visible, visibleLines } from '../visible.ts';
import { createApp } from './app.ts';
import { runCdk } from './cdk-cli.ts';
import { readDeployment } from './read-config.ts';
import type { Deployment } from './read-config.ts';

const HELP = `The account of a launch, from one file (infra/cdk/launch.example.yaml explains each line).

  npm run infra -- synth --config launch.yaml     templates into cdk.out; needs no account and no network
  npm run infra -- diff --config launch.yaml      what a deployment would change
`;

interface Output {
  write(text: string): unknown;
}

interface Context {
  deployment: Deployment;
  outdir: string;
  env: Readonly<Record<string, string | undefined>>;
  out: Output;
}

const COMMANDS: Readonly<Record<string, (context: Context) => Promise<number>>> = {
  synth: (context) => Promise.resolve(synth(context)),
  diff: async (context) => synth(context) || runCdk(['diff', '--app', context.outdir, '--all'], context.env),
};

const OPTIONS = { config: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean' } } as const;

function synth({ deployment, outdir, out }: Context): number {
  const { stacks } = createApp(deployment, outdir).synth();
  out.write(`${outdir}: ${stacks.map(({ stackName }) => stackName).join(', ')}\n`);
  return 0;
}

/** Returns the exit code: 0, 1 for what can't be done, 2 for a wrong command line. */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
  err: Output,
): Promise<number> {
  const refuse = (problem: string): number => {
    err.write(`${visibleLines(problem)}\n\n${HELP}`);
    return 2;
  };
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    return refuse(`infra: ${optionProblem(error, Object.keys(OPTIONS))}`);
  }
  const { values, positionals } = parsed;
  const [name = 'help', ...rest] = positionals;
  if (values.help === true || name === 'help') {
    out.write(HELP);
    return 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    const nearest = Object.keys(COMMANDS).reduce((a, b) => (distance(b, name) < distance(a, name) ? b : a));
    return refuse(`infra: found the command "${visible(name)}"; did you mean ${nearest}?`);
  }
  if (rest.length > 0) return refuse(`infra: found ${visible(rest.join(' '))} behind ${name}, expected nothing`);
  if (values.config === undefined) return refuse('infra: found no --config, expected the path of a launch.yaml');
  const read = readDeployment(values.config);
  if (!read.ok) {
    err.write(`${visibleLines(read.problems.join('\n'))}\n`);
    return 1;
  }
  return command({ deployment: read.deployment, outdir: values.out ?? 'cdk.out', env, out });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process.stdout, process.stderr);
