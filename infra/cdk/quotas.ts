import { needOf } from '../doctor/judge/need.ts';
import type { Need } from '../doctor/judge/need.ts';
import { judgeQuotas } from '../doctor/judge/quotas.ts';
import { ASK_LIMIT_MS } from '../doctor/measure/ask.ts';
import { doctorClients } from '../doctor/measure/aws-clients.ts';
import { findQuotas } from '../doctor/measure/aws.ts';
import { namesOf } from './names.ts';
import type { Deployment } from './read-config.ts';
import type { Work } from './work.ts';

/**
 * The account's quotas against what is configured, by the doctor's rule. A fleet that can't come is no deployment; what could not be
 * asked is said, and is the doctor's to find out.
 */
export async function quotaProblem({
  deployment,
  env,
  say,
}: Pick<Work, 'deployment' | 'env' | 'say'>): Promise<string | null> {
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
    const wrong = lines.filter(({ state }) => state === 'wrong');
    if (wrong.length === 0) return null;
    const rows = wrong.map(
      ({ title, found, needed, fix }) => `  ${title}: found ${found}, needed ${needed}\n    ${fix}`,
    );
    return `The account's quotas are below what this configuration needs:\n${rows.join('\n')}\nMake it smaller, or have them raised, which takes days; npm run doctor -- --config writes the letters.`;
  } finally {
    clients.destroy();
  }
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
      tasks: workers.count,
      vcpusPerTask: workers.vcpu,
    },
  );
}
