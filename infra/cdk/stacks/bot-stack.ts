import { Duration, Stack, Validations } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  Cluster,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import { ApplicationLoadBalancer, ApplicationProtocol, SslPolicy } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { IMAGES, NODE } from '../../images/contents.ts';
import { standsBy } from '../config-rules.ts';
import { envOutput } from '../env-file.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';
import { AudienceTask } from '../run/audience-task.ts';
import { botSecrets } from '../run/kept-secrets.ts';
import { placement } from '../run/place.ts';
import type { Place } from '../run/place.ts';
import { secretArns, taskSecrets } from '../run/secrets.ts';
import { addProcess, mayProtectItself } from '../run/task.ts';
import { slackSecrets } from '../secret-names.ts';

/** One leads, the other takes over. */
const BOTS = 2;
const PORT = 3_000;

/** The bot in a cluster of its own, and the task that it may start to compile an audience. */
export class BotStack extends Stack {
  constructor(scope: Construct, id: string, deployment: Deployment, place: Place, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const cluster = new Cluster(this, 'cluster', {
      clusterName: botCluster(deployment),
      vpc: place.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    const audience = new AudienceTask(this, 'audience', deployment, place, botCluster(deployment));
    const bot = new BotService(this, 'bot', deployment, { place, cluster: cluster as ICluster, audience });
    // Whose rights `npm run doctor` looks at.
    envOutput(this, 'GOBUTTON_BOT_ROLE', bot.task.taskRole.roleArn);
  }
}

const botCluster = (deployment: Deployment): string => namesOf(deployment).botCluster;

/** Two tasks. With Socket Mode they call Slack and nothing calls them; with HTTP they stand behind a load balancer. */
class BotService extends Construct {
  readonly task: FargateTaskDefinition;

  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    { place, cluster, audience }: { place: Place; cluster: ICluster; audience: AudienceTask },
  ) {
    super(scope, id);
    const { config, runbook } = deployment;
    const { bot } = config;
    this.task = new FargateTaskDefinition(this, 'task', {
      family: `${config.name}-bot`,
      cpu: bot.vcpu * 1_024,
      memoryLimitMiB: bot.memory_mib,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const { task } = this;
    addProcess(task, deployment, {
      process: 'bot',
      image: config.images.bot,
      entryPoint: [NODE, ...IMAGES.bot.command],
      port: PORT,
      audienceTask: audience.names,
      environment: {
        SLACK_MODE: bot.receive,
        SLACK_CONNECTIONS: String(config.slack.connections),
        BOT_HOST: '0.0.0.0',
        BOT_PORT: String(PORT),
        ...(bot.public_url === undefined ? {} : { GOBUTTON_PUBLIC_URL: bot.public_url }),
        ...secretArns(config, slackSecrets(bot.receive)),
        ...audience.environment,
        ...priceVariables(deployment),
        ...overQuotas(deployment),
      },
      secrets: taskSecrets(this, config.name, botSecrets(deployment)),
    });
    mayProtectItself(task, deployment, botCluster(deployment));
    const group = new SecurityGroup(this, 'group', {
      vpc: place.vpc,
      description: `Bot of ${runbook.id}: out to Slack and AWS`,
    });
    const service = new FargateService(this, 'service', {
      serviceName: namesOf(deployment).botService,
      cluster,
      taskDefinition: task,
      // A bot that stands by would take presses from the one that leads.
      desiredCount: standsBy(config, runbook) ? 0 : BOTS,
      // A new one is there before an old one goes: a deployment is no time without a bot.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      ...placement(place, group),
    });
    if (bot.receive === 'http') this.#loadBalancer(deployment, place, service);
  }

  #loadBalancer({ config }: Deployment, { vpc }: Place, service: FargateService): void {
    const balancer = new ApplicationLoadBalancer(this, 'balancer', {
      loadBalancerName: `${config.name}-bot`,
      vpc,
      internetFacing: true,
      dropInvalidHeaderFields: true,
    });
    const listener = balancer.addListener('https', {
      port: 443,
      protocol: ApplicationProtocol.HTTPS,
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      certificates: [{ certificateArn: config.bot.certificate ?? '' }],
    });
    listener.addTargets('bot', {
      port: PORT,
      protocol: ApplicationProtocol.HTTP,
      targets: [service],
      healthCheck: { path: '/ready', interval: Duration.seconds(10), healthyThresholdCount: 2 },
      // Slack wants its answer within three seconds: nothing under way takes longer.
      deregistrationDelay: Duration.seconds(10),
    });
    Validations.of(balancer).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-EC23',
        reason: 'Slack names no addresses that it calls from; every request is signed, and the bot checks that.',
      },
      {
        id: 'AwsSolutions::AwsSolutions-ELB2',
        reason: 'The record holds every press and refusal with its author, which is more than an access log has.',
      },
    );
  }
}

/** So that the room of each open launch hears of them (bot/conductor/watches/deployment-watch.ts). */
const overQuotas = ({ overQuotas: over = [] }: Deployment): Record<string, string> =>
  over.length === 0 ? {} : { GOBUTTON_OVER_QUOTAS: over.join('; ') };

/** So that the board and the last line of the record go by the prices that the budget goes by. */
const priceVariables = ({ config: { workers }, prices }: Deployment): Record<string, string> => ({
  ...(prices === undefined ? {} : { GOBUTTON_PRICES: JSON.stringify(prices) }),
  ...(workers.launch === 'ec2' && workers.instance_type !== undefined
    ? { GOBUTTON_WORKER_INSTANCE: workers.instance_type }
    : {}),
});
