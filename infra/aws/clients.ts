import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { boundedRetries } from './bounded-retries.ts';
import type { DynamoCalls, SqsCalls } from './calls/calls.ts';
import { directDynamoCalls, directSqsCalls } from './calls/direct-calls.ts';
import { createPost } from './calls/post.ts';
import { sdkDynamoCalls, sdkSqsCalls } from './calls/sdk-calls.ts';
import type { CloudConfig } from './cloud-config.ts';
import { tellCalls } from './hear-calls.ts';
import { hearDates } from './hear-dates.ts';
import { createStoreClock } from './store-clock.ts';
import type { StampedAnswer, StoreClock } from './store-clock.ts';

/** One try of a record, claim or switch write takes at most this long; with three tries a decision waits some 3 s at worst. */
const RECORD_TRY_TIMEOUT_MS = 1_000;
const RECORD_TRIES = 3;
const QUEUE_TRY_TIMEOUT_MS = 5_000;
const QUEUE_TRIES = 3;
const SOCKETS = 256;
const TABLE_READ_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** Reading back after a failed write, all tries together: the press waits for it. */
export const READ_BACK_TIMEOUT_MS = 2_000;
/**
 * A switch read is one try: the poller asks again 250 ms later anyway, and pauses the worker 800 ms after the beginning of its
 * last read that was answered. An answer that takes longer than this would not reach to the next one.
 */
export const SWITCH_READ_TIMEOUT_MS = 550;

export interface Clients {
  /** Record, claims, live items, switch writes. */
  dynamo: DynamoDBClient;
  /** Switch reads alone: own sockets, so that a halt never queues behind a thousand claims. */
  switchReads: DynamoDBClient;
  /** Which region has a launch: a replica of its own in each region, or one stand-in for all. */
  homes: DynamoDBClient;
  /** The record's table of another region. */
  otherRegion(region: string): DynamoDBClient;
  sqs: SQSClient;
  s3: S3Client;
  ssm: SSMClient;
  ecs: ECSClient;
  autoScaling: AutoScalingClient;
  applicationAutoScaling: ApplicationAutoScalingClient;
  cloudWatch: CloudWatchClient;
  /** What is done for every batch. */
  dynamoCalls: DynamoCalls;
  sqsCalls: SqsCalls;
  /** Fed by every answer of DynamoDB. */
  clock: StoreClock;
  destroy(): void;
}

/** Clients of all services that are used. They open connections only when used, and keep them. `onAnswer`: hears of the store's answers besides the clock. */
export function createClients(
  config: CloudConfig,
  onAnswer: (answer: StampedAnswer) => void = () => undefined,
): Clients {
  const common = placeOf(config);
  const dynamo = new DynamoDBClient({
    ...common,
    retryStrategy: boundedRetries(RECORD_TRIES),
    requestHandler: handler(RECORD_TRY_TIMEOUT_MS, SOCKETS),
  });
  const switchReads = new DynamoDBClient({
    ...common,
    maxAttempts: 1,
    requestHandler: handler(SWITCH_READ_TIMEOUT_MS, 8),
  });
  const homes =
    config.homes == null
      ? dynamo
      : new DynamoDBClient({
          ...placeOf({ endpoint: config.homes, region: config.region }),
          retryStrategy: boundedRetries(RECORD_TRIES),
          requestHandler: handler(RECORD_TRY_TIMEOUT_MS, 8),
        });
  const others = new Map<string, DynamoDBClient>();
  const otherRegion = (region: string): DynamoDBClient => {
    const made =
      others.get(region) ??
      new DynamoDBClient({
        ...placeOf({ endpoint: config.otherRegion ?? null, region }),
        retryStrategy: boundedRetries(RECORD_TRIES),
        requestHandler: handler(RECORD_TRY_TIMEOUT_MS, 8),
      });
    others.set(region, made);
    return made;
  };
  const clock = createStoreClock();
  const heard = (answer: StampedAnswer) => {
    clock.answered(answer);
    onAnswer(answer);
  };
  for (const client of [dynamo, switchReads]) hearDates(client, heard);
  // Receives wait up to 20 s for a message: they set their own time-out per call.
  const sqs = new SQSClient({
    ...common,
    retryStrategy: boundedRetries(QUEUE_TRIES),
    useQueueUrlAsEndpoint: config.endpoint === null,
    requestHandler: handler(QUEUE_TRY_TIMEOUT_MS, SOCKETS),
  });
  const s3 = new S3Client({
    ...common,
    maxAttempts: 4,
    forcePathStyle: config.endpoint !== null,
    requestHandler: handler(60_000, 64),
  });
  const control = () => ({ ...common, maxAttempts: 3, requestHandler: handler(5_000, 16) });
  const ssm = new SSMClient(control());
  const ecs = new ECSClient(control());
  const autoScaling = new AutoScalingClient(control());
  const applicationAutoScaling = new ApplicationAutoScalingClient(control());
  const cloudWatch = new CloudWatchClient(control());
  for (const client of [dynamo, ssm, ecs, autoScaling, applicationAutoScaling]) tellCalls(client);
  const all = [dynamo, switchReads, sqs, s3, ssm, ecs, autoScaling, applicationAutoScaling, cloudWatch];
  const posting = createPost({ sockets: SOCKETS, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  return {
    dynamo,
    switchReads,
    homes,
    otherRegion,
    sqs,
    s3,
    ssm,
    ecs,
    autoScaling,
    applicationAutoScaling,
    cloudWatch,
    clock,
    ...(config.calls === 'sdk'
      ? { dynamoCalls: sdkDynamoCalls(dynamo), sqsCalls: sdkSqsCalls(sqs) }
      : {
          dynamoCalls: directDynamoCalls(
            dynamo,
            { post: posting.post, timeoutMs: RECORD_TRY_TIMEOUT_MS, tries: RECORD_TRIES },
            heard,
          ),
          sqsCalls: directSqsCalls(sqs, { post: posting.post, timeoutMs: QUEUE_TRY_TIMEOUT_MS, tries: QUEUE_TRIES }),
        }),
    destroy() {
      for (const client of [...all, homes, ...others.values()]) client.destroy();
      posting.destroy();
    },
  };
}

/** Where a client's calls go, and in whose name. */
export const placeOf = ({ endpoint, region }: Pick<CloudConfig, 'endpoint' | 'region'>) =>
  endpoint === null ? { region } : { region, ...localEndpoint(endpoint) };

/** For reading a foreign table: no tries of its own (the reader waits and counts by itself), and time for answers of 16 MB. */
export function createTableReads(place: Pick<CloudConfig, 'endpoint' | 'region'>): DynamoDBClient {
  return new DynamoDBClient({
    ...placeOf(place),
    maxAttempts: 1,
    requestHandler: handler(TABLE_READ_TIMEOUT_MS, 64),
  });
}

/** A local endpoint names its own access key, `http://KEY@127.0.0.1:4566`, so that a developer's real ones never reach it. */
function localEndpoint(address: string) {
  const url = new URL(address);
  const accessKeyId = url.username === '' ? 'local' : url.username;
  url.username = '';
  return { endpoint: url.href, credentials: { accessKeyId, secretAccessKey: 'local' } };
}

function handler(requestTimeoutMs: number, maxSockets: number) {
  const agent = { keepAlive: true, maxSockets };
  return {
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    // Without it the time-out only writes a warning and the request goes on.
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  };
}
