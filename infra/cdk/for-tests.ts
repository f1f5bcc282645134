import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp } from './app.ts';
import { readDeployment } from './read-config.ts';
import type { Deployment } from './read-config.ts';

const EXAMPLE = join(import.meta.dirname, 'launch.example.yaml');
const RUNBOOK = '../../runbooks/library/superbowl.yaml';

/** The example's text, to be written anywhere. */
export const exampleForTests = (): string =>
  readFileSync(EXAMPLE, 'utf8').replace(RUNBOOK, join(import.meta.dirname, RUNBOOK));

/** The example's deployment, with other values where a test wants them. */
export function deploymentForTests(change: (deployment: Deployment) => void = () => undefined): Deployment {
  const read = readDeployment(EXAMPLE);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  change(read.deployment);
  return read.deployment;
}

/** Templates by the end of the stack's name, `data`, `queues` …. Some seconds: once in a test file. */
export function templatesForTests(deployment: Deployment): Record<string, Template> {
  const outdir = mkdtempSync(join(tmpdir(), 'gobutton-cdk-'));
  try {
    const { stacks } = createApp(deployment, outdir).synth();
    return Object.fromEntries(
      stacks.map(({ stackName, template }) => [
        stackName.slice(deployment.config.name.length + 1),
        Template.fromJSON(template as Record<string, unknown>),
      ]),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
