import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import type { Service } from './refusal.ts';

/** Where a call goes and for which region it is signed, by the SDK's own rules: region, FIPS, dual stack, a configured or an account's endpoint. */
export interface Endpoint {
  origin: string;
  path: string;
  host: string;
  region: string;
  signingName: string;
}

export interface Endpoints {
  /** Asked for every try; looked up once for every queue or table and account. */
  of(input: object, accountId: string | undefined): Promise<Endpoint>;
}

type Config = DynamoDBClient['config'] | SQSClient['config'];
type Instructed = Parameters<typeof getEndpointFromInstructions>;

const COMMANDS = { dynamodb: PutItemCommand, sqs: ReceiveMessageCommand };

export function createEndpoints(service: Service, config: Config): Endpoints {
  const known = new Map<string, Promise<Endpoint>>();

  async function find(input: { QueueUrl?: string }): Promise<Endpoint> {
    const found = await getEndpointFromInstructions(
      input as Instructed[0],
      COMMANDS[service] as unknown as Instructed[1],
      config as unknown as Instructed[2],
    );
    const schemes = (found.properties?.['authSchemes'] ?? []) as {
      name: string;
      signingRegion?: string;
      signingName?: string;
    }[];
    const [scheme] = schemes;
    if (scheme !== undefined && scheme.name !== 'sigv4')
      throw new Error(
        `ENDPOINT_UNKNOWN: ${found.url.href} wants requests signed by ${scheme.name}, and direct calls are signed by sigv4. Set GOBUTTON_AWS_CALLS=sdk`,
      );
    // A queue's own address is where it is, as the SDK takes it.
    const isWhereItSays = 'useQueueUrlAsEndpoint' in config && config.useQueueUrlAsEndpoint === true;
    const url = isWhereItSays && input.QueueUrl !== undefined ? new URL(new URL(input.QueueUrl).origin) : found.url;
    return {
      origin: url.origin,
      path: url.pathname,
      host: url.host,
      region: scheme?.signingRegion ?? (await config.region()),
      signingName: scheme?.signingName ?? service,
    };
  }

  return {
    of(input: { QueueUrl?: string; TableName?: string }, accountId) {
      const key = `${input.QueueUrl ?? input.TableName ?? ''} ${accountId ?? ''}`;
      let endpoint = known.get(key);
      if (endpoint === undefined) {
        endpoint = find(input);
        known.set(key, endpoint);
        endpoint.catch(() => known.delete(key));
      }
      return endpoint;
    },
  };
}
