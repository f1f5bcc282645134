import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Dynamo, startDynamo, type WarmThroughput } from './dynamo.ts';
import { createRouter } from './router.ts';
import { startS3 } from './s3.ts';
import { type QueueDefinitions, startSqs } from './sqs.ts';
import { type ParameterState, startSsm } from './ssm.ts';
import { openState } from './state-file.ts';

export interface LocalCloudOptions {
  /** Folder that everything but queue messages is kept in; null: memory. */
  dataDir: string | null;
  /** Loopback port; absent or 0: a free one. */
  port?: number;
  services: ServiceDefinition[];
  /** EC2 Auto Scaling groups; instances are in service `startDelayMs` after they were asked for. */
  groups: { name: string; startDelayMs: number }[];
  /** Folder of the task logs `<service>.log`; absent: `logs` in the data folder, or none in memory. */
  logsDir?: string;
}

/** An ECS service: its tasks are processes of `command`. They get `env`, PATH, HOME, TMPDIR, the endpoint and their task id, and nothing else. */
export interface ServiceDefinition {
  cluster: string;
  service: string;
  command: string[];
  env: Record<string, string>;
  cwd: string;
  /** From the order to RUNNING. */
  startDelayMs: number;
  logFile?: string;
}

export interface LocalCloud {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts the stand-in of AWS on loopback: one address for SQS, DynamoDB, S3, SSM, ECS, both Auto Scalings and CloudWatch. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { dataDir } = options;
  const warm = openState<WarmThroughput>(dataDir, 'warm-throughput', {});
  const dynamo: Dynamo = startDynamo({ path: dataDir === null ? null : join(dataDir, 'dynamodb'), warm: warm.state, saveWarm: () => warm.save() });
  const sqs = await startSqs({ queues: openState<QueueDefinitions>(dataDir, 'queues', {}) });
  const router = createRouter({
    dynamo, sqs,
    s3: startS3({ dir: dataDir === null ? null : join(dataDir, 's3') }),
    json: { AmazonSSM: startSsm(openState<ParameterState>(dataDir, 'parameters', {})) },
    query: {},
  });
  // Longer than any client keeps an idle socket, so that none is closed under a request.
  const server = createServer({ keepAliveTimeout: 120_000 }, router);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async stop() {
      await sqs.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await dynamo.close();
    },
  };
}
