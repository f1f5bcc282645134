import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fetchAccessToken } from './fcm-oauth.ts';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const account = { projectId: 'p', keyId: null, clientEmail: 'push@p.iam.gserviceaccount.com', privateKey };
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const from = (tokenUrl: string | null, more: { timeoutMs?: number; key?: string } = {}) =>
  fetchAccessToken({
    account: { ...account, privateKey: more.key ?? privateKey },
    tokenUrl,
    ca: null,
    nowMs: () => 1_000_000,
    timeoutMs: more.timeoutMs ?? 5_000,
  });

test('a token endpoint that gives a token, refuses the account, or is none, each by its code and words', async () => {
  let answer: { status: number; body: string; location?: string } = {
    status: 200,
    body: '{"access_token":"t","expires_in":3600}',
  };
  const url = await serve((_, response) =>
    response
      .writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location })
      .end(answer.body),
  );
  expect(await from(url)).toEqual({ token: 't', expiresAtMs: 4_600_000 });
  for (const [status, body, code, said] of [
    [
      400,
      '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
      'FCM_TOKEN_REFUSED',
      '400 invalid_grant: Invalid JWT Signature.',
    ],
    [404, '<html><title>Not found</title></html>', 'FCM_TOKEN_ENDPOINT', '404'],
    [200, '<html>welcome</html>', 'FCM_TOKEN_ENDPOINT', '200 without an access token'],
    [200, '{"id_token":"x"}', 'FCM_TOKEN_ENDPOINT', '200 without an access token'],
  ] as const) {
    answer = { status, body };
    await expect(from(url)).rejects.toMatchObject({ code, said });
  }
});

test('what the key has signed is not handed on to where a token endpoint redirects', async () => {
  const seen: string[] = [];
  const other = await serve((request, response) => {
    seen.push(request.url ?? '');
    response.end('{"access_token":"t","expires_in":3600}');
  });
  const url = await serve((_, response) => response.writeHead(307, { location: `${other}/token` }).end());
  await expect(from(url)).rejects.toMatchObject({ code: 'FCM_TOKEN_ENDPOINT', said: `307, to ${other}/token` });
  expect(seen).toEqual([]);
});

test('an endpoint that hangs is given up in time, and its connection is ended', async () => {
  const closed: Promise<unknown>[] = [];
  const url = await serve((request) => closed.push(once(request.socket, 'close')));
  await expect(from(url, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'FCM_TOKEN_UNREACHABLE',
    said: 'no answer within 0.05 s',
  });
  expect(closed.length).toBe(1);
  await closed[0];
});

describe("Google's own endpoint, through a proxy", () => {
  /** Hands whatever is asked for to `to`; null: nothing is answered. */
  async function proxyTo(to: number | null): Promise<void> {
    const proxy = await serve(() => undefined);
    servers.at(-1)?.on('connect', (_request, socket: Socket) => {
      sockets.push(socket);
      socket.on('error', () => socket.destroy());
      if (to === null) return;
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const onward = connect(to, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      sockets.push(onward);
      socket.pipe(onward).pipe(socket);
    });
    for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, proxy);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
  }

  test('it gives a token, or says why not', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'Google' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'oauth2.googleapis.com' }] }],
    });
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, cert]);
    const bodies: string[] = [];
    let reply = { status: 200, body: '{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}' };
    const google = createTlsServer({ key, cert }, (request, response) => {
      request
        .setEncoding('utf8')
        .on('data', (text: string) => bodies.push(text))
        .on('end', () => response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body));
    });
    servers.push(google);
    google.listen(0, '127.0.0.1');
    await once(google, 'listening');
    try {
      await proxyTo((google.address() as AddressInfo).port);
      const askedAtMs = Date.now();
      const { token, expiresAtMs } = await from(null);
      expect(token).toBe('ya29.x');
      expect(expiresAtMs).toBeGreaterThanOrEqual(askedAtMs + 3_599_000);
      expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + 3_599_000);
      expect(new URLSearchParams(bodies[0]).get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
      reply = { status: 400, body: '{"error":"invalid_grant","error_description":"Invalid grant: account not found"}' };
      await expect(from(null)).rejects.toMatchObject({
        code: 'FCM_TOKEN_REFUSED',
        said: '400 invalid_grant: Invalid grant: account not found',
      });
    } finally {
      setDefaultCACertificates(before);
    }
  });

  test('one that hangs is given up in time', async () => {
    await proxyTo(null);
    await expect(from(null, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'FCM_TOKEN_UNREACHABLE',
      said: 'no answer within 0.2 s',
    });
    expect(sockets.length).toBe(1);
  });
});

test('nothing that listens, and a key that signs nothing, are named without a word of the key', async () => {
  const url = await serve(() => undefined);
  const gone = servers.splice(0);
  for (const server of gone) server.close();
  await Promise.all(gone.map((server) => once(server, 'close')));
  await expect(from(url)).rejects.toMatchObject({ code: 'FCM_TOKEN_UNREACHABLE', said: 'ECONNREFUSED' });
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  for (const tokenUrl of [url, null])
    await expect(from(tokenUrl, { key })).rejects.toMatchObject({
      code: 'FCM_KEY',
      message: 'FCM_KEY: private_key is no RSA key in PKCS#8',
    });
});
