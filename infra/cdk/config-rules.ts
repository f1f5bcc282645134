import { stepDueAtMs } from '../../runbooks/launch/plan-times.ts';
import type { Found } from '../../runbooks/playbook/checked-yaml.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { imageProblems } from './image-names.ts';
import { FARGATE_MIB } from './launch-config.ts';
import type { LaunchConfig } from './launch-config.ts';
import { natProblems } from './nat.ts';
import { SECRET_IDS, secretName } from './secret-names.ts';

/** What the fields of a configuration say of each other. */
export function configProblems(config: LaunchConfig): Found[] {
  return [
    ...nameProblems(config),
    ...zoneProblems(config),
    ...addressProblems(config),
    ...natProblems(config),
    ...botProblems(config),
    ...workerProblems(config),
    ...imageProblems(config),
  ];
}

/** Behind an ARN a dash and six characters are taken for the six that AWS adds (docs/facts.md#secret-partial-arn). */
function nameProblems({ name }: LaunchConfig): Found[] {
  const wrong = SECRET_IDS.map((id) => secretName(name, id)).find((secret) => /-.{6}$/.test(secret));
  if (wrong === undefined) return [];
  return [
    {
      path: ['name'],
      found: `${JSON.stringify(name)}, whose secret ${wrong} ends in a dash and six characters`,
      expected: 'another: Secrets Manager would take these for its own, and find no such secret',
    },
  ];
}

function zoneProblems({ region, network }: LaunchConfig): Found[] {
  return network.zones.flatMap((zone, at): Found[] => {
    const path = ['network', 'zones', at];
    if (!zone.startsWith(region) || !/^[a-z]$/.test(zone.slice(region.length)))
      return [{ path, found: JSON.stringify(zone), expected: `a zone of ${region}, like ${region}a` }];
    if (network.zones.indexOf(zone) < at)
      return [{ path, found: `${JSON.stringify(zone)} a second time`, expected: 'each zone once' }];
    return [];
  });
}

/** AWS keeps five of each subnet (docs/facts.md#subnet-addresses). */
const KEPT_ADDRESSES = 5;
/** Bots, balancer, gateways, the audience's task. */
const OTHER_ADDRESSES = 20;

/** With one zone lost, the workers still have to find room. */
function addressProblems({ network, workers }: LaunchConfig): Found[] {
  const subnets = network.zones.length * (network.egress === 'nat' ? 2 : 1);
  const bits = Number(network.cidr.split('/')[1]) + Math.ceil(Math.log2(subnets));
  const room = (network.zones.length - 1) * (2 ** (32 - bits) - KEPT_ADDRESSES);
  const wanted = workers.count + OTHER_ADDRESSES;
  if (wanted <= room) return [];
  return [
    {
      path: ['network', 'cidr'],
      found: `${network.cidr}, which has ${room} addresses without one of the ${network.zones.length} zones`,
      expected: `room for ${wanted}: a network up to /16`,
    },
  ];
}

function botProblems({ bot }: LaunchConfig): Found[] {
  const problems = fargateProblems(['bot'], bot);
  if (bot.receive === 'http' && bot.certificate === undefined)
    problems.push({
      path: ['bot', 'receive'],
      found: '"http" and no certificate',
      expected: 'certificate: the ARN of the one that the load balancer shows Slack',
    });
  if (bot.receive === 'socket' && bot.certificate !== undefined)
    problems.push({
      path: ['bot', 'certificate'],
      found: 'a certificate, and receive: socket',
      expected: 'none: with Socket Mode there is no load balancer',
    });
  return problems;
}

function workerProblems({ purpose, workers }: LaunchConfig): Found[] {
  const problems = workers.launch === 'fargate' ? fargateProblems(['workers'], workers) : [];
  if (workers.spot && purpose === 'event')
    problems.push({
      path: ['workers', 'spot'],
      found: 'true, for an event',
      expected: 'false: AWS may take Spot capacity back in the middle of the shot',
    });
  if (workers.launch === 'ec2' && workers.instance_type === undefined)
    problems.push({
      path: ['workers', 'launch'],
      found: '"ec2" and no instance_type',
      expected: 'instance_type, like c7g.2xlarge',
    });
  if (workers.launch === 'fargate' && workers.instance_type !== undefined)
    problems.push({
      path: ['workers', 'instance_type'],
      found: JSON.stringify(workers.instance_type),
      expected: 'none with fargate: its tasks have a vcpu and memory_mib',
    });
  return problems;
}

function fargateProblems(path: string[], { vcpu, memory_mib }: { vcpu: number; memory_mib: number }): Found[] {
  const sizes = FARGATE_MIB[String(vcpu)] ?? [];
  if (sizes.includes(memory_mib)) return [];
  return [
    {
      path: [...path, 'memory_mib'],
      found: `${memory_mib} with ${vcpu} vCPU`,
      expected: `one of Fargate's sizes for it: ${sizes.join(', ')}`,
    },
  ];
}

