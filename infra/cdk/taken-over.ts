import { standsBy } from './config-rules.ts';
import { namesOf } from './names.ts';
import type { Work } from './work.ts';

/**
 * A deployment of a region that stands by sets its bots to none. After a take-over they run there, started by hand, and a file that
 * nobody has told of it would stop them in the middle of the launch. Null: nothing is lost.
 */
export async function takenOverProblem({
  account,
  deployment,
}: Pick<Work, 'account' | 'deployment'>): Promise<string | null> {
  const { config, runbook } = deployment;
  if (!standsBy(config, runbook)) return null;
  const { botCluster, botService } = namesOf(deployment);
  const bots = await account.desired(botCluster, botService);
  if (bots === null || bots === 0) return null;
  const active = config.second_region?.active ?? runbook.regions?.home ?? 'the other region';
  return `${bots} bots run in ${config.region}, and by this configuration the launch is in ${active}: a deployment would stop them. If ${config.region} has taken the launch over, say so in the files of both regions, second_region: { active: ${config.region} }. If it has not, stop them first: aws ecs update-service --region ${config.region} --cluster ${botCluster} --service ${botService} --desired-count 0`;
}
