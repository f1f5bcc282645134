import {
  Compatibility,
  CpuArchitecture,
  NetworkMode,
  OperatingSystemFamily,
  TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { IMAGES, NODE } from '../../images/contents.ts';
import type { Deployment } from '../read-config.ts';
import { PROVIDER_SECRETS } from '../secret-names.ts';
import { WORKER_SECRETS } from './kept-secrets.ts';
import { secretArns, taskSecrets } from './secrets.ts';
import { addProcess } from './task.ts';

const PORT = 8_080;

export function workerTask(scope: Construct, id: string, deployment: Deployment, image: string): TaskDefinition {
  const { config, runbook } = deployment;
  const { launch, vcpu, memory_mib: memoryMib, architecture } = config.workers;
  const isFargate = launch === 'fargate';
  const task = new TaskDefinition(scope, `${id}-task`, {
    family: `${config.name}-worker${id === 'service' ? '' : `-${id}`}`,
    compatibility: isFargate ? Compatibility.FARGATE : Compatibility.EC2,
    // A task with a network interface of its own has no public address on an instance: it goes out by the instance's.
    networkMode: isFargate ? NetworkMode.AWS_VPC : NetworkMode.HOST,
    cpu: String(vcpu * 1_024),
    memoryMiB: String(memoryMib),
    ...(isFargate
      ? {
          runtimePlatform: {
            cpuArchitecture: architecture === 'arm64' ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
            operatingSystemFamily: OperatingSystemFamily.LINUX,
          },
        }
      : {}),
  });
  addProcess(task, deployment, {
    process: 'worker',
    image,
    entryPoint: [NODE, ...IMAGES.worker.command],
    port: PORT,
    environment: {
      GOBUTTON_POOL: runbook.pool.name,
      HEALTH_HOST: '0.0.0.0',
      HEALTH_PORT: String(PORT),
      ...secretArns(config, PROVIDER_SECRETS),
    },
    secrets: taskSecrets(task, config.name, WORKER_SECRETS),
  });
  return task;
}
