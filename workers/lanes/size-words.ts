import { SIMULATION_DEFAULTS } from './simulate/question.ts';
import type { SimulationQuestion } from './simulate/question.ts';
import type { Bound, SimulationAnswer } from './simulate/simulate.ts';

/** A simulated launch in words, and many of them in a table. */

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
export const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1_000).toFixed(2)} s`);
const percent = (part: number): string => `${Math.round(part * 100)} %`;

const BOUND_NAMES: Record<Bound, string> = {
  go: 'the way from the press',
  queue: 'messages and claims',
  'main thread': 'main thread',
  cores: 'cores',
  streams: 'streams',
  connections: 'connections',
  provider: 'the provider',
  pace: 'the pace',
};

export function wordsOf(question: SimulationQuestion, answer: SimulationAnswer): string {
  const { totals, busy, shares } = answer;
  const others = (Object.entries(shares) as [Bound, number][])
    .filter(([bound, part]) => bound !== answer.bound && part >= 0.05)
    .toSorted((one, other) => other[1] - one[1]);
  return [
    `${count(question.devices)} devices on ${count(question.tasks)} task${question.tasks === 1 ? '' : 's'} of ${question.cores} core${question.cores === 1 ? '' : 's'}; bound by ${BOUND_NAMES[answer.bound]} (${[[answer.bound, shares[answer.bound]] as const, ...others].map(([bound, part]) => `${BOUND_NAMES[bound]} ${percent(part)}`).join(', ')} of the time that lanes waited).`,
    '',
    `outcome    ${count(totals.accepted)} accepted, ${count(totals.failed)} failed, ${count(totals.uncertain)} uncertain, ${count(totals.late)} late`,
    `since GO   first ${seconds(answer.firstMs)}, p50 ${seconds(answer.p50Ms)}, p95 ${seconds(answer.p95Ms)}, p99 ${seconds(answer.p99Ms)}, last ${seconds(answer.lastMs)}`,
    `rate       ${count(answer.perSecond)} a second, ${count(answer.peakPerSecond)} in the best one`,
    `busy       cores ${percent(busy.cores)}, main threads ${percent(busy.main)}, sending threads ${percent(busy.sending)}`,
    `open       ${count(answer.meanOpen.ios)} requests to APNs and ${count(answer.meanOpen.android)} to FCM on average`,
    `AWS        ${count(answer.calls)} calls, ${count(answer.throttled)} writes refused and tried again`,
    ...notesOn(question).map((note) => `\n${note}`),
  ].join('\n');
}

/** Markdown. */
export function tableOf(rows: readonly { tasks: number; answer: SimulationAnswer }[]): string {
  const lost = rows.some(({ answer: { totals } }) => totals.uncertain + totals.late > 0);
  const head = [
    'tasks',
    'first',
    'p50',
    'p95',
    'p99',
    'a second',
    'cores busy',
    'bound by',
    ...(lost ? ['uncertain', 'late'] : []),
  ];
  const lines = rows.map(({ tasks, answer }) => [
    count(tasks),
    ...[answer.firstMs, answer.p50Ms, answer.p95Ms, answer.p99Ms].map(seconds),
    count(answer.perSecond),
    percent(answer.busy.cores),
    BOUND_NAMES[answer.bound],
    ...(lost ? [count(answer.totals.uncertain), count(answer.totals.late)] : []),
  ]);
  return [head, head.map((name) => (name === 'bound by' ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function notesOn({ limits, iosShare, devices, cloud }: SimulationQuestion): string[] {
  const android = devices * (1 - iosShare);
  const notes: string[] = [];
  if (limits.android.perMinute === 0 && android > 600_000)
    notes.push(
      'FCM takes all of it here. Its default quota is 600,000 a minute: --fcm-per-minute 600000 shows what becomes of the rest.',
    );
  if (cloud === SIMULATION_DEFAULTS.cloud || cloud.writesPerSecond === SIMULATION_DEFAULTS.cloud.writesPerSecond)
    notes.push(
      'The claims table takes 4,000 writes a second, as one on demand does that is new. Warm throughput gives more: --writes-per-second.',
    );
  return notes;
}
