import type { Prices } from './prices.ts';

/** What one event, or one rehearsal, costs. Pure arithmetic over stated quantities: hand-computed in the test beside it. */
export interface CostQuestion {
  workers: FleetUse;
  /** Of the workers' kind, beside them. Absent: none. */
  canary?: FleetUse;
  bot: FleetUse;
  /** Notifications that are sent; 0 for a rehearsal of the infrastructure alone. */
  devices: number;
  batchSize: number;
  /** What the workers stand ready for is paid once: units above what a new table has anyway. */
  warm: { reads: number; writes: number };
  /** Bytes of the audience, which each worker reads once. */
  audienceBytes: number;
  /** How tasks reach the providers. */
  egress: 'public' | 'ipv6' | 'nat';
  /** Zones with a NAT gateway each. */
  zones: number;
  /** Of the alarms and secrets of the stack, for as long as it stands. */
  stackHours: number;
  loadBalancer: boolean;
}

export interface FleetUse {
  tasks: number;
  vcpu: number;
  gib: number;
  cpu: 'x64' | 'arm64';
  /** From the scale-up to the scale-down. */
  hours: number;
  spot: boolean;
  /** Type of the instances that they run on, one each. Absent: Fargate. */
  instance?: string;
}

export interface CostLine {
  service: 'ECS on Fargate' | 'EC2' | 'DynamoDB' | 'SQS' | 'S3' | 'Network' | 'Secrets and alarms';
  usd: number;
  /** What was counted. */
  of: string;
}

/** On demand and new (docs/facts.md#dynamodb-on-demand). */
const STANDS_READY = { reads: 12_000, writes: 4_000 };
const SECONDS = 3_600;
/**
 * What an idle worker asks for in a second, its reports, halt switch, roll and looks at the record together
 * (docs/lane.md, what a pool asks of DynamoDB: 16 writes and 142 reads of 15 workers).
 */
const WORKER_WRITES = 1.1;
export const WORKER_READS = 9.5;
/** A batch is claimed and accounted for: two writes, and one read by whoever closes the shot. */
const BATCH_WRITES = 2;
export const BATCH_READS = 1;
/** Calls of SQS for a batch while it sends (received ten at a time, deleted, made visible later); idle workers ask each queue all 20 s. */
const BATCH_CALLS = 0.4;
const IDLE_POLL_SECONDS = 20;
const QUEUES_POLLED = 3;
/** Assumed of one notification: 400 bytes of payload, its headers, token, frames and TLS. */
const BYTES_OUT = 700;
const SECRETS = 5;
const ALARMS = 15;
const MONTH_HOURS = 730;
/** As the audience is cut (workers/audience/packed/pack.ts). */
const SHARD_BYTES = 8 * 1024 ** 2;
const GIB = 1024 ** 3;

/** Dollars by service, largest first. Throws RangeError `COST_QUESTION` when a figure makes no sense. */
export function eventCost(question: CostQuestion, prices: Prices): { lines: CostLine[]; usd: number } {
  check(question);
  const lines = [fargate, instances, dynamo, sqs, s3, network, standing]
    .flatMap((line) => line(question, prices) ?? [])
    .toSorted((one, other) => other.usd - one.usd);
  return { lines, usd: lines.reduce((sum, { usd }) => sum + usd, 0) };
}

/** Of one task, an hour. */
export function taskHour(
  { vcpu, gib, cpu, spot }: Omit<FleetUse, 'tasks' | 'hours'>,
  { fargate: all }: Prices,
): number {
  const { vcpuHour, gibHour } = all[cpu];
  return (vcpu * vcpuHour + gib * gibHour) * (spot ? all.spotPart : 1);
}

/** Of an instance with its disk, an hour; null: its type is in no table. Spot is not taken off: nobody knows what it leaves that day. */
export function instanceHour(type: string, { ec2, diskGibMonth = 0 }: Prices): number | null {
  const hour = ec2 !== undefined && Object.hasOwn(ec2, type) ? ec2[type] : undefined;
  return hour === undefined ? null : hour + (DISK_GIB * diskGibMonth) / MONTH_HOURS;
}

/** As the stacks give an instance (infra/cdk/run/instances.ts). */
export const DISK_GIB = 30;

const isInstance = ({ instance }: FleetUse): boolean => instance !== undefined;

function instances({ workers, canary = NONE }: CostQuestion, prices: Prices): CostLine | null {
  const uses = [workers, canary].filter((use) => isInstance(use) && use.tasks > 0);
  const usd = (use: FleetUse) => use.tasks * use.hours * (instanceHour(use.instance ?? '', prices) ?? 0);
  return uses.length === 0
    ? null
    : {
        service: 'EC2',
        usd: uses.reduce((sum, use) => sum + usd(use), 0),
        of: uses.map((use) => `${use.tasks} ${use.instance} for ${use.hours} h`).join(', '),
      };
}

function fargate({ bot, ...question }: CostQuestion, prices: Prices): CostLine {
  const [workers, canary = NONE] = [question.workers, question.canary].map((use) =>
    use === undefined || isInstance(use) ? NONE : use,
  );
  const of = (use: FleetUse, name: string) =>
    `${use.tasks} ${name} of ${use.vcpu} vCPU and ${use.gib} GiB for ${use.hours} h${use.spot ? ' on Spot' : ''}`;
  const usd = (use: FleetUse) => use.tasks * use.hours * taskHour(use, prices);
  return {
    service: 'ECS on Fargate',
    usd: usd(workers ?? NONE) + usd(canary) + usd(bot),
    of: [
      ...(workers === undefined || workers === NONE ? [] : [of(workers, 'workers')]),
      ...(canary.tasks === 0 ? [] : [of(canary, 'canary')]),
      of(bot, 'bots'),
    ].join(', '),
  };
}

