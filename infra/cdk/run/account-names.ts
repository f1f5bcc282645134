import { Aws } from 'aws-cdk-lib';
import { automationsOf } from '../../aws/access/automations-of.ts';
import type { AccountNames } from '../../aws/access/resources.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';
import { rereadSecrets } from '../secret-names.ts';

/** What roles are scoped to: the names of this deployment, what its runbook scales, and the task that the process itself may start. */
export function accountNames(deployment: Deployment, audienceTask: AccountNames['audienceTask'] = null): AccountNames {
  const { config, runbook } = deployment;
  const names = namesOf(deployment);
  const targets = runbook.scale_targets;
  return {
    partition: Aws.PARTITION,
    region: config.region,
    ...otherRegion(deployment),
    account: config.account,
    tablePrefix: names.tablePrefix,
    bucket: names.bucket,
    pools: [names.pool],
    providerSecrets: rereadSecrets(config).worker,
    slackSecrets: rereadSecrets(config).bot,
    deviceTables: config.audience.device_tables,
    audienceTask,
    automations: automationsOf(runbook),
    scaled: {
      services: targets.flatMap((one) => (one.kind === 'ecs-service' ? [one] : [])),
      groups: targets.flatMap((one) => (one.kind === 'auto-scaling-group' ? [one.group] : [])),
      tables: targets.flatMap((one) => (one.kind === 'dynamodb-table' ? [one.table] : [])),
    },
  };
}

function otherRegion({ config, runbook: { regions } }: Deployment): { otherRegion?: string } {
  if (regions === undefined) return {};
  return { otherRegion: config.region === regions.home ? regions.standby : regions.home };
}

/** The ECS service that the runbook scales for its pool: what the workers' one is called. Without one (`config-rules.ts` refuses that) both have the pool's name. */
export function workerService({ runbook }: Deployment): { cluster: string; service: string } {
  const target = runbook.scale_targets.find(({ id }) => id === runbook.pool.scale_target);
  return target?.kind === 'ecs-service' ? target : { cluster: runbook.pool.name, service: runbook.pool.name };
}
