import type { MetricName } from './metric-names.ts';

/**
 * What wakes somebody (`page`) or is told by mail and in the channel (`warn`). One list: the stack makes CloudWatch
 * alarms of it, docs/playbook.md says what to do at each, and tests make each true, those of ours by a process's own figures
 * (alarms.test.ts, vitals.test.ts, bot/main.test.ts) and those of AWS in infra/local/cloud/cloudwatch.test.ts.
 */
export interface Alarm {
  /** `gobutton-<stack>-<id>` in CloudWatch; the heading of the page that says what to do. */
  id: string;
  level: 'page' | 'warn';
  means: string;
  /** Ours, or one that AWS keeps of a queue or table. */
  metric:
    | { namespace: 'gobutton'; name: MetricName; of: 'bot' | 'worker' }
    | { namespace: 'AWS/SQS'; name: 'ApproximateAgeOfOldestMessage'; of: 'queues' }
    | { namespace: 'AWS/SQS'; name: 'ApproximateNumberOfMessagesVisible'; of: 'dead letters' };
  statistic: 'Sum' | 'Maximum' | 'Minimum';
  comparison: 'over' | 'under';
  threshold: number;
  periodSeconds: 60;
  /** Periods in a row. */
  periods: number;
  /** What a period without any figure counts as. */
  silence: 'breaching' | 'notBreaching';
}

const ours = (name: MetricName, of: 'bot' | 'worker') => ({ namespace: 'gobutton', name, of }) as const;
const over = (threshold: number, periods = 1) =>
  ({ comparison: 'over', threshold, periods, periodSeconds: 60, silence: 'notBreaching' }) as const;

export const ALARMS: readonly Alarm[] = [
  {
    id: 'bot-silent',
    level: 'page',
    means: 'no bot leads: nobody performs what is pressed, and no step of the runbook runs',
    metric: ours('Leading', 'bot'),
    statistic: 'Maximum',
    comparison: 'under',
    threshold: 1,
    periodSeconds: 60,
    periods: 2,
    silence: 'breaching',
  },
  {
    id: 'workers-lost',
    level: 'page',
    means: 'workers that had come are silent',
    metric: ours('WorkersMissing', 'bot'),
    statistic: 'Minimum',
    ...over(0),
  },
  {
    id: 'claims-failing',
    level: 'page',
    means: 'DynamoDB takes no claims: what is not claimed is not sent',
    metric: ours('ClaimsFailed', 'worker'),
    statistic: 'Sum',
    ...over(0),
  },
  {
    id: 'halt-not-confirmed',
    level: 'page',
    means: 'a halt is set, and workers have not read it within two seconds',
    metric: ours('HaltUnconfirmed', 'bot'),
    statistic: 'Maximum',
    // Two looks in a row: a worker that has just come has not read it yet.
    ...over(0, 2),
  },
  {
    id: 'record-failing',
    level: 'page',
    means: 'entries can’t be written: presses are refused',
    metric: ours('RecordFailed', 'bot'),
    statistic: 'Sum',
    ...over(0),
  },
  {
    id: 'provider-stopped',
    level: 'page',
    means: 'Apple or Google takes nothing of what workers send',
    metric: ours('ProviderStopped', 'worker'),
    // Of any worker: one that has nothing to send knows nothing of it.
    statistic: 'Maximum',
    ...over(0, 2),
  },
  {
    id: 'queue-age',
    level: 'warn',
    means: 'a message waits and nobody takes it',
    metric: { namespace: 'AWS/SQS', name: 'ApproximateAgeOfOldestMessage', of: 'queues' },
    statistic: 'Maximum',
    ...over(60),
  },
  {
    id: 'dead-letters',
    level: 'warn',
    means: 'messages that no worker could take',
    metric: { namespace: 'AWS/SQS', name: 'ApproximateNumberOfMessagesVisible', of: 'dead letters' },
    statistic: 'Maximum',
    ...over(0),
  },
  {
    id: 'throttled',
    level: 'warn',
    means: 'AWS refuses calls for their rate: look at warm throughput and quotas',
    metric: ours('Throttled', 'worker'),
    statistic: 'Sum',
    ...over(100),
  },
  {
    id: 'bot-throttled',
    level: 'warn',
    means: 'AWS refuses the bot’s calls for their rate: what is pressed, measured and shown comes late',
    metric: ours('Throttled', 'bot'),
    statistic: 'Sum',
    // A bot asks a small part of what a pool does.
    ...over(30),
  },
  {
    id: 'slack-away',
    level: 'warn',
    means: 'the bot is not connected to Slack: use npm run go',
    metric: ours('SlackAway', 'bot'),
    statistic: 'Minimum',
    ...over(0, 2),
  },
];

/** Whether an alarm would ring, by the values of its last periods, oldest first; null: a period without any. */
export function rings(alarm: Alarm, values: readonly (number | null)[]): boolean {
  const { comparison, threshold, silence, periods } = alarm;
  const isOver = (value: number) => (comparison === 'over' ? value > threshold : value < threshold);
  const last = values.slice(-periods);
  return last.length === periods && last.every((value) => (value === null ? silence === 'breaching' : isOver(value)));
}
