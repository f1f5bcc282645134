import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createCloud, ensureTables } from '../aws/create-cloud.ts';
import { localCloudForTests, signedHeaders } from './cloud/for-tests.ts';
import { startLocalCloud } from './cloud/start.ts';
import { providersForTests } from './providers/for-tests.ts';
import { SECRETS, startTestWorkspace } from './slack/for-tests.ts';

/** What a web page that is open on this machine could send to each of the local servers. */

let servers: { name: string; url: string; headers: Record<string, string>; method: string }[];
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  const [cloud, providers, workspace] = [
    await localCloudForTests(),
    await providersForTests(),
    await startTestWorkspace({}),
  ];
  stops.push(
    () => cloud.stop(),
    () => providers.stop(),
    () => workspace.stop(),
  );
  servers = [
    {
      name: 'cloud',
      url: cloud.url,
      method: 'POST',
      headers: signedHeaders(cloud.url, 'DynamoDB_20120810.ListTables', '{}'),
    },
    { name: 'providers', url: `${providers.controlUrl}/phones`, method: 'GET', headers: {} },
    {
      name: 'Web API',
      url: `${workspace.apiUrl}auth.test`,
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.botToken}` },
    },
    { name: 'page', url: `${workspace.url}/`, method: 'GET', headers: {} },
  ];
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

/** node:http, because fetch does not let a caller choose Host. */
function status(
  { url, method, headers }: (typeof servers)[number],
  more: Record<string, string> = {},
): Promise<number> {
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
test.each([0, 1, 2, 3])(
  'a page under another name, or of another site, gets nothing from local server %i',
  async (index) => {
    const server = servers[index];
    if (server === undefined) throw new Error('no server');
    const { port } = new URL(server.url);
    expect(await status(server), server.name).toBe(200);
    for (const foreign of [
      { host: `evil.example:${port}` },
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await status(server, foreign), `${server.name} ${JSON.stringify(foreign)}`).toBe(403);
    }
  },
);

test("the providers' control answers under the address that it was started with, and under no other", async () => {
  const server = servers[1];
  if (server === undefined) throw new Error('no server');
  const url = new URL(server.url);
  for (const path of ['/phones', `/${'0'.repeat(32)}/phones`, '/'])
    expect(await status({ ...server, url: `${url.origin}${path}` })).toBe(403);
});

test('a cloud with an access key of its own serves the real clients with that key, and nobody else', async () => {
  const cloud = await startLocalCloud({ dataDir: null, services: [], groups: [], accessKeyId: 'c0ffee00' });
  const config = (endpoint: string) => ({ endpoint, region: 'us-east-1', tablePrefix: 'own', bucket: 'own-bucket' });
  try {
    expect(cloud.url).toBe(`http://c0ffee00@127.0.0.1:${cloud.port}`);
    await ensureTables(config(cloud.url));
    const own = createCloud(config(cloud.url));
    await own.objects.put('k', Buffer.from('v'));
    await own.queues.ensurePool('p');
    expect(await own.record.readAfter('L', 0)).toEqual([]);
    own.close();
    for (const user of ['', 'local@', 'c0ffee01@']) {
      const other = createCloud(config(`http://${user}127.0.0.1:${cloud.port}`));
      await expect(other.record.readAfter('L', 0)).rejects.toThrow('security token');
      await expect(other.objects.get('k')).rejects.toThrow();
      other.close();
    }
  } finally {
    await cloud.stop();
  }
});

test("a socket is opened for Slack's client, never for a web page, whatever ticket it has", async () => {
  const workspace = await startTestWorkspace({});
  const { port } = new URL(workspace.url);
  const open = async (headers: Record<string, string>): Promise<string> => {
    const answer = await fetch(`${workspace.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.appToken}` },
    });
    const { url } = (await answer.json()) as { url: string };
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { headers });
      socket.on('open', () => {
        socket.terminate();
        resolve('open');
      });
      socket.on('error', ({ message }) => resolve(message));
    });
  };
  try {
    expect(await open({})).toBe('open');
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port}` },
      { host: `evil.example:${port}` },
    ]) {
      expect(await open(headers), JSON.stringify(headers)).toContain('403');
    }
  } finally {
    await workspace.stop();
  }
});
