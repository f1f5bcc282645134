import type { Launch } from '../../runbooks/launch/launch.ts';
import { personOf } from '../../runbooks/launch/people.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import { code } from '../views/answers.ts';
import { slackIdOf } from './arguments.ts';
import { didYouMean } from './nearest.ts';

export type FoundPeople = { ok: true; people: Person[] } | { ok: false; problem: string };

/** People on the roster by mention, id, name or first name; `me` is the asker. `problem` is mrkdwn. */
export function peopleOf(launch: Launch, words: readonly string[], me: Person): FoundPeople {
  const people: Person[] = [];
  for (const word of words) {
    const slackId = slackIdOf(word);
    const found = slackId === null ? byName(launch, word, me) : personOf(launch, { slackId });
    if (found === null) {
      const names = launch.people.flatMap((person) => [person.id, person.name]);
      return {
        ok: false,
        problem: `${slackId === null ? code(word) : `<@${slackId}>`} is nobody on the roster.${slackId === null ? didYouMean(word, names) : ''} \`/go people\` shows who is.`,
      };
    }
    people.push(found);
  }
  return { ok: true, people: [...new Set(people)] };
}

function byName(launch: Launch, word: string, me: Person): Person | null {
  const wanted = word.replace(/^@/, '').toLowerCase();
  if (wanted === 'me') return me;
  const exact = launch.people.find((person) => person.id === wanted || person.name.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const first = launch.people.filter((person) => person.name.toLowerCase().split(' ')[0] === wanted);
  return first.length === 1 ? (first[0] ?? null) : null;
}
