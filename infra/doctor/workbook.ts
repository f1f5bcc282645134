import { FCM_PER_MINUTE } from '../../contract/sizing.ts';
import { figure } from './judge/line.ts';
import type { Line } from './judge/line.ts';
import type { Need } from './judge/need.ts';

/** The Countdown workbook of a launch, as Markdown: its figures, what to do by when, how things stand, and the letters. */
export interface WorkbookFacts {
  need: Need;
  lines: readonly Line[];
  region: string;
  /** Null: not known here. */
  topic: string | null;
  teamId: string | null;
  nowMs: number;
}

const DAY_MS = 86_400_000;

export function workbook(facts: WorkbookFacts): string {
  const { need, lines, nowMs } = facts;
  const target = need.targetAtMs === null ? 'no date yet' : `${minute(need.targetAtMs)} UTC`;
  return `${[
    `# Countdown: ${text(need.name)}`,
    `Moment: ${target}. Written ${minute(nowMs)} UTC by \`npm run doctor\`; write it anew after every change.`,
    '## Figures',
    figures(facts),
    '## By when',
    countdown(facts),
    '## How things stand',
    standing(lines),
    ...todo(lines),
    '## Letters',
    ...letters(facts).map(({ to, subject, text: body }) => `### To ${to}\n\nSubject: ${subject}\n\n${quoted(body)}`),
  ].join('\n\n')}\n`;
}

function figures({ need, region }: WorkbookFacts): string {
  const { devices, seconds, perSecond, tasks, vcpusPerTask, connections, claimUnits, batchSize, fcm } = need;
  return table(
    ['what', 'how much'],
    [
      ['devices', `${figure(devices.ios)} iOS, ${figure(devices.android)} Android`],
      [
        'everything written within',
        `${seconds} s on iOS; Android ${fcm.pacePerSecond === 0 ? 'without a pace' : `at ${figure(fcm.pacePerSecond)} a second`}`,
      ],
      ['rate', `${figure(perSecond.ios)} a second to APNs, ${figure(perSecond.android)} to FCM without a pace`],
      [
        'send workers',
        `${figure(tasks)} tasks of ${vcpusPerTask} vCPUs: ${figure(tasks * vcpusPerTask)} vCPUs in ${region}`,
      ],
      ['connections', `${figure(connections)} to each provider`],
      ['claims', `${figure(claimUnits)} write units a second, in batches of ${figure(batchSize)}`],
      [
        'FCM quota',
        fcm.eventQuota === null
          ? `${figure(FCM_PER_MINUTE)} a minute, Google's default`
          : `${figure(fcm.eventQuota.perSecond * 60)} a minute, "${text(fcm.eventQuota.reference)}"`,
      ],
    ],
  );
}

const PLAN: readonly (readonly [days: number, what: string])[] = [
  [
    35,
    'Letters to Google, AWS and Apple are out. Google wants 15 days for an event quota, 30 above 18 million a minute; book one window for rehearsal and event.',
  ],
  [21, 'Quota increases of AWS are granted: `npm run doctor` shows them.'],
  [14, 'A rehearsal at full size, inside the window that Google granted. Look at the streams that APNs allows.'],
  [
    7,
    'Dead tokens of the rehearsal are skipped (`npm run audience -- bad-tokens`). Everybody has pressed GO once in a rehearsal.',
  ],
  [1, 'Warm throughput is set. Deployments are frozen. `npm run doctor` says 0 wrong.'],
  [0, '`/go doctor` and `/go ready` an hour before the moment.'],
];

function countdown({ need: { targetAtMs }, nowMs }: WorkbookFacts): string {
  return table(
    ['when', 'what', 'done'],
    PLAN.map(([days, what]) => {
      const at = targetAtMs === null ? null : targetAtMs - days * DAY_MS;
      const when = `${days === 0 ? 'T' : `T-${days}d`}${at === null ? '' : `, ${day(at)}${at < nowMs - DAY_MS ? ' (over)' : ''}`}`;
      return [when, what, '☐'];
    }),
  );
}

const MARK = { ok: 'ok', wrong: '**wrong**', unknown: 'unknown' } as const;
const ORDER = { wrong: 0, unknown: 1, ok: 2 } as const;

function standing(lines: readonly Line[]): string {
  return table(
    ['state', 'what', 'found', 'needed'],
    lines
      .toSorted((one, other) => ORDER[one.state] - ORDER[other.state])
      .map(({ state, title, found, needed }) => [MARK[state], text(title), text(found), text(needed)]),
  );
}

function todo(lines: readonly Line[]): string[] {
  const open = lines.filter(({ state, fix }) => state !== 'ok' && fix !== '');
  if (open.length === 0) return [];
  return ['## To do', open.map(({ title, fix }) => `- [ ] **${text(title)}**: ${fenced(fix)}`).join('\n')];
}

function letters({ need, lines, region, topic, teamId }: WorkbookFacts): NonNullable<Line['request']>[] {
  const asked = lines.flatMap(({ request }) => (request === undefined ? [] : [request]));
  const when = need.targetAtMs === null ? 'on a date that follows' : `on ${day(need.targetAtMs)} (UTC)`;
  const { devices, seconds, perSecond, connections, tasks, vcpusPerTask, claimUnits } = need;
  return [
    ...asked,
    {
      to: 'Apple Developer Support',
      subject: `A burst of ${figure(devices.ios)} notifications ${when}`,
      text: `Team ${teamId ?? '(team id)'}, topic ${topic ?? '(bundle id)'}: ${when} we send one notification to each of ${figure(devices.ios)} devices within some ${seconds} s, ${figure(perSecond.ios)} a second over ${figure(connections)} HTTP/2 connections that stay open from an hour before, with token authentication (one provider token). Dead tokens are removed beforehand. Is there anything that we should spread otherwise? Please tell us whom to call on that day.`,
    },
    {
      to: 'AWS, technical account manager or Support (Infrastructure Event Management)',
      subject: `A five-second event ${when} in ${region}`,
      text: `We plan an event ${when}: ${figure(tasks)} Fargate tasks of ${vcpusPerTask} vCPUs start in ${region} some hours before and send for ${seconds} s. DynamoDB: ${figure(claimUnits)} write units a second on one on-demand table for that time, warmed up. SQS: one high-throughput FIFO queue and two standard queues. Egress: ${figure(connections * 2)} TLS connections to Apple and Google and ${figure(perSecond.ios + perSecond.android)} requests a second. Please check capacity and limits with us, and have somebody within reach.`,
    },
  ];
}

const minute = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const quoted = (body: string): string =>
  body
    .split('\n')
    .map((line) => `> ${text(line)}`)
    .join('\n>\n');
/** Foreign words are words in Markdown, and no cell ends early. */
const text = (words: string): string => words.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|<>*_[\]]/g, '\\$&');
/** As code where it is a command; a fence longer than what is in it. */
function fenced(fix: string): string {
  if (!/^(aws|npm|docker) /.test(fix)) return text(fix);
  const ticks = '`'.repeat(Math.max(0, ...[...fix.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return `${ticks}${fix}${ticks}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
