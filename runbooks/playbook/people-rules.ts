import { looksOf } from './look-alike.ts';
import { keySpelling, readOperatorKey } from './operator-key.ts';
import type { Person } from './schema.ts';
import { isVisible, textFault } from './text-faults.ts';

/**
 * Two people must be two humans, and look like two. Asked of a runbook when it is loaded and of every change of the roster
 * while a launch stands. `path` leads from the list of people; `say` is the same for people who have no file in front of them.
 */
export interface PeopleFault {
  path: (string | number)[];
  found: string;
  expected: string;
  say: string;
}

export function peopleFaults(people: readonly Person[]): PeopleFault[] {
  return [...each(people), ...ids(people), ...shared(people), ...names(people)];
}

/** People with their operator keys in the one spelling. */
export function withKeySpelling(people: readonly Person[]): Person[] {
  return people.map((person) => ({ ...person, operator_keys: [...new Set(person.operator_keys.map(keySpelling))] }));
}

function each(people: readonly Person[]): PeopleFault[] {
  return people.flatMap(({ name, operator_keys: keys }, index): PeopleFault[] => {
    const fault =
      textFault(name) ??
      (isVisible(name) && !/[\r\n\u202A-\u202E\u2066-\u2069]/.test(name)
        ? null
        : { found: 'nothing to see, a line break, or a mark that turns text around', expected: 'a name on one line' });
    const bad = keys.map((key) => readOperatorKey(key)).find((read) => !read.ok);
    return [
      ...(fault === null
        ? []
        : [
            {
              path: [index, 'name'],
              found: fault.found,
              expected: fault.expected,
              say: `A name holds ${fault.found}; expected ${fault.expected}.`,
            },
          ]),
      ...(bad === undefined || bad.ok
        ? []
        : [
            {
              path: [index, 'operator_keys'],
              found: bad.found,
              expected: bad.expected,
              say: `An operator key of ${name} is ${bad.found}; expected ${bad.expected}.`,
            },
          ]),
    ];
  });
}

function ids(people: readonly Person[]): PeopleFault[] {
  return people.flatMap(({ id }, index) =>
    people.findIndex((one) => one.id === id) === index
      ? []
      : [
          {
            path: [index, 'id'],
            found: `${JSON.stringify(id)} a second time`,
            expected: 'each id once',
            say: `The id ${id} stands for two people; one human is one person.`,
          },
        ],
  );
}

/** Slack accounts and operator keys that two people hold. */
function shared(people: readonly Person[]): PeopleFault[] {
  const holders = new Map<string, Person>();
  return people.flatMap((person, index) =>
    (['slack', 'operator_keys'] as const).flatMap((field) =>
      [...new Set(person[field].map((one) => (field === 'slack' ? one : keySpelling(one))))].flatMap(
        (value): PeopleFault[] => {
          const other = holders.get(value);
          holders.set(value, person);
          if (other === undefined || other === person) return [];
          if (field === 'slack')
            return [
              {
                path: [index, 'slack'],
                found: `${value}, which is also ${other.id}`,
                expected: 'one person for each Slack account',
                say: `The Slack account ${value} stands for two people; one human is one person.`,
              },
            ];
          return [
            {
              path: [index, field],
              found: `the same operator key as ${other.id}'s`,
              expected: 'one person for each key',
              say: `The operator key of ${other.name} is also ${person.name}'s: it stands for two people; one human is one person.`,
            },
          ];
        },
      ),
    ),
  );
}

function names(people: readonly Person[]): PeopleFault[] {
  const holders = new Map<string, Person>();
  return people.flatMap((person, index): PeopleFault[] => {
    const other = looksOf(person.name)
      .map((look) => holders.get(look))
      .find((one) => one !== undefined);
    for (const look of looksOf(person.name)) if (!holders.has(look)) holders.set(look, person);
    if (other === undefined) return [];
    return [
      {
        path: [index, 'name'],
        found: `${JSON.stringify(person.name)}, which looks like ${JSON.stringify(other.name)}`,
        expected: 'names that nobody takes for one another, e.g. with a team: “Ana Ortiz (web)”',
        say: `The name ${person.name.trim().toLowerCase()} looks like ${other.name}, so that it stands for two people; one human is one person. Call them so that nobody takes one for the other.`,
      },
    ];
  });
}
