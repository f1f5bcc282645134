import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClients } from '../clients.ts';

/** As ECS gives them to a task: from an address that hands out the next ones when it is asked. */
let server: Server;
let handedOut: number;
let goodForMs: number;
let callers: string[];

beforeEach(async () => {
  handedOut = 0;
  callers = [];
  server = createServer((request, response) => {
    request.resume();
    if (request.url === '/credentials') {
      handedOut += 1;
      response.end(
        JSON.stringify({
          AccessKeyId: `KEY${handedOut}`,
          SecretAccessKey: 's',
          Token: `token ${handedOut}`,
          Expiration: new Date(Date.now() + goodForMs).toISOString(),
        }),
      );
      return;
    }
    callers.push(
      `${/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1]} ${String(request.headers['x-amz-security-token'])}`,
    );
    response.end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_ENDPOINT_URL', address);
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${address}/credentials`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

test("a task's role signs, by the SDK's chain; credentials are kept while they are good, and replaced before they end", async () => {
  goodForMs = 3_600_000;
  const clients = createClients({ endpoint: null, region: 'eu-west-1', tablePrefix: 'x', bucket: 'x' });
  const put = () => clients.dynamoCalls('PutItem', { TableName: 't', Item: {} });
  await put();
  await put();
  expect(callers).toEqual(['KEY1 token 1', 'KEY1 token 1']);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + goodForMs - 60_000 });
  await put();
  // The SDK hands out the old ones while it fetches the new.
  await expect
    .poll(async () => {
      await put();
      return callers.at(-1);
    })
    .toBe('KEY2 token 2');
  vi.useRealTimers();
  clients.destroy();
});
