import { stringify } from 'yaml';
import type { LoadedRunbook } from '../../../runbooks/playbook/load.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';

/**
 * A runbook as one machine can play it: the same plan with what the real world has and a local stand-in has not made up,
 * or left out. Each difference is a note for whoever started it; nothing is changed without one.
 */
export interface Adapted {
  /** YAML, as `loadRunbook` takes it. */
  text: string;
  notes: string[];
}

interface WrittenPerson {
  slack?: string[];
  devices?: object[];
}
interface Written extends Record<string, unknown> {
  people: WrittenPerson[];
  pool: { workers: unknown; ready_at_least?: unknown };
  gates: unknown[];
  regions?: unknown;
}

/** Worker processes that one machine carries, if nobody says how many. */
const WORKERS_MOST = 2;

/** `workers`: how many play the pool; null: as many as the runbook says, but no more than this machine carries. */
export function adaptRunbook(
  { runbook, written: source }: LoadedRunbook & { ok: true },
  workers: number | null = null,
): Adapted {
  const written = structuredClone(source) as Written;
  const notes = [
    ...slackNotes(runbook, written),
    ...phoneNotes(runbook, written),
    ...workerNotes(runbook, written, workers ?? Math.min(runbook.pool.workers, WORKERS_MOST)),
    ...regionNotes(runbook, written),
  ];
  const text = stringify(written, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    // In quotes a longer text with a line break would go over several lines, which no runbook may.
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    aliasDuplicateObjects: false,
  });
  return { text, notes };
}

/** Who has no Slack account gets one: nobody could act for them in the room. */
function slackNotes({ people }: Runbook, written: Written): string[] {
  const taken = new Set(people.flatMap(({ slack }) => slack));
  const made = people.flatMap(({ id, name, slack }, index): string[] => {
    if (slack.length > 0) return [];
    const own = madeUpId(id, taken);
    taken.add(own);
    written.people[index] = { ...written.people[index], slack: [own] };
    return [`${name} is ${own}`];
  });
  return made.length === 0 ? [] : [`Without a Slack id in the runbook, so made up here: ${made.join(', ')}.`];
}

function madeUpId(person: string, taken: ReadonlySet<string>): string {
  const plain = `U0${person.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')}`.slice(0, 18).padEnd(3, '0');
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? plain : `${plain}${n}`;
    if (!taken.has(id)) return id;
  }
}

/** Of those who may press, one for each language at least, up to this. */
const PHONES_MOST = 8;

/** Copies must reach somebody's phone before anyone can say that they were read. */
function phoneNotes({ people, campaign }: Runbook, written: Written): string[] {
  const own = people.flatMap(({ devices }) => devices).flatMap((one) => ('token' in one ? [one.token] : []));
  const shown = own.filter((token) => token.startsWith(PHONE)).length;
  if (own.length > 0)
    return shown === own.length
      ? []
      : [
          `${own.length - shown} of ${own.length} phones of the runbook's people have tokens that don't begin with ${PHONE}: the local providers take pushes to them, and the page shows no phone of theirs.`,
        ];
  const locales = [
    campaign.default_locale,
    ...Object.keys(campaign.locales).filter((one) => one !== campaign.default_locale),
  ];
  const holders = people.flatMap(({ roles }, index) => (roles.some((role) => role !== 'observer') ? [index] : []));
  const phones = Math.max(holders.length, Math.min(PHONES_MOST, locales.length));
  const said: string[] = [];
  for (let n = 0; n < phones; n += 1) {
    const holder = holders[n % holders.length] ?? 0;
    const locale = locales[n % locales.length] ?? campaign.default_locale;
    const platform = n % 2 === 0 ? 'ios' : 'android';
    const person = written.people[holder];
    written.people[holder] = {
      ...person,
      devices: [...(person?.devices ?? []), { platform, token: madeUpToken(platform, n), locale }],
    };
    said.push(`${people[holder]?.name ?? ''} ${platform === 'ios' ? 'an iPhone' : 'an Android phone'} in ${locale}`);
  }
  return [`Nobody in the runbook has a phone for test copies, so made up here: ${said.join(', ')}.`];
}

/** What tokens of simulated phones begin with (infra/local/providers/marks.ts). */
const PHONE = 'face0';

const madeUpToken = (platform: 'ios' | 'android', n: number): string =>
  platform === 'ios'
    ? `${PHONE}${String(n).padStart(59, '0')}`
    : `${PHONE}MadeUpPhone${String(n).padStart(6, '0')}:APA91b${'0'.repeat(134)}`;

/** Each worker is a process of this machine. What is ordered and asked of the pool goes down with it. */
function workerNotes({ pool }: Runbook, written: Written, workers: number): string[] {
  if (workers === pool.workers) return [];
  written.pool.workers = workers;
  if (pool.ready_at_least !== undefined) written.pool.ready_at_least = Math.min(pool.ready_at_least, workers);
  for (const node of nodesOf(written)) {
    const orders = node['kind'] === 'scale' && node['target'] === pool.scale_target;
    if (orders) node['to'] = Number(node['to']) < pool.workers ? Math.min(Number(node['to']), workers) : workers;
    if (node['kind'] === 'workers-ready' && Number(node['at_least']) > workers) node['at_least'] = workers;
  }
  return [`${count(pool.workers)} in the runbook, ${workers} here: each is a process of this machine (--workers).`];
}

const count = (workers: number): string => `${workers.toLocaleString('en-US')} ${workers === 1 ? 'worker' : 'workers'}`;

/** Every map in it, whatever it is of. */
function nodesOf(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = value as Record<string, unknown>;
  return [own, ...Object.values(own).flatMap(nodesOf)];
}

function regionNotes({ regions }: Runbook, written: Written): string[] {
  if (regions === undefined) return [];
  delete written.regions;
  written.gates = written.gates.filter((gate) => !nodesOf(gate).some(({ kind }) => kind === 'home'));
  return [`Left out here: \`regions\` and what asks for them. The local cloud has one region.`];
}
