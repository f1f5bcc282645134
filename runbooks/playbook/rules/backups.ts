import { withoutBackup } from '../../launch/backups.ts';
import { mustBeAmong, stepsOf } from './rule.ts';
import type { Rule, RuleProblem } from './rule.ts';

/** A backup is somebody else. */
export const anotherOwner: Rule = (runbook) =>
  stepsOf(runbook).flatMap(({ step: { owner, backup_owner: backup }, path }) => {
    const peopleOf = (id: string) => runbook.groups?.find((group) => group.id === id)?.people ?? [id];
    return owner === undefined || backup === undefined || peopleOf(backup).some((one) => !peopleOf(owner).includes(one))
      ? []
      : [
          {
            path: [...path, 'backup_owner'],
            found:
              backup === owner
                ? `${JSON.stringify(backup)}, who owns it`
                : `${JSON.stringify(backup)}, all of whom own it`,
            expected: 'somebody else',
          },
        ];
  });

/** What a gate asks a backup for exists and has one: as long as the runbook names nobody it could never be green. */
export const backupsNamed: Rule = (runbook) =>
  runbook.gates.flatMap(({ probe }, index): RuleProblem[] => {
    if (probe?.kind !== 'backups-assigned') return [];
    const steps = stepsOf(runbook);
    const lacking = withoutBackup({ people: runbook.people, runbook, rosterChanges: {} }, probe);
    return [
      ...(probe.steps ?? []).flatMap((id, at) =>
        mustBeAmong(
          ['gates', index, 'probe', 'steps', at],
          id,
          steps.map(({ step }) => step.id),
          'a step',
        ),
      ),
      ...steps
        .filter(({ step }) => lacking.steps.includes(step))
        .map(({ path }) => ({
          path: [...path, 'owner'],
          found: `one person, and no \`backup_owner\``,
          expected: `a second one, because the gate ${runbook.gates[index]?.id ?? ''} asks for it`,
        })),
      ...lacking.roles.map((role) => ({
        path: ['gates', index, 'probe', 'roles', probe.roles?.indexOf(role) ?? 0],
        found: `${JSON.stringify(role)}, which fewer than two people have`,
        expected: 'a second one who has it',
      })),
    ];
  });
