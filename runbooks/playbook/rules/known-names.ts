import { doingsOf, mustBeAmong, stepsOf } from './rule.ts';
import type { Rule } from './rule.ts';

/** Owners are people of the runbook, or groups of them. */
export const knownOwners: Rule = (runbook) => {
  const owners = [...runbook.people, ...(runbook.groups ?? [])].map(({ id }) => id);
  const who = runbook.groups === undefined ? 'a person' : 'a person or a group';
  const must = (path: (string | number)[], owner: string | undefined) => mustBeAmong(path, owner, owners, who);
  return [
    ...runbook.gates.flatMap(({ owner }, index) => must(['gates', index, 'owner'], owner)),
    ...doingsOf(runbook).flatMap(({ step, path }) => must([...path, 'owner'], step.owner)),
    ...stepsOf(runbook).flatMap(({ step, path }) => must([...path, 'backup_owner'], step.backup_owner)),
  ];
};

/** A group is of people, and an owner's id means one of both. */
export const knownGroups: Rule = ({ groups = [], people }) => {
  const ids = people.map(({ id }) => id);
  return groups.flatMap(({ id, people: members }, index) => [
    ...members.flatMap((member, at) => mustBeAmong(['groups', index, 'people', at], member, ids, 'a person')),
    ...([...ids, ...groups.slice(0, index).map((one) => one.id)].includes(id)
      ? [
          {
            path: ['groups', index, 'id'],
            found: `${JSON.stringify(id)} a second time`,
            expected: 'an id that no person and no other group has',
          },
        ]
      : []),
  ]);
};

/** What is scaled, and what is measured of it, are scale targets. */
export const knownTargets: Rule = (runbook) => {
  const targets = runbook.scale_targets.map(({ id }) => id);
  const must = (path: (string | number)[], name: string) => mustBeAmong(path, name, targets, 'a scale target');
  return [
    ...must(['pool', 'scale_target'], runbook.pool.scale_target),
    ...(runbook.surge?.fleets ?? []).flatMap(({ target }, index) => must(['surge', 'fleets', index, 'target'], target)),
    ...runbook.gates.flatMap(({ probe }, index) =>
      probe?.kind === 'scaled' ? must(['gates', index, 'probe', 'target'], probe.target) : [],
    ),
    ...doingsOf(runbook).flatMap(({ step, path }) =>
      step.do.kind === 'scale' ? must([...path, 'do', 'target'], step.do.target) : [],
    ),
  ];
};

/** Whose phones get copies must be somebody. */
export const knownCopies: Rule = (runbook) =>
  doingsOf(runbook).flatMap(({ step, path }) =>
    step.do.kind !== 'test-send'
      ? []
      : (step.do.to ?? []).flatMap((person, at) =>
          mustBeAmong(
            [...path, 'do', 'to', at],
            person,
            runbook.people.map(({ id }) => id),
            'a person',
          ),
        ),
  );
