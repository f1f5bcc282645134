import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ReceiveMessageCommandOutput, SendMessageBatchCommandOutput, SQSClient } from '@aws-sdk/client-sqs';
import { sharedClockMs } from '../../monotonic.ts';
import { retryDelayMs } from '../bounded-retries.ts';
import type { StampedAnswer } from '../store-clock.ts';
import { fromJson, toJson } from './attribute-bytes.ts';
import type { CallOptions, Calls, DynamoCalls, DynamoOperations, SqsCalls, SqsOperations } from './calls.ts';
import { createEndpoints } from './endpoint.ts';
import type { Endpoints } from './endpoint.ts';
import { checkReceived, checkSent } from './message-digests.ts';
import type { Answer, Post } from './post.ts';
import { errorTypeOf, refusalFrom } from './refusal.ts';
import type { Service } from './refusal.ts';
import { signedHeaders } from './signer.ts';

/**
 * The calls of a batch without the SDK's middleware: JSON, signature (aws4) and socket (undici). Where to, as whom and what
 * time it is there comes from the SDK's client and its configuration, and what is learned of the time goes back to it, so that both agree.
 * What differs: an answer is checked by its CRC-32 where it has one (DynamoDB's; the SDK leaves that to TLS), and the SDK's
 * own headers for its statistics are not sent.
 */
export interface DirectOptions {
  post: Post;
  timeoutMs: number;
  tries: number;
}

export function directDynamoCalls(
  client: DynamoDBClient,
  options: DirectOptions,
  onAnswer: (answer: StampedAnswer) => void,
): DynamoCalls {
  return callsOf<DynamoOperations>(client, {
    ...options,
    onAnswer,
    service: 'dynamodb',
    target: 'DynamoDB_20120810',
    constantHeaders: JSON_CONTENT,
    endpoints: createEndpoints('dynamodb', client.config),
    encode: toJson,
    decode: fromJson,
  });
}

export function directSqsCalls(client: SQSClient, options: DirectOptions): SqsCalls {
  return callsOf<SqsOperations>(client, {
    ...options,
    onAnswer: () => undefined,
    service: 'sqs',
    target: 'AmazonSQS',
    constantHeaders: { ...JSON_CONTENT, 'x-amzn-query-mode': 'true' },
    endpoints: createEndpoints('sqs', client.config),
    encode: JSON.stringify,
    decode(text, name, input) {
      const output = JSON.parse(text) as Pick<
        ReceiveMessageCommandOutput & SendMessageBatchCommandOutput,
        'Messages' | 'Successful'
      >;
      if (name === 'ReceiveMessage') checkReceived(output);
      if (name === 'SendMessageBatch') checkSent(input, output);
      return output;
    },
  });
}

function callsOf<Operations extends object>(client: Client, plan: Plan): Calls<Operations> {
  const direct = new DirectCalls(client, plan);
  return (name, input, options) => direct.call(name, input as object, options) as Promise<never>;
}

type Client = { config: Pick<DynamoDBClient['config'], 'credentials' | 'systemClockOffset'> };

interface Plan extends DirectOptions {
  service: Service;
  /** The service part of `x-amz-target`. */
  target: string;
  constantHeaders: Record<string, string>;
  endpoints: Endpoints;
  onAnswer: (answer: StampedAnswer) => void;
  encode: (input: object) => string;
  decode: (text: string, name: string, input: never) => object;
}

const JSON_CONTENT = { 'content-type': 'application/x-amz-json-1.0' };

/**
 * Signatures of a machine that is this far off are refused soon (docs/facts.md#aws-clock); a refusal that has shown it
 * is worth another try. As in the SDK.
 */
const SKEW_MS = 240_000;

class DirectCalls {
  readonly #config: Client['config'];
  readonly #plan: Plan;

  constructor({ config }: Client, plan: Plan) {
    this.#config = config;
    this.#plan = plan;
  }

  async call(
    name: string,
    input: object,
    { signal, timeoutMs = this.#plan.timeoutMs }: CallOptions = {},
  ): Promise<object> {
    const body = this.#plan.encode(input);
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.#try(name, input, body, { signal, timeoutMs });
        return this.#plan.decode(answer.body.toString(), name, input as never);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const delayMs = retryDelayMs(tries, this.#plan.tries, errorTypeOf(error));
        if (delayMs === null) throw withTries(error, tries);
        await sleep(delayMs, null, signal === undefined ? {} : { signal });
      }
    }
  }

  async #try(
    name: string,
    input: object,
    body: string,
    limits: { signal: AbortSignal | undefined; timeoutMs: number },
  ): Promise<Answer> {
    const { post, target, constantHeaders, endpoints, onAnswer } = this.#plan;
    // From the SDK's own chain, which keeps them and refreshes them before they end.
    const credentials = await this.#config.credentials();
    const endpoint = await endpoints.of(input, credentials.accountId);
    const offsetMs = this.#config.systemClockOffset;
    const headers = signedHeaders(
      endpoint,
      { ...constantHeaders, 'x-amz-target': `${target}.${name}` },
      body,
      credentials,
      Date.now() + offsetMs,
    );
    const sentAtMs = sharedClockMs();
    const answer = await post({ origin: endpoint.origin, path: endpoint.path, headers, body }, limits);
    const dateMs = Date.parse(answer.headers['date'] ?? '');
    onAnswer({ dateMs, sentAtMs, answeredAtMs: sharedClockMs() });
    if (Number.isFinite(dateMs) && answer.headers['age'] === undefined)
      this.#config.systemClockOffset = dateMs - Date.now();
    if (answer.status !== 200) throw this.#refused(answer, offsetMs);
    checkSum(answer);
    return answer;
  }

  #refused(answer: Answer, offsetMs: number): Error {
    const refusal = refusalFrom(this.#plan.service, answer);
    const nowMs = this.#config.systemClockOffset;
    if (Math.abs(nowMs) >= SKEW_MS && nowMs !== offsetMs) refusal.$metadata.clockSkewCorrected = true;
    return refusal;
  }
}

function checkSum({ headers, body }: Answer): void {
  const said = headers['x-amz-crc32'];
  if (said === undefined || Number(said) === crc32(body)) return;
  // Broken on its way: the next one need not be.
  throw Object.assign(new Error(`the answer's CRC-32 is ${crc32(body)}, and ${String(said)} was announced`), {
    name: 'CRC32CheckFailed',
    $retryable: {},
  });
}

function withTries(error: Error & { $metadata?: { attempts?: number } }, attempts: number): Error {
  if (error.$metadata !== undefined) error.$metadata.attempts = attempts;
  return error;
}