const batchesOf = ({ devices, batchSize }: CostQuestion): number => Math.ceil(devices / batchSize);
const NONE: FleetUse = { tasks: 0, vcpu: 0, gib: 0, cpu: 'x64', hours: 0, spot: false };
const taskHours = (...uses: readonly FleetUse[]): number =>
  uses.reduce((sum, { tasks, hours }) => sum + tasks * hours, 0);
const workerSeconds = ({ workers, canary = NONE }: CostQuestion): number => taskHours(workers, canary) * SECONDS;

function dynamo(question: CostQuestion, { dynamo: price }: Prices): CostLine {
  const batches = batchesOf(question);
  const seconds = workerSeconds(question);
  const writes = batches * BATCH_WRITES + seconds * WORKER_WRITES;
  const reads = batches * BATCH_READS + seconds * WORKER_READS;
  const warmWrites = Math.max(0, question.warm.writes - STANDS_READY.writes);
  const warmReads = Math.max(0, question.warm.reads - STANDS_READY.reads);
  return {
    service: 'DynamoDB',
    usd:
      (writes * price.perMillionWrites + reads * price.perMillionReads) / 1e6 +
      warmWrites * price.warmWrite +
      warmReads * price.warmRead,
    of: `${millions(writes)} writes, ${millions(reads)} reads${warmWrites + warmReads === 0 ? '' : `, warmed once by ${warmWrites} writes and ${warmReads} reads a second`}`,
  };
}

function sqs(question: CostQuestion, { sqs: price }: Prices): CostLine {
  const sends = batchesOf(question) * BATCH_CALLS;
  // One of the three is FIFO.
  const polls = (workerSeconds(question) / IDLE_POLL_SECONDS) * QUEUES_POLLED;
  return {
    service: 'SQS',
    usd: ((sends + (polls * 2) / 3) * price.perMillionStandard + (polls / 3) * price.perMillionFifo) / 1e6,
    of: `${millions(sends + polls)} requests`,
  };
}

/** Shards are read by each worker; between tasks and S3 in one region nothing is paid for bytes. */
function s3({ workers, audienceBytes, stackHours }: CostQuestion, { s3: price }: Prices): CostLine {
  const objects = Math.ceil(audienceBytes / SHARD_BYTES);
  const gets = objects * workers.tasks;
  return {
    service: 'S3',
    usd:
      (objects * price.perThousandPuts + gets * price.perThousandGets) / 1_000 +
      ((audienceBytes / GIB) * price.gibMonth * stackHours) / MONTH_HOURS,
    of: `${millions(gets)} reads, ${(audienceBytes / GIB).toFixed(2)} GiB kept`,
  };
}

function network(
  { workers, canary = NONE, bot, devices, egress, zones, stackHours, loadBalancer }: CostQuestion,
  { network: price }: Prices,
): CostLine {
  const gib = (devices * BYTES_OUT) / GIB;
  const ways = {
    public: { usd: taskHours(workers, canary, bot) * price.publicIpv4Hour, of: 'a public IPv4 address a task' },
    ipv6: { usd: 0, of: 'IPv6' },
    nat: {
      usd: zones * stackHours * price.natHour + gib * price.natGib,
      of: `${zones} NAT gateways for ${stackHours} h`,
    },
  };
  return {
    service: 'Network',
    usd: gib * price.gibOut + ways[egress].usd + (loadBalancer ? stackHours * price.loadBalancerHour : 0),
    of: `${gib.toFixed(2)} GiB out, ${ways[egress].of}${loadBalancer ? `, a load balancer for ${stackHours} h` : ''}`,
  };
}

function standing({ stackHours }: CostQuestion, { secretMonth, alarmMonth }: Prices): CostLine {
  return {
    service: 'Secrets and alarms',
    usd: ((SECRETS * secretMonth + ALARMS * alarmMonth) * stackHours) / MONTH_HOURS,
    of: `${SECRETS} secrets and ${ALARMS} alarms for ${stackHours} h`,
  };
}

const millions = (value: number): string =>
  value >= 1e5 ? `${(value / 1e6).toFixed(2)} M` : Math.round(value).toLocaleString('en-US');

function check(question: CostQuestion): void {
  const { workers, bot, ...rest } = question;
  const figures: [string, number][] = [
    ...(['tasks', 'vcpu', 'gib', 'hours'] as const).flatMap((name): [string, number][] => [
      [`workers.${name}`, workers[name]],
      [`bot.${name}`, bot[name]],
    ]),
    ...(['devices', 'audienceBytes', 'zones', 'stackHours'] as const).map((name): [string, number] => [
      name,
      rest[name],
    ]),
    ['warm.reads', rest.warm.reads],
    ['warm.writes', rest.warm.writes],
  ];
  const wrong = figures.filter(([, value]) => !(value >= 0 && Number.isFinite(value))).map(([name]) => name);
  if (!(rest.batchSize >= 1)) wrong.push('batchSize');
  if (wrong.length > 0) throw new RangeError(`COST_QUESTION: ${wrong.join(', ')} can't be so`);
}
