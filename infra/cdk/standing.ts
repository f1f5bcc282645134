import type { Drift, StandingStack } from './account.ts';
import { namesOf, TAGS } from './names.ts';
import type { Deployment } from './read-config.ts';

/** What stands in the account already, and whether a deployment may go over it. */

export interface Standing {
  /** Ours, by name. */
  stacks: StandingStack[];
  /** Why nothing may be deployed, each with the way out. */
  problems: string[];
}

/** A stack that AWS gave up while it was being made holds nothing: it is deleted and made anew, which its protection would forbid. */
export const isHalfMade = ({ status }: StandingStack): boolean =>
  status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED' || status === 'REVIEW_IN_PROGRESS';

export function standingOf(deployment: Deployment, all: readonly StandingStack[]): Standing {
  const { config, runbook } = deployment;
  const { pool } = namesOf(deployment);
  const stacks = all.filter(
    ({ name, tags }) => tags[TAGS.name] === config.name || Object.values(namesOf(deployment).stacks).includes(name),
  );
  const problems = stacks.flatMap((stack): string[] => {
    const { name, tags, status } = stack;
    if (tags[TAGS.name] !== config.name)
      return [`The stack ${name} stands, and gobutton has not made it. Take another name than ${config.name}.`];
    const other = tags[TAGS.runbook];
    if (other !== runbook.id)
      return [
        `${config.name} is deployed for the runbook ${other}, and this configuration is for ${runbook.id}: one of the two needs another name. If the plan was renamed: take the old one down first (npm run infra -- destroy).`,
      ];
    if (isHalfMade(stack)) return [];
    if (status.endsWith('_IN_PROGRESS'))
      return [`${name} is being changed right now (${status}). Wait until that has ended, then run this again.`];
    if (status === 'UPDATE_ROLLBACK_FAILED')
      return [
        `${name} could neither be changed nor be put back (${status}). Its events say what is in the way; remove that, then: npx cdk rollback --app cdk.out ${name}`,
      ];
    if (status === 'DELETE_FAILED')
      return [`${name} could not be taken down whole (${status}). Finish that first: npm run infra -- destroy`];
    return [];
  });
  // By what it says of itself: the stacks of another deployment may begin with the name of this one (`go`, `go-live`).
  const holder = all.find(({ tags }) => tags[TAGS.pool] === pool && tags[TAGS.name] !== config.name);
  if (holder !== undefined)
    problems.push(
      `The pool ${pool} belongs to ${holder.tags[TAGS.name]} in this account: workers of both would take each other's messages. Give the runbook's pool another name.`,
    );
  return { stacks, problems: [...new Set(problems)] };
}

/** What gobutton itself changes in a running launch, by the end of the property's path. */
const OURS = [
  /\/DesiredCount$/,
  /\/(Min|Max)Capacity$/,
  /\/WarmThroughput(\/|$)/,
  /\/(Min|Max)Size$/,
  /\/DesiredCapacity$/,
];

const isOurs = ({ path }: Drift): boolean => path !== null && OURS.some((one) => one.test(path));

/** Changes by hand, in words; what gobutton itself changes is none. */
export function driftWords(drifts: readonly Drift[]): string[] {
  return drifts
    .filter((drift) => !isOurs(drift))
    .map(({ stack, resource, path, expected, found }) =>
      path === null
        ? `${stack}: ${resource} is gone`
        : `${stack}: ${resource} ${path}: found ${found}, expected ${expected}`,
    );
}
