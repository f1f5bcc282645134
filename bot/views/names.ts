import { sha256 } from '../../infra/aws/sha256.ts';
import { may } from '../../runbooks/launch/authority.ts';
import type { CommandKind } from '../../runbooks/launch/commands.ts';
import type { Actor, PersonId, SwitchValue } from '../../runbooks/launch/entries.ts';
import { firersOf } from '../../runbooks/launch/fire-policy.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { ownerOf } from '../../runbooks/launch/owners.ts';
import { nameOf as rosterName } from '../../runbooks/launch/people.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import type { Person, Role } from '../../runbooks/playbook/schema.ts';
import { count, isolated, safe } from './words.ts';

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** A name that runs from right to left would take the time behind it along: `by 10:20 NAME PM`. */
function personName(name: string): string {
  const text = safe(name, 80);
  return RIGHT_TO_LEFT.test(text) ? isolated(text) : text;
}

export function nameOf(launch: Launch, id: PersonId): string {
  return personName(rosterName(launch, id));
}

/** Who let a shot go: `by Ben Okafor`, or `by itself, armed by Ben Okafor`, who was perhaps not there at its moment. `mark`: around the name, `*` for bold. */
export function goBy(launch: Launch, shot: Shot, mark: '' | '*' = ''): string {
  const wentByItself = launch.orders[shot.orderId]?.armed != null;
  return `${wentByItself ? 'by itself, armed by' : 'by'} ${mark}${nameOf(launch, shot.approvedBy)}${mark}`;
}

export function namesOf(launch: Launch): Map<string, string> {
  return new Map(launch.people.map((person) => [person.id, person.name]));
}

export function actorOf(launch: Launch, actor: Actor): string {
  return 'person' in actor ? nameOf(launch, actor.person) : SYSTEMS[actor.system];
}

/** As a person reads it: what the plan did by itself, and by which way what nobody of the roster did came. */
const SYSTEMS: Record<Extract<Actor, { system: string }>['system'], string> = {
  conductor: 'the plan',
  worker: 'a worker',
  closer: 'the fallback closer',
  ssm: 'hand in AWS',
  slack: 'Slack',
  cli: 'the command line',
};

/** Who sees to a step or a gate: a person's name, or a group's. */
export function ownerName(launch: Launch, id: string): string {
  return personName(ownerOf(launch, id).name);
}

/** The same as mentions: who is called. Without an owner, or with one that has left, on-call is. */
export function mentionsOfOwner(launch: Launch, id: string | undefined): string {
  return mentionsOfAny(launch, id) ?? mentionsOfRole(launch, 'on-call');
}

/** Null: it is nobody on the roster. */
export function mentionsOfAny(launch: Launch, id: string | undefined): string | null {
  const owner = id === undefined ? null : ownerOf(launch, id);
  if (owner?.slackGroup != null) return `<!subteam^${owner.slackGroup}>`;
  const people = launch.people.filter((person) => owner?.people.includes(person.id) === true);
  return people.length === 0 ? null : people.slice(0, MENTIONED).map(mention).join(' ');
}

/** People of a role by name, as a sentence part: `Ana Ortiz or Mia Chen`. */
export function peopleWith(launch: Launch, roles: readonly string[], except: PersonId | null = null): string {
  return someNames(
    launch.people.filter((person) => person.id !== except && person.roles.some((role) => roles.includes(role))),
  );
}

function someNames(people: readonly Person[]): string {
  const names = people.map((person) => personName(person.name));
  const some = names.slice(0, 6);
  if (some.length === 0) return 'nobody on the roster';
  const last = some.at(-1) ?? '';
  return some.length === 1
    ? last
    : `${some.slice(0, -1).join(', ')} or ${last}${names.length > some.length ? ' …' : ''}`;
}

/** People whose press counts for a command, but for one, as Slack mentions: posting them tells exactly those. Whoever has no Slack account is named. */
export function mentionsOf(launch: Launch, command: CommandKind, except: PersonId | null = null): string {
  const people = whoMay(launch, command)
    .filter(({ id }) => id !== except)
    .map(mention);
  if (people.length === 0) return 'nobody on the roster';
  return `${people.slice(0, MENTIONED).join(' ')}${people.length > MENTIONED ? ` and ${people.length - MENTIONED} more` : ''}`;
}

/** The same by name, as a sentence part: `Ana Ortiz or Mia Chen`. */
export function namesOfWho(launch: Launch, command: CommandKind, except: PersonId | null = null): string {
  return someNames(whoMay(launch, command).filter(({ id }) => id !== except));
}

function whoMay(launch: Launch, command: CommandKind): Person[] {
  if (command === 'request-fire') return firersOf(launch, 'ask');
  return command === 'approve-fire'
    ? firersOf(launch, 'approve')
    : launch.people.filter((person) => may(person, command));
}

/** On-call people: whom a halt wakes. */
export function mentionsOfRole(launch: Launch, role: Role): string {
  return launch.people
    .filter(({ roles }) => roles.includes(role))
    .slice(0, MENTIONED)
    .map(mention)
    .join(' ');
}

/** More names than this nobody reads; a mention is some 14 characters. */
const MENTIONED = 40;

const mention = (person: Person): string =>
  person.slack[0] === undefined ? personName(person.name) : `<@${person.slack[0]}>`;

export const platformName = { ios: 'iOS', android: 'Android' } as const;

/** What a switch does when it is set so: `zombie mode *on*: client apps stay quiet`. */
export function switchWords(id: string, value: SwitchValue): string {
  if (id === 'zombie')
    return `zombie mode *${switchText(value)}*: client apps ${value === true ? 'stay quiet' : 'talk to the servers as usual'}`;
  const platform = id === 'pace.ios' ? 'iOS' : id === 'pace.android' ? 'Android' : null;
  if (platform !== null && typeof value === 'number')
    return `the pace of ${platform} to *${value === 0 ? 'what the runbook says' : `${count(value)} a second`}*`;
  return `*${safe(id, 60)}* to *${switchText(value)}*`;
}

/** The same in few words, for the board: `zombie mode *on*`. */
export function switchState(id: string, value: SwitchValue): string {
  if (id === 'zombie') return `zombie mode *${switchText(value)}*`;
  if (id === 'pace.ios' || id === 'pace.android')
    return `${id === 'pace.ios' ? 'iOS' : 'Android'} at *${switchText(value)} a second*`;
  return `${safe(id, 40)} *${switchText(value)}*`;
}

export function switchText(value: SwitchValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' ? count(value) : safe(value, 100);
}

/** An operator key as people compare it. */
export const keyText = (key: string): string => `\`${fingerprintOf(key, sha256)}\``;
