import { RegionInfo } from 'aws-cdk-lib/region-info';
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { duration, tMinus } from '../../runbooks/playbook/fields/values.ts';
import { readNumber } from '../../runbooks/typed/number.ts';

/**
 * What a deployment is told: `launch.yaml`, explained line by line in `launch.example.yaml`. Read by `read-config.ts`, which
 * adds file and line to every error; what lies between fields, or between this file and the runbook, is in `config-rules.ts`.
 */

const REGIONS: readonly string[] = RegionInfo.regions.map(({ name }) => name);

/** Stacks, tables, buckets and roles begin with it; the bucket's name, with account and region behind it, has 63 characters at most. */
const name = z
  .string('expected the name of this deployment')
  .regex(/^[a-z][a-z0-9-]{2,19}$/, 'expected 3 to 20 lower-case letters, digits and dashes, a letter first')
  .refine((text) => !text.endsWith('-'), 'expected a letter or a digit at the end');

const region = z.string('expected an AWS region like us-east-1').superRefine((text, context) => {
  if (REGIONS.includes(text)) return;
  const nearest = REGIONS.toSorted((a, b) => distance(a, text) - distance(b, text)).slice(0, 3);
  context.addIssue({ code: 'custom', message: `expected a region of AWS; near it are ${nearest.join(', ')}` });
});

// YAML reads digits without quotes as a number, and `012345678901` as another one.
const account = z
  .string('expected the 12 digits of an AWS account in quotes')
  .regex(/^\d{12}$/, 'expected the 12 digits of an AWS account in quotes');

const count = (least: number, most: number, unit: string) => {
  const expected = `expected ${unit}, ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  return z.union([z.number(), z.string()], expected).transform((written, context) => {
    const read = readNumber(String(written), { least, most });
    if (read.ok) return read.value;
    context.addIssue({ code: 'custom', message: `${expected} (${read.expected})` });
    return z.NEVER;
  });
};

/** What Fargate can be, vCPU to the MiB that go with it (docs/facts.md#fargate-sizes). */
const gib = (from: number, to: number, step = 1) =>
  Array.from({ length: (to - from) / step + 1 }, (_, at) => (from + at * step) * 1_024);
export const FARGATE_MIB: Readonly<Record<string, readonly number[]>> = {
  '0.25': [512, 1_024, 2_048],
  '0.5': gib(1, 4),
  '1': gib(2, 8),
  '2': gib(4, 16),
  '4': gib(8, 30),
  '8': gib(16, 60, 4),
  '16': gib(32, 120, 8),
};

const vcpu = z.union(
  [0.25, 0.5, 1, 2, 4, 8, 16].map((one) => z.literal(one)),
  'expected a size of a Fargate task: 0.25, 0.5, 1, 2, 4, 8 or 16 vCPU',
);
const mib = count(512, 122_880, 'MiB');

/** An ISO time with its offset: a kickoff without one is read differently in two offices. */
const KICKOFF = 'expected a time with its offset like 2027-02-14T18:30:00-05:00';
const moment = z.iso.datetime({ offset: true, error: KICKOFF }).transform((text) => Date.parse(text));

const mail = z.email('expected an address like on-call@example.com');
const arnOf = (service: string) =>
  z
    .string(`expected an ARN of ${service}`)
    .regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:.+`), `expected an ARN of ${service}`);

