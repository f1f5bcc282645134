import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from './cloud/for-tests.ts';
import { providersForTests } from './providers/for-tests.ts';
import { SECRETS, startTestWorkspace } from './slack/for-tests.ts';

/** What a web page that is open on this machine could send to each of the local servers. */

let servers: { name: string; url: string; headers: Record<string, string>; method: string }[];
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  const [cloud, providers, workspace] = [await localCloudForTests(), await providersForTests(), await startTestWorkspace({})];
  stops.push(() => cloud.stop(), () => providers.stop(), () => workspace.stop());
  const signed = 'AWS4-HMAC-SHA256 Credential=local/20271129/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';
  servers = [
    { name: 'cloud', url: cloud.url, method: 'POST', headers: { authorization: signed, 'x-amz-date': '20271129T000000Z', 'x-amz-target': 'DynamoDB_20120810.ListTables', 'content-type': 'application/x-amz-json-1.0' } },
    { name: 'providers', url: `${providers.controlUrl}/phones`, method: 'GET', headers: {} },
    { name: 'Web API', url: `${workspace.apiUrl}auth.test`, method: 'POST', headers: { authorization: `Bearer ${SECRETS.botToken}` } },
    { name: 'page', url: `${workspace.url}/`, method: 'GET', headers: {} },
  ];
});
afterAll(async () => { for (const stop of stops) await stop(); });

/** node:http, because fetch does not let a caller choose Host. */
function status({ url, method, headers }: (typeof servers)[number], more: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers: { ...headers, ...more } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

// 0: cloud, 1: providers' control, 2: Slack's Web API, 3: the page.
test.each([0, 1, 2, 3])('a page under another name, or of another site, gets nothing from local server %i', async (index) => {
  const server = servers[index];
  if (server === undefined) throw new Error('no server');
  const { port } = new URL(server.url);
  expect(await status(server), server.name).toBe(200);
  for (const foreign of [{ host: `evil.example:${port}` }, { host: 'evil.example' }, { origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    expect(await status(server, foreign), `${server.name} ${JSON.stringify(foreign)}`).toBe(403);
  }
});

test('the providers\' control answers under the address that it was started with, and under no other', async () => {
  const server = servers[1];
  if (server === undefined) throw new Error('no server');
  const url = new URL(server.url);
  for (const path of ['/phones', `/${'0'.repeat(32)}/phones`, '/']) expect(await status({ ...server, url: `${url.origin}${path}` })).toBe(403);
});
