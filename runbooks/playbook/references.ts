import { anotherOwner, backupsNamed } from './rules/backups.ts';
import { defaultLocale, payloadFits, providersTakeIt } from './rules/campaign.ts';
import { deadlineForBackup, dueBeforeDeadline, harmlessByItself } from './rules/deadlines.ts';
import { firePolicy } from './rules/fire-policy.ts';
import { knownTimes, targetForFixedTimes } from './rules/fixed-times.ts';
import { knownConfirmer, knownPresent, manualGates, reservedGates } from './rules/gates.ts';
import { idsOnce } from './rules/ids-once.ts';
import { knownCopies, knownGroups, knownOwners, knownTargets } from './rules/known-names.ts';
import type { Rule, RuleProblem } from './rules/rule.ts';
import { switchSteps } from './rules/switch-steps.ts';
import { switchValues } from './rules/switch-values.ts';
import { distinctPeople, someoneOnCall, twoKeys } from './rules/two-keys.ts';
import { twoRegions } from './rules/two-regions.ts';
import { knownWaits, noCircles } from './rules/waits.ts';
import type { Runbook } from './schema.ts';

/** What the schema can't see: names that must exist, ids that must be unique, people enough for two keys. In the order in which they are told. */
const RULES: readonly Rule[] = [
  idsOnce,
  distinctPeople,
  twoKeys,
  someoneOnCall,
  providersTakeIt,
  payloadFits,
  twoRegions,
  defaultLocale,
  knownTargets,
  knownGroups,
  firePolicy,
  knownOwners,
  anotherOwner,
  backupsNamed,
  reservedGates,
  manualGates,
  knownPresent,
  knownCopies,
  knownConfirmer,
  switchValues,
  switchSteps,
  knownTimes,
  targetForFixedTimes,
  knownWaits,
  noCircles,
  dueBeforeDeadline,
  deadlineForBackup,
  harmlessByItself,
];

export function checkReferences(runbook: Runbook): RuleProblem[] {
  return RULES.flatMap((rule) => rule(runbook));
}