export const launchConfig = z.strictObject({
  version: z.literal(1),
  name,
  account,
  region,
  /** A rehearsal may run on Spot and is taken down whole; an event may not. */
  purpose: z.enum(['event', 'rehearsal'], 'expected event or rehearsal'),
  /** Path of the runbook, from this file. Pool, workers, batch size and what is scaled when come from it. */
  runbook: z.string('expected the path of the runbook').min(1, 'expected the path of the runbook'),
  /** The runbook's T. */
  kickoff: moment,
  /** Nothing is deployed in between, relative to the kickoff. */
  freeze: z
    .strictObject({ from: tMinus, until: tMinus })
    .prefault({ from: 'T-24h', until: 'T+4h' })
    .refine(({ from, until }) => from < until, 'expected from before until'),
  /** What the event asks for: warm throughput and the checks of the fleet follow from it. */
  size: z.strictObject({
    devices: count(1, 1_000_000_000, 'devices'),
    /** Time to have everything written. */
    within: duration,
    /** Devices on iOS of 100. */
    ios_percent: count(0, 100, 'percent').default(50),
    latency: duration.prefault('80ms'),
  }),
  images: z.strictObject({
    bot: z.string('expected the image of the bot').min(1, 'expected the image of the bot'),
    worker: z.string('expected the image of the worker').min(1, 'expected the image of the worker'),
    /** Of the task that compiles audiences: the others have no DuckDB. */
    audience: z.string('expected the image of the audience').min(1, 'expected the image of the audience'),
    /** One worker of this image beside the fleet, to be looked at first. Absent: none; taking it out again takes it down. */
    canary: z.string('expected the image of one worker').min(1, 'expected the image of one worker').optional(),
    /** What ran before the last `promote`; `rollback` goes back to it. */
    previous: z
      .strictObject({
        worker: z.string('expected the image of the worker').min(1, 'expected the image of the worker'),
        bot: z.string('expected the image of the bot').min(1, 'expected the image of the bot'),
      })
      .optional(),
  }),
  bot: z
    .strictObject({
      /** How Slack reaches the bot: it connects to Slack by itself, or Slack posts to a load balancer. */
      receive: z.enum(['socket', 'http'], 'expected socket or http').default('socket'),
      /** Of the load balancer, with http. */
      certificate: arnOf('acm').optional(),
      /** Where people's browsers reach the bot's port, for the live timeline. Absent: nobody is given a link. */
      public_url: z
        .string()
        .regex(
          /^https:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[A-Za-z0-9._~/-]*)?$/,
          'expected an address like https://go.example.com',
        )
        .optional(),
      vcpu: vcpu.default(1),
      memory_mib: mib.default(2_048),
    })
    .prefault({}),
  workers: z.strictObject({
    /** As many as stand at the kickoff; at least what the runbook asks for. */
    count: count(1, 5_000, 'workers'),
    launch: z.enum(['fargate', 'ec2'], 'expected fargate or ec2').default('fargate'),
    /** Of a task; with ec2 as much of the instance as it may have. */
    vcpu,
    memory_mib: mib,
    /** With ec2. */
    instance_type: z
      .string()
      .regex(/^[a-z]+\d[a-z0-9-]*\.[a-z0-9]+$/, 'expected an instance type like c7g.2xlarge')
      .optional(),
    /** Capacity that AWS may take back within two minutes. For rehearsals only. */
    spot: z.boolean('expected true or false').default(false),
    architecture: z.enum(['x64', 'arm64'], 'expected x64 or arm64').default('x64'),
  }),
  network: z.strictObject({
    /** Availability zones by name, two to six. */
    zones: z
      .array(z.string('expected a zone like us-east-1a'), 'expected two to six zones like [us-east-1a, us-east-1b]')
      .min(2, 'expected two to six zones')
      .max(6, 'expected two to six zones'),
    /** How workers reach Apple and Google: see `network-stack.ts`. */
    egress: z.enum(['public', 'ipv6', 'nat'], 'expected public, ipv6 or nat').default('public'),
    /** Addresses of the VPC. */
    cidr: z
      .string()
      .regex(/^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-2])$/, 'expected an IPv4 network of /16 to /22 like 10.80.0.0/16')
      .default('10.80.0.0/16'),
  }),
  second_region: z
    .strictObject({
      /** Where the table of homes has its third voice: none of the two, and of their group (docs/facts.md#dynamodb-mrsc). */
      witness: region,
      /** Where the launch is: there bots run. Absent: in the home; after a take-over the standby, in both files. */
      active: region.optional(),
    })
    .optional(),
  data: z
    .strictObject({
      /** Audiences hold device tokens: they are deleted after so long. */
      keep_days: count(14, 3_650, 'days').default(90),
    })
    .prefault({}),
  audience: z
    .strictObject({
      /** Tables of this account that audiences are read from (`npm run audience -- compile --device-table`). */
      device_tables: z
        .array(
          z.string('expected the name of a table').regex(/^[A-Za-z0-9_.-]{3,255}$/, 'expected the name of a table'),
        )
        .default([]),
    })
    .prefault({}),
  slack: z
    .strictObject({
      /** Alarms are posted by the incoming webhook that is one of the secrets, into the channel that it is of. */
      warnings: z.boolean('expected true or false').default(false),
      connections: count(1, 10, 'sockets to Slack').default(2),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      mail: z.array(mail).default([]),
      /** Pages go to PagerDuty; its routing key is one of the secrets. */
      pagerduty: z.boolean('expected true or false').default(false),
    })
    .prefault({}),
  /** Where bot and workers send the traces of shots: X-Ray of this region, another collector that takes OTLP over HTTP, or nowhere. */
  traces: z
    .union(
      [z.literal('none'), z.literal('xray'), z.url({ protocol: /^https?$/ })],
      'expected none, xray, or the address of a collector like http://collector.internal:4318',
    )
    .default('none'),
  budget: z.strictObject({
    /** From the first deployment to the last stack, in US dollars. A configuration that costs more is not deployed. */
    usd: count(1, 10_000_000, 'US dollars'),
    /** How long the stacks stand. */
    stack_days: count(1, 366, 'days').default(14),
    /** How long the workers stand, if the runbook has no steps that say it. */
    fleet_hours: count(1, 720, 'hours').optional(),
    /** A table of prices of one's own, beside this file. Absent: those of this version, if it has the region. */
    prices: z.string('expected the path of a table of prices').optional(),
  }),
});

export type LaunchConfig = z.output<typeof launchConfig>;
