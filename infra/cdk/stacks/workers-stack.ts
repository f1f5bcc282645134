import { Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights, FargateService } from 'aws-cdk-lib/aws-ecs';
import type { BaseService, ICluster } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { standsBy } from '../config-rules.ts';
import type { Deployment } from '../read-config.ts';
import { workerService } from '../run/account-names.ts';
import { Instances } from '../run/instances.ts';
import { placement } from '../run/place.ts';
import type { Place } from '../run/place.ts';
import { mayProtectItself } from '../run/task.ts';
import { workerTask } from '../run/worker-task.ts';

/**
 * The workers, in a cluster of their own, under the names that the runbook scales. Their service is registered with Application Auto
 * Scaling, so that a bot can have AWS do the steps to come by itself (`bot/conductor/watches/schedule-ahead.ts`).
 */
export class WorkersStack extends Stack {
  readonly #deployment: Deployment;
  readonly #place: Place;
  readonly #cluster: Cluster;
  readonly #instances: Instances | null;

  constructor(scope: Construct, id: string, deployment: Deployment, place: Place, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    this.#deployment = deployment;
    this.#place = place;
    const names = workerService(deployment);
    const { config } = deployment;
    this.#cluster = new Cluster(this, 'cluster', {
      clusterName: names.cluster,
      vpc: place.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
      enableFargateCapacityProviders: config.workers.launch === 'fargate',
    });
    this.#instances =
      config.workers.launch === 'ec2' ? new Instances(this, 'instances', deployment, place, this.#cluster) : null;
    const isIdle = standsBy(config, deployment.runbook);
    const service = this.#service('service', names.service, config.images.worker, isIdle ? 0 : undefined);
    // Where nothing is sent nothing comes up: who takes the launch over orders the workers.
    if (!isIdle) service.autoScaleTaskCount({ minCapacity: 0, maxCapacity: config.workers.count });
    if (config.images.canary !== undefined) this.#service('canary', `${names.service}-canary`, config.images.canary, 1);
  }

  /** No count of the fleet is written down: a deployment leaves what runs. The first one starts a single worker. */
  #service(id: string, serviceName: string, image: string, desiredCount?: number): BaseService {
    const { config } = this.#deployment;
    const task = workerTask(this, id, this.#deployment, image);
    mayProtectItself(task, this.#deployment, workerService(this.#deployment).cluster);
    const common = {
      serviceName,
      // The library's own types don't hold under exactOptionalPropertyTypes.
      cluster: this.#cluster as ICluster,
      ...(desiredCount === undefined ? {} : { desiredCount }),
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
    };
    if (this.#instances !== null) return this.#instances.service(`${id}-service`, { ...common, taskDefinition: task });
    const group = new SecurityGroup(this, `${id}-group`, {
      vpc: this.#place.vpc,
      description: 'Workers: out to Apple, Google and AWS',
    });
    return new FargateService(this, `${id}-service`, {
      ...common,
      taskDefinition: task,
      capacityProviderStrategies: [{ capacityProvider: config.workers.spot ? 'FARGATE_SPOT' : 'FARGATE', weight: 1 }],
      ...placement(this.#place, group),
    });
  }
}
