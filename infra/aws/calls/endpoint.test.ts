import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClients } from '../clients.ts';
import type { Clients } from '../clients.ts';
import { createEndpoints } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { DYNAMO_COMMANDS, SQS_COMMANDS } from './sdk-calls.ts';

/** Where the SDK itself would send it and for whom it would sign: its request is taken from it just before the wire. */
async function whereSdkSends(
  client: Clients['dynamo'] | Clients['sqs'],
  command: object,
): Promise<{ origin: string; scope: string[] }> {
  let seen: { protocol: string; hostname: string; port?: number; headers: Record<string, string> } | null = null;
  const stack = client.middlewareStack as unknown as {
    add(middleware: (next: unknown) => (args: { request: never }) => Promise<never>, options: object): void;
  };
  stack.add(
    () =>
      ({ request }) => {
        seen = request;
        return Promise.reject(Object.assign(new Error('seen'), { name: 'Seen' }));
      },
    { step: 'deserialize', name: 'see', priority: 'low', override: true },
  );
  await (client as unknown as { send(command: object): Promise<unknown> }).send(command).catch((error: Error) => {
    if (error.name !== 'Seen') throw error;
  });
  const { protocol, hostname, port, headers } = seen as unknown as {
    protocol: string;
    hostname: string;
    port?: number;
    headers: Record<string, string>;
  };
  return {
    origin: new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`).origin,
    scope: /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)/.exec(headers['authorization'] ?? '')?.slice(1) ?? [],
  };
}

const seenOf = ({ origin, region, signingName }: Endpoint) => ({ origin, scope: [region, signingName] });

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const QUEUE_URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q';

test.each<[string, Record<string, string>, { accountId?: string; region?: string; endpoint?: string }]>([
  ["the region's own", {}, {}],
  ["China's", {}, { region: 'cn-north-1' }],
  ['the one with FIPS', { AWS_USE_FIPS_ENDPOINT: 'true' }, { region: 'us-east-1' }],
  ['the one with IPv6', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, {}],
  ["an account's own", {}, { accountId: '123456789012' }],
  [
    "the region's, where accounts' are switched off",
    { AWS_ACCOUNT_ID_ENDPOINT_MODE: 'disabled' },
    { accountId: '123456789012' },
  ],
  ['one for all services in the environment', { AWS_ENDPOINT_URL: 'https://vpce.example.com:8443' }, {}],
  [
    'one for each',
    { AWS_ENDPOINT_URL_DYNAMODB: 'https://ddb.example.com', AWS_ENDPOINT_URL_SQS: 'http://sqs.example.com:9000' },
    {},
  ],
  ['one that is configured here', {}, { endpoint: 'http://key@127.0.0.1:4566' }],
])(
  'goes where the SDK goes, to %s',
  async (_what, environment, { accountId, region = 'eu-west-1', endpoint = null }) => {
    if (accountId !== undefined) vi.stubEnv('AWS_ACCOUNT_ID', accountId);
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const clients = createClients({ endpoint, region, tablePrefix: 'x', bucket: 'x' });
    const dynamo = createEndpoints('dynamodb', clients.dynamo.config);
    const sqs = createEndpoints('sqs', clients.sqs.config);
    const item = { TableName: 'x-claims', Item: { k: { S: 'x' } } };
    const messages = { QueueUrl: QUEUE_URL };
    expect(seenOf(await dynamo.of(item, accountId))).toEqual(
      await whereSdkSends(clients.dynamo, new DYNAMO_COMMANDS.PutItem(item)),
    );
    expect(seenOf(await sqs.of(messages, accountId))).toEqual(
      await whereSdkSends(clients.sqs, new SQS_COMMANDS.ReceiveMessage(messages)),
    );
    clients.destroy();
  },
);

const withProvider = (endpointProvider: () => object) => {
  const { dynamo } = createClients({ endpoint: null, region: 'eu-west-1', tablePrefix: 'x', bucket: 'x' });
  return createEndpoints(
    'dynamodb',
    Object.assign(Object.create(dynamo.config) as typeof dynamo.config, { endpointProvider }),
  );
};
const url = new URL('https://ddb.example.com');

test('one that wants another signature is refused by name, with what to do', async () => {
  const endpoints = withProvider(() => ({ url, properties: { authSchemes: [{ name: 'sigv4a' }] } }));
  await expect(endpoints.of({ TableName: 't' }, undefined)).rejects.toThrow(
    /ddb\.example\.com\/ wants requests signed by sigv4a.*GOBUTTON_AWS_CALLS=sdk/,
  );
});

test('one that could not be looked up is looked up again, and one that was found is not', async () => {
  let times = 0;
  const endpoints = withProvider(() => {
    times += 1;
    if (times === 1) throw new Error('not now');
    return { url, properties: {} };
  });
  await expect(endpoints.of({ TableName: 't' }, undefined)).rejects.toThrow('not now');
  for (let at = 0; at < 3; at++)
    expect(await endpoints.of({ TableName: 't' }, undefined)).toMatchObject({
      origin: 'https://ddb.example.com',
      region: 'eu-west-1',
      signingName: 'dynamodb',
    });
  expect(times).toBe(2);
});
