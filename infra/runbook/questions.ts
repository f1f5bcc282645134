import { readWallClock } from '../../runbooks/typed/wall-clock.ts';

/** What a new runbook needs to know of its event. Each is a flag of the command line, and a question where there is somebody to ask. */
export interface Question {
  flag: string;
  ask: string;
  /** For the usage. */
  value: string;
  /** Taken for an empty answer; null: an answer is needed. */
  preset: string | null;
  /** Asked again and again, until the answer is empty: at least so often. */
  atLeast?: number;
  /** What was expected; null: it is right. */
  problem: (answer: string) => string | null;
}

const PERSON = /^([^,]+),\s*(on-call|marketer|observer)\s*(?:,\s*([UW][A-Z0-9]{2,20}))?$/;
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
