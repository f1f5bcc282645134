import type { Line } from '../doctor/judge/line.ts';
import { needOf } from '../doctor/judge/need.ts';
import type { Need } from '../doctor/judge/need.ts';
import { judgeQuotas } from '../doctor/judge/quotas.ts';
import { ASK_LIMIT_MS } from '../doctor/measure/ask.ts';
import { doctorClients } from '../doctor/measure/aws-clients.ts';
import { findQuotas } from '../doctor/measure/aws.ts';
import { namesOf } from './names.ts';
import { tasksOf } from './needs.ts';
import type { Deployment } from './read-config.ts';
import type { Work } from './work.ts';

/** `over`: what is short and deployed over by name, in words. */
interface Quotas {
  problem: string | null;
  over: readonly string[];
}

/**
 * The account's quotas against what is configured, by the doctor's rule. A fleet that can't come is no deployment, unless somebody
 * says by the quota's name that Service Quotas is wrong; what could not be asked is said, and is the doctor's to find out.
 */
export async function askQuotas({
  deployment,
  env,
  options,
  say,
}: Pick<Work, 'deployment' | 'env' | 'say'> & { options: Pick<Work['options'], 'overQuotas'> }): Promise<Quotas> {
  const { config } = deployment;
  const { bucket, tablePrefix } = namesOf(deployment);
  const endpoint = env['AWS_ENDPOINT_URL'] ?? null;
  const clients = doctorClients({ endpoint, region: config.region, tablePrefix, bucket }, ASK_LIMIT_MS);
  try {
    const [fargate, ecs, dynamodb] = await Promise.all([
      findQuotas(clients, 'fargate'),
      findQuotas(clients, 'ecs'),
      findQuotas(clients, 'dynamodb'),
    ]);
    const lines = judgeQuotas({ fargate, ecs, dynamodb }, needFor(deployment), {
      region: config.region,
      isSpot: config.workers.spot,
      // The stacks' tables are on demand.
      provisioned: { writes: 0, reads: 0 },
    }).filter(({ id }) => config.workers.launch === 'fargate' || !OF_FARGATE.has(id));
    for (const { state, title, found } of lines)
      if (state === 'unknown') say(`not known, so not held against it: ${title} (${found}). npm run doctor says more`);
    return judged(lines, options.overQuotas, say);
  } finally {
    clients.destroy();
  }
}

function judged(lines: readonly Line[], overQuotas: readonly string[], say: Work['say']): Quotas {
  const short = lines.filter(({ state }) => state === 'wrong');
  // A name that is always given would go over what nobody has looked at.
  const idle = overQuotas
    .filter((id) => !short.some((line) => line.id === id))
    .map((id) => {
      const line = lines.find((one) => one.id === id);
      if (line === undefined) return `--over-quota ${id}: this configuration does not come near it. Leave it out.`;
      return `--over-quota ${id}: it is not short (found ${line.found}, needed ${line.needed}). Leave it out.`;
    });
  if (idle.length > 0) return { problem: idle.join('\n'), over: [] };
  const kept = short.filter(({ id }) => !overQuotas.includes(id));
  if (kept.length > 0) {
    const rows = kept.map(
      ({ title, found, needed, fix }) => `  ${title}: found ${found}, needed ${needed}\n    ${fix}`,
    );
    const names = short.map(({ id }) => `--over-quota ${id}`).join(' ');
    return {
      problem: `The account's quotas are below what this configuration needs:\n${rows.join('\n')}\nMake it smaller, or have them raised, which takes days; npm run doctor -- --config writes the letters. If it is Service Quotas that has a wrong figure: ${names}. The room is told.`,
      over: [],
    };
  }
  const over = short.map(({ title, found, needed }) => `${title} (found ${found}, needed ${needed})`);
  for (const words of over) say(`deployed over a quota that is short: ${words}. Launches that are open are told`);
  return { problem: null, over };
}

/** What instances don't count against. */
const OF_FARGATE: ReadonlySet<string> = new Set([
  'quotas.fargate-vcpus',
  'quotas.fargate-spot-vcpus',
  'quotas.launch-rate',
]);

function needFor({ config, runbook }: Deployment): Need | null {
  const { size, workers } = config;
  return needOf(
    { name: runbook.title, runbook, audience: null, targetAtMs: config.kickoff },
    {
      devices: size.devices,
      iosShare: size.ios_percent / 100,
      seconds: size.within / 1_000,
      latencyMs: size.latency,
      tasks: tasksOf(config),
      vcpusPerTask: workers.vcpu,
    },
  );
}
