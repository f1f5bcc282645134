import { eventCost, instanceHour } from '../../runbooks/cost/event-cost.ts';
import type { CostLine, FleetUse } from '../../runbooks/cost/event-cost.ts';
import { NO_PRICES, pricesOf } from '../../runbooks/cost/prices.ts';
import type { Prices } from '../../runbooks/cost/prices.ts';
import { fleetHours } from './config-rules.ts';
import { claimsWarmth } from './needs.ts';
import type { Deployment } from './read-config.ts';

export type Cost =
  | {
      known: true;
      usd: number;
      asOf: string;
      lines: CostLine[];
      /** What runs, and is in no line. */ notPriced: string[];
    }
  | { known: false; why: string };

/** Bots run for as long as the stacks stand. */
const BOTS = 2;
/** Packed: a token, its locale and its user. */
const AUDIENCE_BYTES = 80;

/** Its own table, or that of this version; null: neither. */
export const pricesFor = ({ config, prices }: Deployment): Prices | null => pricesOf(config.region, prices);

/** What the deployment costs from its first day to its last. What nobody here knows the price of is said, never guessed. */
export function costOf(deployment: Deployment): Cost {
  const { config, runbook } = deployment;
  const { bot, workers, network, budget, size } = config;
  const prices = pricesFor(deployment);
  if (prices === null)
    return { known: false, why: `${NO_PRICES(config.region)} and name it, budget: { prices: prices.json }` };
  const stackHours = budget.stack_days * 24;
  const hours = fleetHours(config, runbook) ?? stackHours;
  const type = workers.launch === 'ec2' ? workers.instance_type : undefined;
  const isPriced = type === undefined || instanceHour(type, prices) !== null;
  // Beside the fleet, for as long as the stacks stand.
  const canaries = config.images.canary === undefined ? 0 : 1;
  const { usd, lines } = eventCost(
    {
      // Of an instance without a price what its worker asks of AWS is priced still.
      workers: workerUse(deployment),
      canary: { ...workerUse(deployment), tasks: canaries, hours: stackHours },
      bot: botUse(deployment),
      devices: size.devices,
      batchSize: runbook.delivery.batch_size,
      warm: claimsWarmth(deployment),
      audienceBytes: size.devices * AUDIENCE_BYTES,
      egress: network.egress,
      zones: network.zones.length,
      stackHours,
      loadBalancer: bot.receive === 'http',
    },
    prices,
  );
  const instances = `${workers.instance_type} for ${hours} h${canaries === 0 ? '' : `, and one for ${stackHours} h`}`;
  return { known: true, usd, asOf: prices.asOf, lines, notPriced: isPriced ? [] : [`${workers.count} ${instances}`] };
}

export function workerUse({ config, runbook }: Deployment): FleetUse {
  const { workers, budget } = config;
  return {
    tasks: workers.count,
    vcpu: workers.vcpu,
    gib: workers.memory_mib / 1_024,
    cpu: workers.architecture,
    hours: fleetHours(config, runbook) ?? budget.stack_days * 24,
    spot: workers.spot,
    ...(workers.launch === 'ec2' && workers.instance_type !== undefined ? { instance: workers.instance_type } : {}),
  };
}

export function botUse({ config: { bot, budget } }: Deployment): FleetUse {
  return {
    tasks: BOTS,
    vcpu: bot.vcpu,
    gib: bot.memory_mib / 1_024,
    cpu: 'x64',
    hours: budget.stack_days * 24,
    spot: false,
  };
}

/** One line for people. */
export function costWords(cost: Cost, { config }: Deployment): string {
  const budget = dollars(config.budget.usd);
  if (!cost.known) return `cost: not priced, so not held against the budget of ${budget}: ${cost.why}`;
  const known = `cost: ${dollars(cost.usd)} of ${budget}, at prices of ${cost.asOf}, without tax`;
  return cost.notPriced.length === 0
    ? known
    : `${known}; not priced, and to be held against the rest of it by you: ${cost.notPriced.join(', ')}`;
}

/** Why the configuration is too dear, or null. */
export function budgetProblem(cost: Cost, { config }: Deployment): string | null {
  if (!cost.known || cost.usd <= config.budget.usd) return null;
  const most = cost.lines
    .filter(({ usd }) => usd >= 0.01)
    .map(({ service, usd, of }) => `  ${dollars(usd).padStart(10)}  ${service}: ${of}`);
  const besides =
    cost.notPriced.length === 0 ? '' : `, without ${cost.notPriced.join(', ')}, of which no price is known,`;
  return `This configuration costs ${dollars(cost.usd)}${besides === '' ? ',' : besides} and budget.usd is ${dollars(config.budget.usd)}. Make it smaller, or raise the budget:\n${most.join('\n')}`;
}

export const dollars = (usd: number): string =>
  `$${usd.toLocaleString('en-US', { maximumFractionDigits: 2, minimumFractionDigits: 2 })}`;
