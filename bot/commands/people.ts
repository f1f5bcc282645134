import type { Launch } from '../../runbooks/launch/launch.ts';
import { role } from '../../runbooks/playbook/fields/person.ts';
import type { Person, Role } from '../../runbooks/playbook/schema.ts';
import { slackErrorCode } from '../slack/slack-fault.ts';
import { code, done } from '../views/answers.ts';
import { peopleMessage } from '../views/people.ts';
import { clip, oneLine, safe } from '../views/words.ts';
import { slackIdOf, textAfter } from './arguments.ts';
import { didYouMean } from './nearest.ts';
import { peopleOf } from './people-of.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

const ROLES = role.options;
/** The record wants a reason; what changes is in the request itself. */
const NO_REASON = 'no reason given';

export const people: Subcommand = {
  name: 'people',
  also: ['roster', 'who'],
  group: 'Prepare',
  needs: 'launch',
  usage: ['people', 'people add @sam marketer', 'people roles @sam on-call marketer', 'people remove @sam'],
  does: 'Shows who is who. A change of the roster is asked for by one person and approved by another.',
  async run(ask) {
    const [verb, ...others] = ask.typed.words;
    if (verb === undefined) return peopleMessage(ask.launch);
    const person = ask.launch.people.find((one) => one.slack.includes(ask.slackId));
    if (person === undefined) return peopleMessage(ask.launch);
    const personAsk = { ...ask, person };
    switch (verb.toLowerCase()) {
      case 'add':
        return add(personAsk, others);
      case 'roles':
      case 'role':
        return changeRoles(personAsk, others);
      case 'remove':
        return remove(personAsk, others);
      default:
        return misuse(
          people,
          `${code(verb)} is none of add, roles or remove.${didYouMean(verb, ['add', 'roles', 'remove'])}`,
        );
    }
  },
};

async function add(ask: PersonAsk, words: readonly string[]): Promise<Answer> {
  const [who, ...others] = words;
  const slackId = who === undefined ? null : slackIdOf(who);
  if (slackId === null)
    return misuse(
      people,
      who === undefined
        ? 'Whom? Mention the person: `/go people add @sam marketer`'
        : `${code(who)} is not a mention; pick the person from Slack's list after typing @.`,
    );
  const there = ask.launch.people.find((one) => one.slack.includes(slackId));
  if (there !== undefined) return misuse(people, `<@${slackId}> is on the roster already, as ${safe(there.name, 80)}.`);
  const { roles, rest, unknown } = rolesIn(ask, others);
  if (unknown !== null) return misuse(people, unknown);
  const user = await userOf(ask, slackId);
  if (user === null || user.deleted === true) return misuse(people, `<@${slackId}> has no active Slack account.`);
  if (user.is_bot === true) return misuse(people, `<@${slackId}> is an app. Only people can be on the roster.`);
  if (user.is_stranger === true || user.is_restricted === true || user.is_ultra_restricted === true)
    return misuse(
      people,
      `<@${slackId}> is a guest or of another company; only members of this workspace can be on the roster.`,
    );
  // Whole characters: half an emoji at the end would be refused.
  const name = oneLine(user.profile?.real_name || user.real_name || user.name || slackId);
  const person: Person = {
    id: freeId(ask.launch, name),
    name: clip(name, 80),
    roles: roles.length === 0 ? ['observer'] : roles,
    slack: [slackId],
    operator_keys: [],
    devices: [],
  };
  return change(ask, (all) => [...all, person], rest || NO_REASON);
}

/** Null: Slack knows nobody by this id. */
async function userOf(ask: PersonAsk, slackId: string) {
  try {
    return (await ask.desk.client.users.info({ user: slackId })).user ?? null;
  } catch (error) {
    if (['user_not_found', 'user_not_visible'].includes(slackErrorCode(error) ?? '')) return null;
    throw error;
  }
}

async function changeRoles(ask: PersonAsk, words: readonly string[]): Promise<Answer> {
  if (words[0] === undefined) return misuse(people, 'Whose roles?');
  const { who, rest: others } = wholeName(ask.launch, words);
  const found = peopleOf(ask.launch, [who], ask.person);
  if (!found.ok) return misuse(people, found.problem);
  const { roles, rest, unknown } = rolesIn(ask, others);
  if (unknown !== null) return misuse(people, unknown);
  if (roles.length === 0) return misuse(people, `Which roles? There are ${ROLES.map((one) => code(one)).join(' ')}.`);
  const id = found.people[0]?.id;
  return change(ask, (all) => all.map((one) => (one.id === id ? { ...one, roles } : one)), rest || NO_REASON);
}

async function remove(ask: PersonAsk, words: readonly string[]): Promise<Answer> {
  if (words[0] === undefined) return misuse(people, 'Whom?');
  const { who, rest: why } = wholeName(ask.launch, words);
  const found = peopleOf(ask.launch, [who], ask.person);
  if (!found.ok) return misuse(people, found.problem);
  const id = found.people[0]?.id;
  return change(
    ask,
    (all) => all.filter((one) => one.id !== id),
    oneLine(textAfter(ask.typed.rest, ask.typed.words.length - why.length)).replace(/^because\s+/i, '') || NO_REASON,
  );
}

/** A name of several words at the front is one name: what follows it is the rest. */
function wholeName(launch: Pick<Launch, 'people'>, words: readonly string[]): { who: string; rest: readonly string[] } {
  const names = new Set(launch.people.map(({ name }) => name.toLowerCase()));
  for (let count = words.length; count > 1; count -= 1) {
    const who = words.slice(0, count).join(' ');
    if (names.has(who.replace(/^@/, '').toLowerCase())) return { who, rest: words.slice(count) };
  }
  return { who: words[0] ?? '', rest: words.slice(1) };
}

function change(ask: PersonAsk, make: (all: Person[]) => Person[], reason: string): Promise<Answer> {
  return submit(
    ask,
    (by, launch) => ({ kind: 'request-roster-change', by, people: make(launch.people), reason }),
    () =>
      done(
        'Asked to change the roster. Another person approves with the button in the channel; until then nothing changes.',
      ),
  );
}

function rolesIn(
  { typed }: PersonAsk,
  words: readonly string[],
): { roles: Role[]; rest: string; unknown: string | null } {
  const roles: Role[] = [];
  for (const [index, word] of words.entries()) {
    const known = ROLES.find((one) => one === word.toLowerCase() || one.replace('-', '') === word.toLowerCase());
    if (known !== undefined) roles.push(known);
    else if (word.toLowerCase() === 'because')
      return {
        roles: [...new Set(roles)],
        rest: oneLine(textAfter(typed.rest, typed.words.length - words.length + index + 1)),
        unknown: null,
      };
    else
      return {
        roles,
        rest: '',
        unknown: `There is no role ${code(word)}.${didYouMean(word, ROLES)} There are ${ROLES.map((one) => code(one)).join(' ')}.`,
      };
  }
  return { roles: [...new Set(roles)], rest: '', unknown: null };
}

/** A person's id is their name in small letters, with a number if it is taken. */
function freeId(launch: Pick<Launch, 'people'>, name: string): string {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 32) || 'person';
  const taken = new Set(launch.people.map((person) => person.id));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id)) return id;
  }
}
