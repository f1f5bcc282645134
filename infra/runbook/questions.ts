import { readWallClock } from '../../runbooks/typed/wall-clock.ts';

/** What a new runbook needs to know of its event. Each is a flag of the command line, and a question where there is somebody to ask. */
export interface Question {
  flag: string;
  ask: string;
  /** For the usage. */
  value: string;
  /** Taken for an empty answer; null: an answer is needed. */
  preset: string | null;
  /** Asked again and again, until the answer is empty: at least so often. With 0, an empty first answer is none at all. */
  atLeast?: number;
  /** What was expected; null: it is right. */
  problem: (answer: string) => string | null;
}

const PERSON = /^([^,]+),\s*(on-call|marketer|observer)\s*(?:,\s*([UW][A-Z0-9]{2,20}))?$/;
const FIRERS = /^$|^[^,]*[^,\s][^,]*(?:,[^,]*[^,\s][^,]*)*$/;
const SWITCH = /^([^:]*[A-Za-z0-9][^:]*)(?::\s*([^,]*[^,\s][^,]*(?:,[^,]*[^,\s][^,]*)+))?$/;
const CONTACT = /^([^,]+),(.+),\s*(\+?[\d ()/.-]{3,40}|[a-z][a-z0-9+.-]*:\S+)$/;
const TEXT = /^([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*:\s*([^|]+)\|(.+)$/;

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
      'Who takes part? Name, role (on-call, marketer or observer), Slack id',
      '"NAME, ROLE[, SLACK ID]"',
      null,
      PERSON,
      'a name, on-call, marketer or observer, and a Slack id, like: Ana Ortiz, on-call, U012ABCDEF',
    ),
    atLeast: 2,
  },
  question(
    'may-ask',
    'Who of them may ask for the push? Names or roles (nothing: everybody who is on-call or marketer)',
    '"NAME OR ROLE, ..."',
    '',
    FIRERS,
    'names or roles, like: marketer, Ana Ortiz',
  ),
  question(
    'may-approve',
    'And who may be the second person, who presses GO? (nothing: everybody who is on-call or marketer)',
    '"NAME OR ROLE, ..."',
    '',
    FIRERS,
    'names or roles, like: on-call, Mia Chen',
  ),
  {
    ...question(
      'text',
      'What goes out? Locale: title | text',
      '"LOCALE: TITLE | TEXT"',
      null,
      TEXT,
      'a locale, a title and a text, like: en: Now | The sale is on.',
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

export interface PersonAnswer {
  name: string;
  role: string;
  slack: string | null;
}

export function personOf(answer: string): PersonAnswer {
  const [, name = '', role = '', slack] = PERSON.exec(answer) ?? [];
  return { name: name.trim(), role, slack: slack ?? null };
}

export function textOf(answer: string): { locale: string; title: string; body: string } {
  const [, locale = '', title = '', body = ''] = TEXT.exec(answer) ?? [];
  return { locale, title: title.trim(), body: body.trim() };
}

/** As a runbook has them: people by their ids. */
export const firersOf = (answer: string, people: readonly { id: string; name: string }[]): string[] =>
  answer
    .split(',')
    .map((one) => one.trim())
    .map((one) => people.find(({ name }) => name.toLowerCase() === one.toLowerCase())?.id ?? one);

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
