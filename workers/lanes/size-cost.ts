import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { eventCost } from '../../runbooks/cost/event-cost.ts';
import type { CostQuestion } from '../../runbooks/cost/event-cost.ts';
import { pricesOf, US_EAST_1 } from '../../runbooks/cost/prices.ts';
import type { Prices } from '../../runbooks/cost/prices.ts';
import { figure, positive, reading, whole } from './size-options.ts';

/** What `npm run size` says of money: the event and two kinds of rehearsal, by service. */

const text = <const T extends readonly string[]>(...words: T) =>
  reading<T[number]>((found) =>
    words.includes(found) ? { ok: true, value: found } : { ok: false, expected: words.join(', ') },
  );

export const COST_OPTIONS = {
  'memory-gib': { shape: positive.default(8), say: 'memory of a task (default 8)' },
  cpu: { shape: text('x64', 'arm64').default('x64'), say: 'x64 or arm64 (default x64)' },
  hours: { shape: figure(0).default(5), say: 'from the scale-up to the scale-down (default 5)' },
  'bot-hours': { shape: figure(0).default(48), say: 'that two bots run for (default 48)' },
  'stack-days': { shape: figure(0).default(14), say: 'that the stack stands for (default 14)' },
  egress: { shape: text('public', 'ipv6', 'nat').default('public'), say: 'public, ipv6 or nat (default public)' },
  zones: { shape: whole(1, 6).default(3), say: 'availability zones (default 3)' },
  'warm-writes': {
    shape: figure(0).default(4_000),
    say: 'write units a second that the claims table stands ready for',
  },
  region: { shape: reading((found) => ({ ok: true, value: found })).default('us-east-1'), say: 'of the prices' },
  prices: {
    shape: reading<Prices>(pricesFrom).optional(),
    say: 'a JSON file of prices instead, for another region or your own contract',
  },
} as const;

export interface CostFound {
  'memory-gib': number;
  cpu: 'x64' | 'arm64';
  hours: number;
  'bot-hours': number;
  'stack-days': number;
  egress: 'public' | 'ipv6' | 'nat';
  zones: number;
  'warm-writes': number;
  region: string;
  prices?: Prices | undefined;
}

const usd = z.number().min(0);
const cpu = z.strictObject({ vcpuHour: usd, gibHour: usd });
/** A price file: all of it, so that nothing is taken from another region in silence. */
const PRICES = z.strictObject({
  region: z.string(),
  asOf: z.iso.date(),
  fargate: z.strictObject({ x64: cpu, arm64: cpu, spotPart: z.number().min(0).max(1) }),
  dynamo: z.strictObject({
    perMillionWrites: usd,
    perMillionReads: usd,
    warmWrite: usd,
    warmRead: usd,
    writeUnitHour: usd,
    readUnitHour: usd,
  }),
  sqs: z.strictObject({ perMillionStandard: usd, perMillionFifo: usd }),
  s3: z.strictObject({ perThousandPuts: usd, perThousandGets: usd, gibMonth: usd }),
  network: z.strictObject({ gibOut: usd, publicIpv4Hour: usd, natHour: usd, natGib: usd, loadBalancerHour: usd }),
  secretMonth: usd,
  alarmMonth: usd,
}) satisfies z.ZodType<Prices>;

function pricesFrom(path: string): { ok: true; value: Prices } | { ok: false; expected: string } {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return {
      ok: false,
      expected: `a file of prices in JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const read = PRICES.safeParse(found);
  if (read.success) return { ok: true, value: read.data };
  const [issue] = read.error.issues;
  return {
    ok: false,
    expected: `prices like \`npm run size -- --show-prices\` prints; ${issue?.path.join('.')}: ${issue?.message}`,
  };
}

/** The tables that a price file is made from. */
export const shownPrices = (): string => JSON.stringify(US_EAST_1, null, 2);

/** A region without a table is no reason to say nothing of the rest. */
export function costWords(
  found: CostFound,
  { devices, tasks, cores }: { devices: number; tasks: number; cores: number },
): string {
  const prices = found.prices ?? pricesOf(found.region);
  if (prices === null)
    return `cost        no prices of ${found.region} are in this version, only of ${US_EAST_1.region}: give a file with --prices (start from --show-prices)`;
  const event: CostQuestion = {
    workers: { tasks, vcpu: cores, gib: found['memory-gib'], cpu: found.cpu, hours: found.hours, spot: false },
    bot: { tasks: 2, vcpu: 0.5, gib: 1, cpu: found.cpu, hours: found['bot-hours'], spot: false },
    devices,
    batchSize: 1_000,
    warm: { reads: 12_000, writes: found['warm-writes'] },
    audienceBytes: devices * AUDIENCE_BYTES,
    egress: found.egress,
    zones: found.zones,
    stackHours: found['stack-days'] * 24,
    loadBalancer: false,
  };
  // Bot, stack and warmed table stand already; a rehearsal adds what it runs.
  const rehearsal: CostQuestion = { ...event, bot: { ...event.bot, hours: 0 }, warm: NOT_WARMED, stackHours: 0 };
  const columns = [
    { name: 'event', cost: eventCost(event, prices) },
    { name: 'rehearsal to all', cost: eventCost(rehearsal, prices) },
    {
      name: 'infrastructure only, on Spot',
      cost: eventCost({ ...rehearsal, workers: { ...event.workers, spot: true }, devices: 0 }, prices),
    },
  ];
  const rows = (columns[0]?.cost.lines ?? []).map(({ service, of }) => [
    service,
    ...columns.map(({ cost }) => dollars(cost.lines.find((line) => line.service === service)?.usd ?? 0)),
    of,
  ]);
  return [
    `cost        US dollars, ${prices.region}, on demand, without tax; prices of ${prices.asOf}`,
    ...table([
      ['', ...columns.map(({ name }) => name), 'of the event'],
      ...rows,
      ['in all', ...columns.map(({ cost }) => dollars(cost.usd)), ''],
    ]),
  ].join('\n');
}

/** Packed: a token, its locale and its user. */
const AUDIENCE_BYTES = 80;
const NOT_WARMED = { reads: 0, writes: 0 };

const dollars = (value: number): string => (value > 0 && value < 0.01 ? '< 0.01' : value.toFixed(2));

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === 0 || at === row.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
