import { readWallClock } from '../../runbooks/typed/wall-clock.ts';
import { freeId, idOf } from './ids.ts';
import { marketProblem, marketsOf, textsMissing } from './market-answers.ts';
import type { Earlier, Question } from './question.ts';

const PERSON = /^([^,，]+)[,，]\s*(on[- ]?call|marketer|observer)\s*(?:[,，]\s*([UW][A-Z0-9]{2,20}))?$/i;
const SWITCH = /^([^:]*[\p{L}\p{N}][^:]*)(?::\s*([^,]*[^,\s][^,]*(?:,[^,]*[^,\s][^,]*)+))?$/u;
const CONTACT = /^([^,]+),(.+),\s*(\+?[\d ()/.-]{3,40}|[a-z][a-z0-9+.-]*:\S+)$/;
const TEXT = /^([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*:\s*([^|]+)\|(.+)$/;

const TEXT_EXPECTED = 'a locale, a title and a text, like: en: Now | The sale is on.';

export const QUESTIONS = [
  question('title', 'What is the event called?', 'TEXT', null, /\S/, 'a title'),
  {
    flag: 'target',
    ask: 'When is it, like 2027-02-07 18:30 America/New_York? (nothing: whoever creates the launch says it)',
    value: 'TIME',
    preset: '',
    problem: (answer) => {
      const read = answer === '' ? null : readWallClock(answer);
      return read === null || read.ok ? null : read.expected;
    },
  },
  {
    ...question(
      'person',
      'Who takes part? Name, role (on-call, marketer or observer), Slack id if you have it',
      '"NAME, ROLE[, SLACK ID]"',
      null,
      PERSON,
      'a name, on-call, marketer or observer, and, if you have it, a Slack id, with commas between, like: Ana Ortiz, on-call, U012ABCDEF',
    ),
    atLeast: 2,
  },
  {
    flag: 'may-ask',
    ask: 'Who of them may ask for the push? Names or roles (nothing: everybody who is on-call or marketer)',
    value: '"NAME OR ROLE, ..."',
    preset: '',
    problem: firersProblem,
  },
  {
    flag: 'may-approve',
    ask: 'And who may be the second person, who presses GO? (nothing: everybody who is on-call or marketer)',
    value: '"NAME OR ROLE, ..."',
    preset: '',
    problem: firersProblem,
  },
  {
    flag: 'market',
    ask: 'Which markets have a moment of their own? Market as the device list has it, locale, moment or zone, like jp, ja, Asia/Tokyo (nothing: all are sent to at the same time)',
    value: '"MARKET, LOCALE, TIME OR ZONE"',
    preset: null,
    problem: marketProblem,
    atLeast: 0,
  },
  {
    ...question(
      'text',
      'What goes out? Locale: title | text, first the one that all other languages get, too',
      '"LOCALE: TITLE | TEXT"',
      null,
      TEXT,
      TEXT_EXPECTED,
    ),
    problem: textProblem,
    missing: (answers, earlier) =>
      textsMissing(
        marketsOf(earlier.get('market') ?? [], earlier.get('target')?.[0] ?? ''),
        answers.map((one) => textOf(one).locale),
      ),
    atLeast: 1,
  },
  question('link', 'Where does a tap lead? (nothing: the app opens)', 'LINK', '', /^/, ''),
  question(
    'topic',
    "What is the app's bundle id?",
    'ID',
    null,
    /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/,
    'an id like com.example.app',
  ),
  question('cluster', 'Which ECS cluster do the send workers run in?', 'NAME', 'gobutton', /\S/, 'a name'),
  question('service', 'And as which ECS service?', 'NAME', 'gobutton-workers', /\S/, 'a name'),
  question('workers', 'How many of them does the event need?', 'N', '2', /^[1-9]\d{0,3}$/, 'a number from 1 to 9999'),
  {
    ...question(
      'switch',
      'Is there a switch in the apps that this event needs? What it is: its values, the usual one first (nothing: none)',
      '"TITLE[: VALUE, VALUE...]"',
      null,
      SWITCH,
      'a title, and two values or more if not on and off, like: Shop: open, narrow, closed',
    ),
    atLeast: 0,
  },
  {
    ...question(
      'contact',
      'Whom do people turn to beyond those? Name, what for, number or link (nothing: nobody)',
      '"NAME, WHAT FOR, NUMBER OR LINK"',
      null,
      CONTACT,
      'a name, what for, and a number or a link, like: Cloud support, capacity that does not come, +1 206 555 0100',
    ),
    atLeast: 0,
  },
] as const satisfies readonly Question[];

export type Answers = Record<(typeof QUESTIONS)[number]['flag'], string[]>;

interface PersonAnswer {
  name: string;
  role: string;
  slack: string | null;
}

function personOf(answer: string): PersonAnswer {
  const [, name = '', role = '', slack] = PERSON.exec(answer) ?? [];
  return { name: name.trim(), role: roleOf(role), slack: slack?.toUpperCase() ?? null };
}

/** As a runbook has it. */
const roleOf = (written: string): string => written.toLowerCase().replace(/^on[- ]?call$/, 'on-call');

export function textOf(answer: string): { locale: string; title: string; body: string } {
  const [, locale = '', title = '', body = ''] = TEXT.exec(answer) ?? [];
  return { locale, title: title.trim(), body: body.trim() };
}

/** The second text of a locale would take the first one's place. */
function textProblem(answer: string, earlier: Earlier): string | null {
  if (!TEXT.test(answer)) return TEXT_EXPECTED;
  const { locale } = textOf(answer);
  const isThere = earlier.get('text')?.some((one) => textOf(one).locale.toLowerCase() === locale.toLowerCase());
  return isThere === true ? `a locale that has no text yet; ${locale} has one` : null;
}

const ROLES = ['on-call', 'marketer'];

/** By the whole name, or by a part of it that nobody else has; by the id only where no name has that word. */
function personNamed<P extends { id: string; name: string }>(written: string, people: readonly P[]): P | undefined {
  const word = written.toLowerCase();
  const whole = people.find(({ name }) => name.toLowerCase() === word);
  const partly = people.filter(({ name }) => name.toLowerCase().split(/\s+/).includes(word));
  if (whole !== undefined || partly.length > 0) return whole ?? (partly.length === 1 ? partly[0] : undefined);
  return people.find(({ id }) => id === word);
}

const listOf = (answer: string): string[] => (answer === '' ? [] : answer.split(',').map((one) => one.trim()));

/** As a runbook has them: people by their ids. */
export const firersOf = (answer: string, people: readonly { id: string; name: string }[]): string[] =>
  listOf(answer).map((one) => personNamed(one, people)?.id ?? roleOf(one));

/** Asked right behind the people, so that a name which is nobody's is not found out at the end of all questions. */
function firersProblem(answer: string, earlier: Earlier): string | null {
  const people = peopleOf(earlier.get('person') ?? []);
  const strange = listOf(answer).find(
    (one) => !ROLES.includes(roleOf(one)) && (one === '' || personNamed(one, people) === undefined),
  );
  if (strange === undefined) return null;
  const names = people.map(({ name }) => name).join(', ');
  return `${names === '' ? 'names' : names}, ${ROLES.join(' or ')}, with commas between; ${JSON.stringify(strange)} is not one of them`;
}

/** Each with an id of their own, whatever letters the name has: by the first word, else the whole name, else the Slack account. */
export function peopleOf(answers: readonly string[]): { id: string; name: string; roles: string[]; slack: string[] }[] {
  const taken = new Set<string>();
  return answers.map(personOf).map(({ name, role, slack }) => {
    const otherwise = slack?.toLowerCase() ?? 'person';
    const first = idOf(name.split(/\s+/)[0] ?? '', 30, otherwise);
    const id = freeId(taken.has(first) ? idOf(name, 40, otherwise) : first, taken);
    return { id, name, roles: [role], slack: slack === null ? [] : [slack] };
  });
}

export function switchOf(answer: string): { title: string; values: (string | boolean)[] | undefined } {
  const [, title = '', values] = SWITCH.exec(answer) ?? [];
  return { title: title.trim(), values: values?.split(',').map((one) => stateOf(one.trim())) };
}

/** Words that people say for on and off. */
function stateOf(value: string): string | boolean {
  if (/^(on|true)$/i.test(value)) return true;
  return /^(off|false)$/i.test(value) ? false : value;
}

export function contactOf(answer: string): { name: string; for: string; phone?: string; link?: string } {
  const [, name = '', what = '', at = ''] = CONTACT.exec(answer) ?? [];
  return { name: name.trim(), for: what.trim(), ...(/^[a-z]/.test(at) ? { link: at } : { phone: at.trim() }) };
}

function question<F extends string>(
  flag: F,
  ask: string,
  value: string,
  preset: string | null,
  shape: RegExp,
  expected: string,
): Question & { flag: F } {
  return { flag, ask, value, preset, problem: (answer) => (shape.test(answer) ? null : expected) };
}
