import { join } from 'node:path';
import { budgetProblem, costOf, costWords } from './budget.ts';
import { freezeOf, freezeOfDeployed, freezeProblem } from './freeze.ts';
import { leftovers } from './leftovers.ts';
import { namesOf } from './names.ts';
import { claimsWarmth } from './needs.ts';
import { askQuotas } from './quotas.ts';
import type { Deployment } from './read-config.ts';
import { driftWords, isHalfMade, standingOf } from './standing.ts';
import { kickoffProblem } from './summary.ts';
import { synthesise } from './synthesise.ts';
import { takenOverProblem } from './taken-over.ts';
import { endOf, refused } from './work.ts';
import type { Outcome, Work } from './work.ts';

/**
 * Everything that is asked before the CDK changes anything: freeze and budget, which need no account; then the account, its quotas, what
 * stands there, and what of it was changed by hand. What was left half-made is taken up again.
 */
export async function deploy(work: Work): Promise<Outcome> {
  const { deployment, nowMs, options, account, say, cdk, outdir } = work;
  const cost = costOf(deployment);
  const early = [
    kickoffProblem(deployment, nowMs),
    freezeProblem(freezeOf(deployment), nowMs, options.duringFreeze),
    budgetProblem(cost, deployment),
  ].filter((problem) => problem !== null);
  if (early.length > 0) return refused(...early);
  if (options.duringFreeze !== null) say(`deployed within the freeze, because: ${options.duringFreeze}`);
  say(costWords(cost, deployment));
  const foreign = await foreignAccount(work);
  if (foreign !== null) return refused(foreign);
  const frozen = await frozenAsDeployed(work);
  if (frozen !== null) return refused(frozen);
  const quotas = await askQuotas(work);
  if (quotas.problem !== null) return refused(quotas.problem);
  const { stacks, problems } = standingOf(deployment, await account.stacks());
  if (problems.length > 0) return refused(...problems);
  const taken = await takenOverProblem(work);
  if (taken !== null) return refused(taken);
  if (!stacks.some(({ name }) => name === namesOf(deployment).stacks.data)) {
    const left = await leftovers(deployment, work.env['AWS_ENDPOINT_URL'] ?? null);
    if (left.length > 0)
      return refused(
        `These stand without their stack: ${left.join(', ')}. End them, with all that is in them: npm run infra -- destroy --with-data. Or take another name, or make them part of a stack again: npx cdk import.`,
      );
  }
  const halfMade = stacks.filter(isHalfMade);
  const changed = await Promise.all(
    stacks.filter((stack) => !halfMade.includes(stack)).map(({ name }) => account.drift(name)),
  );
  const drifted = driftWords(changed.flat());
  if (drifted.length > 0 && !options.overDrift)
    return refused(
      `Somebody has changed by hand what is deployed:\n${drifted.map((line) => `  ${line}`).join('\n')}\nPut it back, or into the configuration; or --over-drift: a deployment then changes these where the templates differ from those before, and leaves them else.`,
    );
  for (const line of drifted) say(`changed by hand, and deployed over: ${line}`);
  for (const { name, isProtected, status } of halfMade) {
    say(`${name} was left half-made (${status}): it is made anew`);
    if (isProtected) await account.unprotect(name);
  }
  synthesise({ ...work, deployment: { ...(await asWarmAsItStands(work)), overQuotas: quotas.over } });
  return endOf(
    await cdk([
      'deploy',
      '--all',
      '--concurrency',
      '4',
      '--app',
      outdir,
      '--outputs-file',
      join(outdir, 'outputs.json'),
      ...(options.yes ? ['--require-approval', 'never'] : ['--require-approval', 'any-change']),
    ]),
    'Run the same command again: it goes on from there.',
  );
}

/** A smaller event after a larger one: AWS lowers no warm throughput, and puts a stack back that asks for it. */
export async function asWarmAsItStands({
  account,
  deployment,
  say,
}: Pick<Work, 'account' | 'deployment' | 'say'>): Promise<Deployment> {
  const { stacks, tables } = namesOf(deployment);
  const warmed = await account.warmth(stacks.data, tables.claims);
  if (warmed === null) return deployment;
  const next = { ...deployment, warmed };
  const [asked, kept] = [claimsWarmth(deployment), claimsWarmth(next)];
  if (kept.writes > asked.writes || kept.reads > asked.reads)
    say(
      `${tables.claims} stands ready for ${kept.writes.toLocaleString('en-US')} writes and ${kept.reads.toLocaleString('en-US')} reads a second already; AWS never lowers that, so it stays (this size asks for ${asked.writes.toLocaleString('en-US')} and ${asked.reads.toLocaleString('en-US')}).`,
    );
  return next;
}

/** The freeze of what stands, whatever the file says by now: another kickoff in it ends no freeze. */
export async function frozenAsDeployed({ account, deployment, nowMs, options }: Work): Promise<string | null> {
  const parameter = await account.parameter(namesOf(deployment).deploymentParameter);
  return freezeProblem(freezeOfDeployed(parameter), nowMs, options.duringFreeze);
}

/** Why these credentials are not for this configuration, or null. */
export async function foreignAccount({ account, deployment }: Work): Promise<string | null> {
  const id = await account.id();
  if (id === deployment.config.account) return null;
  return `These credentials are for the account ${id}, and the configuration is for ${deployment.config.account}: another AWS_PROFILE, or another file?`;
}
