import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { Dialer } from './dialer.ts';
import { startProxy } from './proxy-for-tests.ts';
import { startTlsServer } from './tls-server-for-tests.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

async function setUp(
  answer: (authorization: string | undefined) => string | null = () => null,
  userinfo = '',
  host = 'push.test',
) {
  const bytes = Buffer.from('through the tunnel');
  const server = await startTlsServer({ bytes });
  cleanup.push(() => server.stop());
  const proxy = await startProxy(answer);
  cleanup.push(() => proxy.stop());
  const dialer = new Dialer({
    endpoint: { host, port: server.port, ca: server.ca },
    proxy: `http://${userinfo}127.0.0.1:${proxy.port}`,
    lookUp: () => Promise.reject(new Error('looked up')),
  });
  return { server, proxy, dialer };
}

test('TLS to the provider through a proxy, which gets the name; what the provider says is heard', async () => {
  const { server, proxy, dialer } = await setUp();
  const { socket, address } = await dialer.dial(5_000);
  cleanup.push(() => socket.destroy());
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect([address, chunk.toString(), server.seen[0]?.name]).toEqual([null, 'through the tunnel', 'push.test']);
  expect(proxy.asked).toEqual([{ target: `push.test:${server.port}`, authorization: undefined }]);
  // Nothing of a tunnel has an address that could rest.
  dialer.avoid({ socket, address });
  dialer.over({ socket, address });
});

test('user and password go to the proxy, decoded', async () => {
  const { proxy, dialer } = await setUp(() => null, 'ann:p%40ss@');
  const { socket } = await dialer.dial(5_000);
  cleanup.push(() => socket.destroy());
  expect(Buffer.from(proxy.asked[0]?.authorization?.replace('Basic ', '') ?? '', 'base64').toString()).toBe('ann:p@ss');
});

test('an IPv6 address stands in brackets', async () => {
  const { proxy, dialer } = await setUp(() => 'HTTP/1.1 502 Bad Gateway\r\n\r\n', '', '::1');
  await expect(dialer.dial(5_000)).rejects.toThrow('answered 502 to CONNECT [::1]:');
  expect(proxy.asked[0]?.target).toMatch(/^\[::1\]:\d+$/);
});

test.each([
  [
    'wants a password',
    'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n',
    /answered 407 to CONNECT push\.test:\d+: it does not take the user and password of HTTPS_PROXY/,
  ],
  ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 'answered 403 to CONNECT push.test:'],
  ['speaks something else', 'SSH-2.0-OpenSSH_9.2\r\n', 'Parse Error'],
  ['hangs up', '', 'socket hang up'],
  ['never answers', 'nothing', 'opened no tunnel to push.test:'],
])('a proxy that %s is named, its password is not', async (_name, answer, why) => {
  const { dialer, proxy } = await setUp(() => answer, 'ann:secret@');
  const error = await dialer.dial(300).then(
    () => null,
    (reason: unknown) => reason as Error,
  );
  expect(error?.message).toMatch(new RegExp(`^LANE_PROXY http://127.0.0.1:${proxy.port} `));
  expect(error?.message).toMatch(why);
  expect(error?.message).not.toContain('secret');
});

test('one that wants a password and is given none says how to give it', async () => {
  const { dialer } = await setUp(() => 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  await expect(dialer.dial(1_000)).rejects.toThrow(
    /407 to CONNECT push\.test:\d+: it wants a user and password, as HTTPS_PROXY=http:\/\/user:password@host:port/,
  );
});

test('a proxy that is not there is named', async () => {
  const dialer = new Dialer({ endpoint: { host: 'push.test', port: 443, ca: null }, proxy: 'http://127.0.0.1:1' });
  await expect(dialer.dial(1_000)).rejects.toThrow(
    'LANE_PROXY http://127.0.0.1:1 to push.test:443: connect ECONNREFUSED',
  );
});
