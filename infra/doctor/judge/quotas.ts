import { about, counted, figure, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';
import type { Need } from './need.ts';
import { SAY_DEVICES } from './tables.ts';

/** One of Service Quotas' list. */
export interface FoundQuota {
  code: string;
  name: string;
  value: number;
  adjustable: boolean;
}

/** A fleet that takes longer to start is late for a press that nobody can time. */
const START_MINUTES = 10;

/** Of all our tables that are not on demand. */
interface Provisioned {
  writes: number;
  reads: number;
}

interface Row {
  id: string;
  title: string;
  service: 'fargate' | 'ecs' | 'dynamodb';
  /** Codes where AWS documents them; names else. */
  is: (quota: FoundQuota) => boolean;
  unit: string;
  need: (need: Need, provisioned: Provisioned) => number;
  why: (need: Need) => string;
}

const byCode = (code: string) => (quota: FoundQuota) => quota.code === code;

const vcpus = (id: string, title: string, code: string): Row => ({
  id,
  title,
  service: 'fargate',
  is: byCode(code),
  unit: 'vCPUs',
  need: ({ tasks, vcpusPerTask }) => Math.ceil(tasks * vcpusPerTask),
  why: ({ tasks, vcpusPerTask }) => `${figure(tasks)} tasks of ${vcpusPerTask} vCPUs`,
});
const ON_DEMAND = vcpus('quotas.fargate-vcpus', 'Fargate vCPUs', 'L-3032A538');
/** Counted apart from what is on demand. */
const SPOT = vcpus('quotas.fargate-spot-vcpus', 'Fargate Spot vCPUs', 'L-36FBB829');

const ROWS: readonly Row[] = [
  {
    id: 'quotas.tasks',
    title: 'Tasks of a service',
    service: 'ecs',
    is: ({ name }) => /^Tasks per service$/i.test(name),
    unit: 'tasks',
    need: ({ tasks }) => tasks,
    why: ({ tasks }) => `${figure(tasks)} send workers in one service`,
  },
  {
    id: 'quotas.launch-rate',
    title: 'Tasks started in a minute',
    service: 'ecs',
    is: ({ name }) => /tasks launched by a service on (AWS )?Fargate/i.test(name),
    unit: 'tasks a minute',
    need: ({ tasks }) => Math.ceil(tasks / START_MINUTES),
    why: ({ tasks }) => `${figure(tasks)} send workers are to be up within ${START_MINUTES} minutes`,
  },
  {
    id: 'quotas.table-writes',
    title: 'Writes of a DynamoDB table',
    service: 'dynamodb',
    is: byCode('L-AB614373'),
    unit: 'write units a second',
    need: ({ claimUnits }) => claimUnits,
    why: ({ devices, batchSize, seconds }) =>
      `a claim and an account for each ${figure(batchSize)} of ${figure(devices.ios + devices.android)} devices within ${seconds} s`,
  },
  {
    id: 'quotas.table-reads',
    title: 'Reads of a DynamoDB table',
    service: 'dynamodb',
    is: byCode('L-CF0CBE56'),
    unit: 'read units a second',
    need: ({ readUnits }) => readUnits,
    why: ({ tasks, devices, batchSize }) =>
      `${figure(tasks)} send workers look at halt switch and record, and the claims of ${figure(devices.ios + devices.android)} devices by ${figure(batchSize)} are read back`,
  },
  {
    id: 'quotas.account-writes',
    title: 'Provisioned writes of the account',
    service: 'dynamodb',
    is: byCode('L-34F8CCC8'),
    unit: 'write units a second',
    need: (_need, { writes }) => writes,
    why: () => 'what our tables are provisioned with',
  },
  {
    id: 'quotas.account-reads',
    title: 'Provisioned reads of the account',
    service: 'dynamodb',
    is: byCode('L-34F6A552'),
    unit: 'read units a second',
    need: (_need, { reads }) => reads,
    why: () => 'what our tables are provisioned with',
  },
];

/** All that a deployment is held against. */
export const QUOTA_IDS: readonly string[] = [ON_DEMAND, SPOT, ...ROWS].map(({ id }) => id);

export const QUOTA_SERVICES = ['fargate', 'ecs', 'dynamodb'] as const;

export function judgeQuotas(
  asked: Readonly<Record<(typeof QUOTA_SERVICES)[number], Asked<FoundQuota[]>>>,
  need: Need | null,
  { region, isSpot, provisioned }: { region: string; isSpot: boolean; provisioned: Provisioned },
): Line[] {
  return [isSpot ? SPOT : ON_DEMAND, ...ROWS].map((row) => {
    const line = about(row.id, row.title);
    const wanted = need === null ? null : row.need(need, provisioned);
    const needed = wanted === null ? 'known with the audience' : counted(wanted, row.unit);
    const answer = asked[row.service];
    if (!answer.ok) return unasked(row.id, row.title, needed, answer.failure);
    const quota = answer.value.find(row.is);
    if (quota === undefined)
      return line.unknown({
        found: `Service Quotas lists none for ${row.service}`,
        needed,
        fix: `Look it up in the console: Service Quotas, ${row.service}`,
      });
    const found = counted(quota.value, row.unit);
    if (need === null || wanted === null) return line.unknown({ found, needed, fix: SAY_DEVICES });
    if (quota.value >= wanted) return line.ok({ found, needed });
    return line.wrong({
      found,
      needed,
      fix: quota.adjustable
        ? `aws service-quotas request-service-quota-increase --region ${region} --service-code ${row.service} --quota-code ${quota.code} --desired-value ${wanted}`
        : "It can't be raised: take another Region too, or fewer and larger tasks",
      request: {
        to: 'AWS Support',
        subject: `Service quota increase: ${quota.name} (${quota.code}) in ${region} to ${figure(wanted)}`,
        text: `We ask to raise ${quota.name} (service ${row.service}, ${quota.code}) in ${region} from ${figure(quota.value)} to ${figure(wanted)}.\nReason: ${row.why(need)}${need.targetAtMs === null ? '' : `, on ${new Date(need.targetAtMs).toISOString().slice(0, 10)} (UTC)`}. It is a one-time push event; after it the fleet is taken down within a day.`,
      },
    });
  });
}

/** A FIFO queue without high throughput takes this many calls a second (docs/facts.md#sqs-fifo-rate). */
const FIFO_CALLS = 300;

/** `pollSeconds`: how long a worker's dispatcher waits in one call; then it asks again. */
export function judgeFifo(isHighThroughput: boolean | null, need: Need | null, pollSeconds: number): Line {
  const line = about('quotas.fifo', 'Calls of the FIFO queue');
  const wanted = need === null ? null : Math.ceil(need.tasks / pollSeconds) + need.segments;
  const needed = wanted === null ? 'known with the audience' : `${figure(wanted)} calls a second`;
  if (isHighThroughput === null)
    return line.unknown({ found: 'no queue to look at', needed, fix: 'See the queue itself' });
  const found = isHighThroughput ? 'high throughput' : `${FIFO_CALLS} calls a second`;
  if (isHighThroughput) return line.ok({ found, needed });
  if (wanted === null) return line.unknown({ found, needed, fix: SAY_DEVICES });
  return wanted <= FIFO_CALLS
    ? line.ok({ found, needed })
    : line.wrong({
        found,
        needed,
        fix: 'Set DeduplicationScope messageGroup and FifoThroughputLimit perMessageGroupId',
      });
}
