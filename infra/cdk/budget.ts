import { eventCost } from '../../runbooks/cost/event-cost.ts';
import type { CostLine } from '../../runbooks/cost/event-cost.ts';
import { pricesOf } from '../../runbooks/cost/prices.ts';
import { fleetHours } from './config-rules.ts';
import { claimsWarmth } from './needs.ts';
import type { Deployment } from './read-config.ts';

export type Cost = { known: true; usd: number; asOf: string; lines: CostLine[] } | { known: false; why: string };

/** Bots run for as long as the stacks stand. */
const BOTS = 2;
/** Packed: a token, its locale and its user. */
const AUDIENCE_BYTES = 80;

/** What the deployment costs from its first day to its last. What nobody here knows the price of is said, never guessed. */
export function costOf(deployment: Deployment): Cost {
  const { config, runbook } = deployment;
  const { bot, workers, network, budget, size } = config;
  const prices = pricesOf(config.region);
  if (prices === null) return { known: false, why: `there are no prices of ${config.region} in this version` };
  if (workers.launch === 'ec2')
    return { known: false, why: `there is no price of ${workers.instance_type} instances in this version` };
  const stackHours = budget.stack_days * 24;
  const { usd, lines } = eventCost(
    {
      workers: {
        tasks: workers.count,
        vcpu: workers.vcpu,
        gib: workers.memory_mib / 1_024,
        cpu: workers.architecture,
        hours: fleetHours(config, runbook) ?? stackHours,
        spot: workers.spot,
      },
      bot: { tasks: BOTS, vcpu: bot.vcpu, gib: bot.memory_mib / 1_024, cpu: 'x64', hours: stackHours, spot: false },
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
  return { known: true, usd, asOf: prices.asOf, lines };
}

/** One line for people. */
export function costWords(cost: Cost, { config }: Deployment): string {
  if (!cost.known) return `cost: not held against the budget of ${dollars(config.budget.usd)}: ${cost.why}`;
  return `cost: ${dollars(cost.usd)} of ${dollars(config.budget.usd)}, at prices of ${cost.asOf}, without tax`;
}

/** Why the configuration is too dear, or null. */
export function budgetProblem(cost: Cost, { config }: Deployment): string | null {
  if (!cost.known || cost.usd <= config.budget.usd) return null;
  const most = cost.lines
    .filter(({ usd }) => usd >= 0.01)
    .map(({ service, usd, of }) => `  ${dollars(usd).padStart(10)}  ${service}: ${of}`);
  return `This configuration costs ${dollars(cost.usd)}, and budget.usd is ${dollars(config.budget.usd)}. Make it smaller, or raise the budget:\n${most.join('\n')}`;
}

const dollars = (usd: number): string =>
  `$${usd.toLocaleString('en-US', { maximumFractionDigits: 2, minimumFractionDigits: 2 })}`;
