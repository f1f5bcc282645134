import { instanceHour, taskHour } from '../../runbooks/cost/event-cost.ts';
import { botUse, costOf, costWords, dollars, pricesFor, workerUse } from './budget.ts';
import { freezeOf } from './freeze.ts';
import { imageWarnings } from './image-names.ts';
import { fleetOf } from './needs.ts';
import type { Deployment } from './read-config.ts';

/** What a configuration stands up and costs, and what of it may not be meant: a few lines for people. */
export function summaryWords(deployment: Deployment, nowMs: number): string[] {
  const { config } = deployment;
  const { workers, bot } = config;
  const { tasks, vcpu, wanted, bound } = fleetOf(deployment);
  const on = workers.launch === 'ec2' ? `EC2, ${workers.instance_type}` : workers.spot ? 'Fargate Spot' : 'Fargate';
  return [
    `tasks: ${tasks} workers of ${vcpu} vCPU and ${workers.memory_mib / 1_024} GiB on ${on} (${tasks * vcpu} vCPU); ${botUse(deployment).tasks} bots of ${bot.vcpu} vCPU`,
    ...hourWords(deployment),
    costWords(costOf(deployment), deployment),
    ...[
      ...(tasks < wanted
        ? [
            `${wanted} workers of this size are what the sizing asks for, bound by ${bound} (npm run size): see workers.count and size.`,
          ]
        : []),
      ...(kickoffProblem(deployment, nowMs) === null ? [] : [`The kickoff is over: deploy will refuse it.`]),
      ...imageWarnings(config),
    ].map((line) => `look: ${line}`),
  ];
}

/** Tasks and instances alone. */
function hourWords(deployment: Deployment): string[] {
  const prices = pricesFor(deployment);
  if (prices === null) return [];
  const [workers, bots] = [workerUse(deployment), botUse(deployment)].map((use) => {
    const hour = use.instance === undefined ? taskHour(use, prices) : instanceHour(use.instance, prices);
    return hour === null ? null : use.tasks * hour;
  });
  if (workers === null) return [];
  return [
    `an hour: ${dollars((workers ?? 0) + (bots ?? 0))} while the workers stand, ${dollars(bots ?? 0)} without them`,
  ];
}

/** A freeze that is over freezes nothing. Null: it is still to come, or not over yet. */
export function kickoffProblem(deployment: Deployment, nowMs: number): string | null {
  const { untilMs, kickoffMs } = freezeOf(deployment);
  if (nowMs < untilMs) return null;
  return `kickoff: found ${new Date(kickoffMs).toISOString().slice(0, 16).replace('T', ' ')} UTC, which is over, expected one to come: the freeze of deployments goes by it. Write the next one into launch.yaml; a rehearsal has one too.`;
}
