import type { PersonId } from './entries.ts';
import { nameOf } from './people.ts';
import type { Roster } from './people.ts';

/** Who sees to a step or a gate: a person, or a group of the runbook. */
interface Owner {
  name: string;
  people: readonly PersonId[];
  /** The Slack user group that is called for it; null: its people are. */
  slackGroup: string | null;
}

export function ownerOf(launch: Roster, id: string): Owner {
  const group = launch.runbook.groups?.find((one) => one.id === id);
  return group === undefined
    ? { name: nameOf(launch, id), people: [id], slackGroup: null }
    : { name: group.title, people: group.people, slackGroup: group.slack_group ?? null };
}
