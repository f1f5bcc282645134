import type { Probe, Role, Step } from '../playbook/schema.ts';
import type { PersonId } from './entries.ts';
import type { GateLine, Launch } from './launch.ts';
import { ownerOf } from './owners.ts';
import { nameOf } from './people.ts';
import type { Roster } from './people.ts';
import { plannedSteps } from './steps.ts';
import { listed } from './words.ts';

/** Whether what must not hang on one person has a second one. Asked of a runbook when it is loaded, and of a launch as its roster stands. */

type BackupsProbe = Extract<Probe, { kind: 'backups-assigned' }>;

/** Who sees to a step, its owner's backup among them, of those on the roster. Without an owner, or with one that has left, on-call does. */
function seesTo(roster: Roster, { owner, backup_owner: backup }: Pick<Step, 'owner' | 'backup_owner'>): PersonId[] {
  const here = (id: string | undefined) =>
    id === undefined
      ? []
      : ownerOf(roster, id).people.filter((one) => roster.people.some((person) => person.id === one));
  const owners = here(owner);
  return [...new Set([...(owners.length === 0 ? having(roster, 'on-call') : owners), ...here(backup)])];
}

const having = ({ people }: Pick<Launch, 'people'>, role: Role): PersonId[] =>
  people.filter(({ roles }) => roles.includes(role)).map(({ id }) => id);

/** Of what a gate asks for, the steps and roles with fewer than two people. */
export function withoutBackup(roster: Roster, { steps, roles = [] }: BackupsProbe): { steps: Step[]; roles: Role[] } {
  const asked = plannedSteps(roster.runbook).filter(({ id, deadline }) =>
    steps === undefined ? deadline !== undefined : steps.includes(id),
  );
  return {
    steps: asked.filter((step) => seesTo(roster, step).length < 2),
    roles: roles.filter((role) => having(roster, role).length < 2),
  };
}

/** The figure is how many steps and roles hang on one person. */
export function backupsAssigned(launch: Roster, probe: BackupsProbe): Pick<GateLine, 'status' | 'value' | 'say'> {
  const { steps, roles } = withoutBackup(launch, probe);
  const alone = ([one]: readonly PersonId[]) => (one === undefined ? 'nobody' : `${nameOf(launch, one)} alone`);
  const lacking = [
    ...steps.map((step) => `“${step.title}” hangs on ${alone(seesTo(launch, step))}`),
    ...roles.map((role) => `the role ${role} hangs on ${alone(having(launch, role))}`),
  ];
  return lacking.length === 0
    ? { status: 'green', value: 0, say: 'each has a second person' }
    : { status: 'red', value: lacking.length, say: listed(lacking) };
}
