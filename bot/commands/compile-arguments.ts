import { readNumber } from '../../runbooks/typed/number.ts';
import { code } from '../views/answers.ts';
import type { CompileOf } from '../views/compile.ts';
import { didYouMean } from './nearest.ts';

/**
 * What stands behind `/go audience compile`, in the words of `npm run audience -- compile`. A value is all words up to the next
 * option: commas and spaces between them are the same here. What only the task can judge it judges, and says.
 */

const VALUES = [
  'users',
  'device-table',
  'devices',
  'map',
  'capacity',
  'locales',
  'fallback-locale',
  'segments',
  'batch-size',
  'suppress',
  'skip',
  'column',
] as const;
/** May come again. */
const LISTS = ['suppress', 'skip'] as const;
const FLAGS = ['allow-none', 'fresh', 'accept'] as const;
type Value = (typeof VALUES)[number];
const NAMES: readonly string[] = [...VALUES, ...FLAGS];

/** What the task's words may be together: overrides have 8,192 characters (docs/facts.md#ecs-run-task). */
const CHARS = 4_000;
const TABLE = /^([A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9_.:/-]{3,1000})$/;

type Read = { ok: true; asked: CompileOf } | { ok: false; problem: string };

const wrong = (problem: string): Read => ({ ok: false, problem });

export function compileArguments(
  words: readonly string[],
  launch: { bucket: string; locales: readonly string[] },
): Read {
  const cut = optionsIn(words.map(plain));
  if (typeof cut === 'string') return wrong(cut);
  const { values, flags } = cut;
  const one = (name: Value) => values.get(name)?.join(',');
  const [users, table] = [one('users'), one('device-table')];
  if (users === undefined) return wrong('Which users? `--users uploads/users.csv`, a list in the bucket.');
  if (table === undefined) return wrong('Which table? `--device-table NAME` is the DynamoDB table with the devices.');
  if (!TABLE.test(table)) return wrong(`${code(table)} is no name of a DynamoDB table, and no ARN of one.`);
  const from = uploadOf(users, launch.bucket);
  const lists = LISTS.flatMap((name) =>
    (values.get(name) ?? []).map((path) => ({ name, upload: uploadOf(path, launch.bucket) })),
  );
  const stray = [from, ...lists.map(({ upload }) => upload)].find((upload) => !upload.ok);
  if (!from.ok || (stray !== undefined && !stray.ok)) return wrong(stray?.ok === false ? stray.problem : '');
  const bad =
    numberProblem('capacity', one('capacity'), 40_000) ?? numberProblem('batch-size', one('batch-size'), 2_000);
  if (bad !== null) return wrong(bad);
  const unknown = [...(values.get('locales') ?? []), ...(values.get('fallback-locale') ?? [])].filter(
    (locale) => !launch.locales.includes(locale),
  );
  if (unknown.length > 0)
    return wrong(
      `The campaign has no locale ${unknown.map((locale) => code(locale)).join(' ')}. It has ${launch.locales.map((locale) => code(locale)).join(' ')}.`,
    );
  const passed = VALUES.filter((name) => !['users', 'device-table', ...LISTS].includes(name));
  const options = [
    ...passed.flatMap((name) => (one(name) === undefined ? [] : [`--${name}`, one(name) ?? ''])),
    ...lists.flatMap(({ name, upload }) => (upload.ok ? [`--${name}`, upload.url] : [])),
    ...[...flags].filter((flag) => flag !== 'accept').map((flag) => `--${flag}`),
  ];
  if (options.join(' ').length > CHARS) return wrong('That is more than a task can be told; use fewer options.');
  return { ok: true, asked: { users: from.url, table, options, accepts: flags.has('accept') } };
}

/** Slack makes links of what looks like one, and phones a long dash of two short ones. */
function plain(word: string): string {
  const link = /^<([^|>]*)(?:\|([^>]*))?>$/.exec(word);
  return (link === null ? word : (link[2] ?? link[1] ?? '')).replace(/^[-\u2010-\u2015\u2212]+(?=[a-z])/i, '--');
}

/** By name; or what is wrong with it, in mrkdwn. */
function optionsIn(words: readonly string[]): string | { values: Map<Value, string[]>; flags: Set<string> } {
  const values = new Map<Value, string[]>();
  const flags = new Set<string>();
  let open: Value | null = null;
  for (const word of words) {
    if (!word.startsWith('--')) {
      if (open === null) return `${code(word)} belongs to no option. Each value stands behind its name: \`--users\` …`;
      values.get(open)?.push(word);
      continue;
    }
    const [name = '', value] = word.slice(2).split(/=(.*)/s);
    open = null;
    if (FLAGS.some((flag) => flag === name)) {
      flags.add(name);
      continue;
    }
    const known = VALUES.find((one) => one === name);
    if (known === undefined) return `There is no option ${code(`--${name}`)}.${didYouMean(name, NAMES)}`;
    if (values.has(known) && !LISTS.some((list) => list === known)) return `${code(`--${name}`)} stands there twice.`;
    open = known;
    values.set(known, [...(values.get(known) ?? []), ...(value === undefined ? [] : [value])]);
  }
  const empty = [...values].find(([, given]) => given.length === 0);
  return empty === undefined ? { values, flags } : `${code(`--${empty[0]}`)} has no value behind it.`;
}

/** A key below `uploads/`, or its URL; of our own bucket, since no other can be read. */
function uploadOf(path: string, bucket: string): { ok: true; url: string } | { ok: false; problem: string } {
  const key = path.startsWith(`s3://${bucket}/`) ? path.slice(`s3://${bucket}/`.length) : path;
  if (/^uploads\/[^\s]{1,500}$/.test(key) && !key.endsWith('/')) return { ok: true, url: `s3://${bucket}/${key}` };
  return {
    ok: false,
    problem: `${code(path)} is no list that the task can read: put it below ${code(`s3://${bucket}/uploads/`)} and name it by its key, like \`uploads/users.csv\`.`,
  };
}

function numberProblem(name: string, text: string | undefined, most: number): string | null {
  if (text === undefined) return null;
  const read = readNumber(text, { least: 1, most });
  return read.ok ? null : `${code(text)} is no ${code(`--${name}`)}: expected ${read.expected}.`;
}
