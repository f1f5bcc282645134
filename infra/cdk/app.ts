import { App, LegacyStackSynthesizer, Tags, Validations } from 'aws-cdk-lib';
import type { IStackSynthesizer } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { namesOf, TAGS } from './names.ts';
import type { Deployment } from './read-config.ts';
import { BotStack } from './stacks/bot-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { QueuesStack } from './stacks/queues-stack.ts';
import { WatchStack } from './stacks/watch-stack.ts';
import { WorkersStack } from './stacks/workers-stack.ts';

/** All stacks of a deployment. Needs no account and no network; the same deployment gives the same templates. */
export function createApp(deployment: Deployment, outdir: string): App {
  const { config, runbook } = deployment;
  const names = namesOf(deployment);
  const app = new App({
    outdir,
    analyticsReporting: false,
    // Access logs by policy: buckets then need no access control lists.
    context: { '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true },
  });
  const props = () => ({
    env: { account: config.account, region: config.region },
    // Templates go with the call that deploys them, by whoever calls: an account needs no preparation by the CDK, and none may
    // be larger than such a call. The library's own types don't hold under exactOptionalPropertyTypes.
    synthesizer: new LegacyStackSynthesizer() as IStackSynthesizer,
  });
  for (const [key, value] of [
    [TAGS.name, config.name],
    [TAGS.runbook, runbook.id],
    [TAGS.pool, runbook.pool.name],
  ] as const)
    Tags.of(app).add(key, value);
  const network = new NetworkStack(app, names.stacks.network, deployment, props());
  new DataStack(app, names.stacks.data, deployment, props());
  new QueuesStack(app, names.stacks.queues, deployment, props());
  const watch = new WatchStack(app, names.stacks.watch, deployment, props());
  // The library's own types don't hold under exactOptionalPropertyTypes.
  const place = { vpc: network.vpc as IVpc, tasks: network.tasks };
  const bot = new BotStack(app, names.stacks.bot, deployment, place, props());
  // Silence wakes somebody: alarms come after the bot that they listen to, and end before it.
  watch.addStackDependency(bot);
  new WorkersStack(app, names.stacks.workers, deployment, place, props());
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  Validations.of(app).acknowledge({
    id: 'CloudFormation-Validate::W3010',
    reason: 'The zones are chosen in the configuration: synthesis asks no account for them.',
  });
  return app;
}