/** What the configuration says against its runbook. */
export function runbookProblems(config: LaunchConfig, runbook: Runbook): Found[] {
  return [
    ...regionProblems(config, runbook),
    ...poolProblems(runbook),
    ...countProblems(config, runbook),
    ...hoursProblems(config, runbook),
  ];
}

/** Groups of regions within which a table can be strongly consistent (docs/facts.md#dynamodb-mrsc). */
const GROUPS: readonly (readonly string[])[] = [
  ['us-east-1', 'us-east-2', 'us-west-2'],
  ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1'],
  ['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3'],
];

/** A launch with two regions is deployed twice, once in each, by the same runbook; both share the table of homes. */
function regionProblems({ region, second_region: second }: LaunchConfig, { id, regions }: Runbook): Found[] {
  if (regions === undefined)
    return second === undefined
      ? []
      : [
          {
            path: ['second_region'],
            found: `one, and none in the runbook ${id}`,
            expected: '`regions: { home, standby }` in the runbook, or no second_region here',
          },
        ];
  const both = [regions.home, regions.standby];
  const problems: Found[] = both.includes(region)
    ? []
    : [{ path: ['region'], found: region, expected: `${both.join(' or ')}: the regions of the runbook ${id}` }];
  const group = GROUPS.find((one) => both.every((name) => one.includes(name)));
  if (group === undefined)
    return [
      ...problems,
      {
        path: ['runbook'],
        found: `${id}, with the regions ${both.join(' and ')}`,
        expected: `two of one group: ${GROUPS.map((one) => one.join(', ')).join('; or ')}`,
      },
    ];
  const thirds = group.filter((name) => !both.includes(name));
  if (second === undefined)
    return [
      ...problems,
      {
        path: ['region'],
        found: `no second_region, and the runbook ${id} has two`,
        expected: `second_region: { witness: ${thirds.join(' or ')} }`,
      },
    ];
  if (second.active !== undefined && !both.includes(second.active))
    problems.push({
      path: ['second_region', 'active'],
      found: second.active,
      expected: `${both.join(' or ')}: where the launch is`,
    });
  if (!thirds.includes(second.witness))
    problems.push({
      path: ['second_region', 'witness'],
      found: second.witness,
      expected: `the third of their group: ${thirds.join(' or ')}`,
    });
  return problems;
}

/** Whether this region is the second one of its runbook: what both share is made by the first. */
export const isStandby = ({ region }: LaunchConfig, { regions }: Runbook): boolean => region === regions?.standby;

/** Whether nothing runs here, because the launch is in the other region: the standby before a take-over, the home after it. */
export const standsBy = ({ region, second_region: second }: LaunchConfig, { regions }: Runbook): boolean =>
  regions !== undefined && region !== (second?.active ?? regions.home);

/** The stack makes the service that the bot scales: of the same name, or there would be two. */
function poolProblems({ id, pool, scale_targets: targets }: Runbook): Found[] {
  if (targets.some((target) => target.id === pool.scale_target && target.kind === 'ecs-service')) return [];
  return [
    {
      path: ['runbook'],
      found: `${id}, whose pool is scaled by ${pool.scale_target}`,
      expected: 'a scale target of the kind ecs-service for the pool: the workers run on ECS',
    },
  ];
}

function countProblems(config: LaunchConfig, runbook: Runbook): Found[] {
  const wanted = Math.max(runbook.pool.workers, ...poolScaleSteps(runbook).map(({ to }) => to));
  if (config.workers.count >= wanted) return [];
  return [
    {
      path: ['workers', 'count'],
      found: String(config.workers.count),
      expected: `at least ${wanted}: what the runbook ${runbook.id} asks for`,
    },
  ];
}

function hoursProblems(config: LaunchConfig, runbook: Runbook): Found[] {
  if (fleetHours(config, runbook) !== null) return [];
  return [
    {
      path: ['budget'],
      found: 'no fleet_hours',
      expected: `fleet_hours: how long the workers stand, as the runbook ${runbook.id} has no step that takes them down`,
    },
  ];
}

const HOUR_MS = 3_600_000;

/** From the first workers of the plan to the last. Null: nobody says when they go. */
export function fleetHours({ budget }: LaunchConfig, runbook: Runbook): number | null {
  if (budget.fleet_hours !== undefined) return budget.fleet_hours;
  const steps = poolScaleSteps(runbook);
  const up = steps.find(({ to }) => to > 0);
  const down = steps.findLast(({ to }) => to === 0);
  return up === undefined || down === undefined || down.atMs <= up.atMs ? null : (down.atMs - up.atMs) / HOUR_MS;
}

/** When the runbook wants how many workers of its pool, in the order of time; from the target, in milliseconds. */
function poolScaleSteps(runbook: Runbook): { id: string; atMs: number; to: number }[] {
  const targetAtMs = runbook.target?.atMs ?? 0;
  return runbook.phases
    .flatMap(({ steps }) => steps)
    .flatMap((step) => {
      const { id, do: act } = step;
      if (act.kind !== 'scale' || act.target !== runbook.pool.scale_target) return [];
      return [{ id, atMs: stepDueAtMs({ targetAtMs, compress: 1, runbook }, step) - targetAtMs, to: act.to }];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}
