import type { AccountNames } from '../aws/access/resources.ts';
import type { FoundTask } from './judge/audience-task.ts';
import type { Subject } from './subject-shape.ts';

/** What rights are asked for, in the account that is looked at. `task`: what the bot starts; null: nothing is known of it. */
export function accountNames(
  { cloud, pool, scaled, automations, regions, secrets }: Subject,
  account: string,
  task: FoundTask | null,
): AccountNames {
  const other = regions === null ? undefined : otherRegion(regions, cloud.region);
  return {
    partition: partitionOf(cloud.region),
    region: cloud.region,
    ...(other === undefined ? {} : { otherRegion: other }),
    account,
    tablePrefix: cloud.tablePrefix,
    bucket: cloud.bucket,
    pools: [pool],
    providerSecrets: secrets.worker,
    slackSecrets: secrets.bot,
    scaled,
    automations,
    deviceTables: [],
    audienceTask: cloud.audienceTask == null ? null : { ...cloud.audienceTask, roles: task?.roles ?? [] },
  };
}

/** Undefined: this one is neither. */
export function otherRegion(regions: { home: string; standby: string }, here: string): string | undefined {
  if (here === regions.home) return regions.standby;
  return here === regions.standby ? regions.home : undefined;
}

/** Of ARNs. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
