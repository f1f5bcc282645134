import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Prices } from '../../runbooks/cost/prices.ts';
import { checkedYaml, describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { Found } from '../../runbooks/playbook/checked-yaml.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { readPrices } from '../runbook/read-prices.ts';
import { readRunbookFileSync } from '../runbook/read-runbook.ts';
import { configProblems, runbookProblems } from './config-rules.ts';
import { launchConfig } from './launch-config.ts';
import type { LaunchConfig } from './launch-config.ts';

/** A configuration, and the plan that it is for. */
export interface Deployment {
  config: LaunchConfig;
  runbook: Runbook;
  /** What the claims table stands ready for already: it can't be lowered. Absent: nobody has looked, or there is none. */
  warmed?: { reads: number; writes: number };
  /** Quotas that are short and deployed over all the same, in words. Absent: none. */
  overQuotas?: readonly string[];
  /** A table of its own. Absent: that of this version. */
  prices?: Prices;
}

export type ReadDeployment = { ok: true; deployment: Deployment } | { ok: false; problems: string[] };

/** Reads `launch.yaml` (or takes what is to be its text) and the runbook that it names: every problem at once, as `file:line:column path: found …, expected …`. */
export function readDeployment(file: string, text = textOf(file)): ReadDeployment {
  if (text === null)
    return { ok: false, problems: [`${file}: found no file that can be read, expected a configuration`] };
  const shape = checkedYaml(text, file, launchConfig, configProblems);
  if (!shape.ok) return { ok: false, problems: shape.problems.map(describeProblem) };
  const config = shape.value;
  // At the line of the configuration that says it, though it is known only now.
  const against = (problem: (config: LaunchConfig) => Found[]): string[] => {
    const checked = checkedYaml(text, file, launchConfig, problem);
    return checked.ok ? [] : checked.problems.map(describeProblem);
  };
  const at = beside(file, config.runbook);
  if (textOf(at) === null)
    return {
      ok: false,
      problems: against(() => [
        { path: ['runbook'], found: JSON.stringify(config.runbook), expected: `a runbook at ${at}` },
      ]),
    };
  const { loaded } = readRunbookFileSync(at);
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(describeProblem) };
  const { runbook } = loaded;
  const problems = against((found) => runbookProblems(found, runbook));
  const own = config.budget.prices;
  const prices = own === undefined ? null : readPrices(beside(file, own), config.region);
  if (prices?.ok === false) problems.push(...prices.problems);
  if (problems.length > 0 || prices?.ok === false) return { ok: false, problems };
  return { ok: true, deployment: { config, runbook, ...(prices === null ? {} : { prices: prices.prices }) } };
}

/** What a configuration names lies where it lies. */
const beside = (file: string, named: string): string => relative(process.cwd(), resolve(dirname(file), named));

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
