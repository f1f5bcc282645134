import { Fn } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CpuArchitecture, FargateTaskDefinition, OperatingSystemFamily } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { IMAGES, NODE } from '../../images/contents.ts';
import { audienceSize } from '../audience-size.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';
import type { Place } from './place.ts';
import { addProcess } from './task.ts';

const FOLDER = '/tmp';

/** Compiles an audience and ends: a task that is started for it, not a service. */
export class AudienceTask extends Construct {
  readonly #task: FargateTaskDefinition;
  readonly #cluster: string;
  readonly #place: Place;
  readonly #group: SecurityGroup;

  /** `cluster`: the name of the one that it is started in. */
  constructor(scope: Construct, id: string, deployment: Deployment, place: Place, cluster: string) {
    super(scope, id);
    const { config } = deployment;
    this.#cluster = cluster;
    this.#place = place;
    this.#task = new FargateTaskDefinition(this, 'task', {
      ...audienceSize(config.size.devices),
      family: namesOf(deployment).audienceFamily,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      // The one folder that it writes into.
      volumes: [{ name: 'temporary' }],
    });
    addProcess(this.#task, deployment, {
      process: 'audience',
      // The others have no DuckDB.
      image: config.images.audience,
      entryPoint: [NODE, ...IMAGES.audience.command],
      port: null,
      environment: { TMPDIR: FOLDER },
      secrets: {},
    }).addMountPoints({ sourceVolume: 'temporary', containerPath: FOLDER, readOnly: false });
    this.#group = new SecurityGroup(this, 'group', { vpc: place.vpc, description: 'Audience task: out to AWS' });
  }

  /** What its starter's role is scoped to: this task in this cluster, with its own two roles, and no other. */
  get names(): { cluster: string; family: string; roles: string[] } {
    const roles = [this.#task.taskRole.roleArn, this.#task.obtainExecutionRole().roleArn];
    return { cluster: this.#cluster, family: this.#task.family, roles };
  }

  /** What its starter must be told (`bot/config.ts`). */
  get environment(): Record<string, string> {
    const { cluster, family } = this.names;
    const { subnets, hasPublicAddress } = this.#place.tasks;
    return {
      GOBUTTON_AUDIENCE_TASK: `${cluster}/${family}`,
      GOBUTTON_AUDIENCE_SUBNETS: Fn.join(',', this.#place.vpc.selectSubnets({ subnetType: subnets }).subnetIds),
      GOBUTTON_AUDIENCE_GROUPS: this.#group.securityGroupId,
      GOBUTTON_AUDIENCE_PUBLIC: String(hasPublicAddress),
    };
  }
}
