import { readPrices } from '../../infra/runbook/read-prices.ts';
import { eventCost, instanceHour } from '../../runbooks/cost/event-cost.ts';
import type { CostQuestion } from '../../runbooks/cost/event-cost.ts';
import { NO_PRICES, pricesOf, US_EAST_1 } from '../../runbooks/cost/prices.ts';
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
  'instance-type': {
    shape: reading((found) => ({ ok: true, value: found })).optional(),
    say: 'workers on instances of EC2 of this type, one each (default: on Fargate)',
  },
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
    say: 'a file of prices instead (JSON or YAML), for another region or your own contract',
  },
} as const;

export interface CostFound {
  'memory-gib': number;
  cpu: 'x64' | 'arm64';
  'instance-type'?: string | undefined;
  hours: number;
  'bot-hours': number;
  'stack-days': number;
  egress: 'public' | 'ipv6' | 'nat';
  zones: number;
  'warm-writes': number;
  region: string;
  prices?: Prices | undefined;
}

function pricesFrom(path: string): { ok: true; value: Prices } | { ok: false; expected: string } {
  const read = readPrices(path, null);
  return read.ok
    ? { ok: true, value: read.prices }
    : { ok: false, expected: `prices like \`npm run size -- --show-prices\` prints:\n${read.problems.join('\n')}` };
}

/** The tables that a price file is made from. */
export const shownPrices = (): string => JSON.stringify(US_EAST_1, null, 2);

/** A region without a table is no reason to say nothing of the rest. */
export function costWords(
  found: CostFound,
  { devices, tasks, cores, standby }: { devices: number; tasks: number; cores: number; standby: boolean },
): string {
  const prices = pricesOf(found.region, found.prices);
  if (prices === null) return `cost        ${NO_PRICES(found.region)}, then --prices prices.json`;
  const instance = found['instance-type'];
  if (instance !== undefined && instanceHour(instance, prices) === null)
    return `cost        no price of ${instance} in ${prices.region} is known here, only of ${Object.keys(prices.ec2 ?? {}).join(', ') || 'no instance'}: add it to ec2 of a table of your own (--show-prices, then --prices)`;
  const event: CostQuestion = {
    workers: {
      tasks,
      vcpu: cores,
      gib: found['memory-gib'],
      cpu: found.cpu,
      hours: found.hours,
      spot: false,
      ...(instance === undefined ? {} : { instance }),
    },
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
      name: `infrastructure only${instance === undefined ? ', on Spot' : ''}`,
      cost: eventCost({ ...rehearsal, workers: { ...event.workers, spot: true }, devices: 0 }, prices),
    },
    ...(standby ? [{ name: 'standby, idle', cost: eventCost(standbyOf(event), prices) }] : []),
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
    ...(standby ? [standbyWords(event, prices)] : []),
  ].join('\n');
}

/** Stacks without a task, the audience once more, and a claims table that is as warm. After a take-over the event runs there, and costs there what it does here. */
const standbyOf = (event: CostQuestion): CostQuestion => ({
  ...event,
  workers: { ...event.workers, tasks: 0 },
  bot: { ...event.bot, tasks: 0 },
  devices: 0,
});

function standbyWords({ audienceBytes }: CostQuestion, { region, network: { gibToRegion } }: Prices): string {
  const gib = audienceBytes / 1024 ** 3;
  const copied = gibToRegion === undefined ? 'has no price here' : `costs ${dollars(gib * gibToRegion)} once`;
  return `            The standby is priced as in ${region}; what is copied to it (${gib.toFixed(2)} GiB an audience) ${copied}. A take-over moves the event there, it adds no second one.`;
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
