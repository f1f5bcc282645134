import aws4 from 'aws4';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import type { CloudConfig } from '../../aws/cloud-config.ts';
import type { Cloud } from '../../aws/cloud.ts';
import { createCloud, ensureTables } from '../../aws/create-cloud.ts';
import type { Scaling } from '../../aws/scaling/scaling.ts';
import { SECRET_ACCESS_KEY } from './signature.ts';
import { startLocalCloud } from './start.ts';
import type { LocalCloud, LocalCloudOptions } from './start.ts';

/** A fresh local cloud in memory with tables and bucket, and the real adapters on it. Ready in some tens of milliseconds. */
export async function localCloudForTests(
  options: Partial<
    Pick<LocalCloudOptions, 'nowMs' | 'lagNowMs' | 'throughput' | 'principals' | 'sqs' | 'services' | 'automations'>
  > = {},
): Promise<{ cloud: Cloud; config: CloudConfig; url: string; localCloud: LocalCloud; stop(): Promise<void> }> {
  const localCloud = await startLocalCloud({ dataDir: null, services: [], groups: [], ...options });
  const config: CloudConfig = {
    endpoint: localCloud.url,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  };
  await ensureTables(config);
  const cloud = createCloud(config);
  return {
    cloud,
    config,
    url: localCloud.url,
    localCloud,
    async stop() {
      cloud.close();
      await localCloud.stop();
    },
  };
}

/** Sets a count as nothing but a test does: whatever ran, whatever stood there before. */
export async function scaleTo(scaling: Scaling, target: ScaleTarget, count: number): Promise<void> {
  await scaling.desire(target, { count, lowers: true, holds: true }, { ...(await scaling.find(target)), min: 0 });
}

/** `x-amz-date` of a request that is signed by hand. */
export function signedNow(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** Headers of a call to a JSON service, signed without the SDK. */
export function signedHeaders(
  url: string,
  target: string,
  body: string,
  secretAccessKey = SECRET_ACCESS_KEY,
): Record<string, string> {
  const service = target.startsWith('AmazonSQS') ? 'sqs' : 'dynamodb';
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target, 'x-amz-date': signedNow() };
  const signed = aws4.sign(
    { method: 'POST', host: new URL(url).host, path: '/', service, region: 'us-east-1', body, headers },
    { accessKeyId: 'local', secretAccessKey },
  );
  const { Host: _, 'Content-Length': length, ...rest } = signed.headers as Record<string, string>;
  return { ...rest, 'content-length': String(length) };
}
