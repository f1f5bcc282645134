import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { endpointOf } from './connect.ts';
import { Dialer, startOf } from './dialer.ts';
import type { Line } from './dialer.ts';
import { startTlsServer } from './tls-server-for-tests.ts';
import type { TlsServer } from './tls-server-for-tests.ts';

const THREE = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

async function start(options: Parameters<typeof startTlsServer>[0] = {}): Promise<TlsServer> {
  const server = await startTlsServer(options);
  cleanup.push(() => server.stop());
  return server;
}

/** The same port of each address. */
async function startAll(addresses: readonly string[]): Promise<TlsServer[]> {
  const servers: TlsServer[] = [];
  for (const address of addresses) servers.push(await start({ address, port: servers[0]?.port ?? 0 }));
  return servers;
}

function dialerTo(
  { port, ca }: { port: number; ca: string },
  lookUp?: (name: string) => Promise<readonly string[]>,
  host = 'push.test',
): Dialer {
  return new Dialer({
    endpoint: { host, port, ca },
    proxy: null,
    start: 0,
    ...(lookUp === undefined ? {} : { lookUp }),
  });
}

async function dial(dialer: Dialer, timeoutMs = 20_000): Promise<Line> {
  const line = await dialer.dial(timeoutMs);
  cleanup.push(() => line.socket.destroy());
  return line;
}

const dialMany = (dialer: Dialer, count: number) => Promise.all(Array.from({ length: count }, () => dial(dialer)));

/** The clock goes ahead at once. */
function later(ms: number): void {
  const own = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => own() + ms);
  cleanup.push(() => clock.mockRestore());
}

describe('addresses of a name', () => {
  test('three addresses get a third of the connections each, and each is asked for the name', async () => {
    const servers = await startAll(THREE);
    await dialMany(
      dialerTo(servers[0] as TlsServer, () => Promise.resolve(THREE)),
      30,
    );
    await vi.waitFor(() => expect(servers.map(({ seen }) => seen.length)).toEqual([10, 10, 10]));
    expect(new Set(servers.flatMap(({ seen }) => seen.map(({ name }) => name)))).toEqual(new Set(['push.test']));
  });

  test('one that refuses costs no attempt; it is left alone for 10 s, then tried again', async () => {
    const [up, down] = await startAll(['127.0.0.1', '127.0.0.2']);
    const ports = { port: up?.port ?? 0, ca: up?.ca ?? '' };
    await down?.stop();
    cleanup.pop();
    const dialer = dialerTo(ports, () => Promise.resolve(['127.0.0.1', '127.0.0.2']));
    expect((await dialMany(dialer, 12)).map(({ address }) => address)).toEqual(Array(12).fill('127.0.0.1'));
    const again = await start({ address: '127.0.0.2', port: ports.port });
    await dialMany(dialer, 4);
    expect(again.seen).toEqual([]);
    later(10_500);
    await dialMany(dialer, 4);
    await vi.waitFor(() => expect(again.seen).toHaveLength(4));
  });

  test('one that is silent costs 3 s at most, not the whole time-out', async () => {
    const up = await start();
    const silent = createServer((socket) => {
      socket.on('error', () => socket.destroy()).resume();
    }).listen(up.port, '127.0.0.2');
    cleanup.push(() => silent.close());
    const dialer = dialerTo(up, () => Promise.resolve(['127.0.0.2', '127.0.0.1']));
    // 127.0.0.1 has a connection then, so that the silent one is next.
    expect((await dial(dialer)).address).toBe('127.0.0.1');
    const real = globalThis.setTimeout;
    const waits: number[] = [];
    const spy = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(
        ((run: () => void, ms = 0) => (waits.push(ms), real(run, ms === 3_000 ? 50 : ms))) as typeof setTimeout,
      );
    cleanup.push(() => spy.mockRestore());
    expect((await dial(dialer)).address).toBe('127.0.0.1');
    expect(waits).toContain(3_000);
  });

  test('when the only address fails, the attempt says so and the next one tries it again', async () => {
    const server = await start();
    const { port } = server;
    await server.stop();
    cleanup.pop();
    const dialer = dialerTo(server, () => Promise.resolve(['127.0.0.1']));
    await expect(dial(dialer)).rejects.toThrow(`LANE_CONNECT push.test:${port} (127.0.0.1) connect ECONNREFUSED`);
    await start({ port });
    expect((await dial(dialer)).address).toBe('127.0.0.1');
  });

  test('whom the pool has no good word for is left alone for a while', async () => {
    const servers = await startAll(['127.0.0.1', '127.0.0.2']);
    const dialer = dialerTo(servers[0] as TlsServer, () => Promise.resolve(['127.0.0.1', '127.0.0.2']));
    const line = await dial(dialer);
    dialer.avoid(line);
    dialer.over(line);
    expect((await dialMany(dialer, 4)).map(({ address }) => address)).toEqual(Array(4).fill('127.0.0.2'));
  });

  test('300 connections at once are one look-up; after a second the name is looked up anew', async () => {
    let lookUps = 0;
    // Nobody is there, which says it sooner.
    const dialer = dialerTo({ port: 1, ca: '' }, () => Promise.resolve(((lookUps += 1), ['127.0.0.1'])));
    await Promise.allSettled(Array.from({ length: 300 }, () => dialer.dial(5_000)));
    expect(lookUps).toBe(1);
    later(1_100);
    await Promise.allSettled([dialer.dial(5_000), dialer.dial(5_000)]);
    expect(lookUps).toBe(2);
  });

  test('a resolver that is ill takes away nothing that is known, and is asked again at once if nothing is', async () => {
    const server = await start();
    let works = false;
    const dialer = dialerTo(server, () =>
      works ? Promise.resolve(['127.0.0.1']) : Promise.reject(new Error('getaddrinfo EAI_AGAIN push.test')),
    );
    await expect(dial(dialer)).rejects.toThrow(
      'LANE_CONNECT push.test: its address was not found (getaddrinfo EAI_AGAIN push.test)',
    );
    works = true;
    await dial(dialer);
    works = false;
    later(60_000);
    expect((await dial(dialer)).address).toBe('127.0.0.1');
  });

  test('a look-up that never ends is given up after the time-out', async () => {
    const dialer = dialerTo({ port: 1, ca: '' }, () => new Promise(() => undefined));
    await expect(dial(dialer, 50)).rejects.toThrow('LANE_CONNECT: the address of push.test was not found within 50 ms');
  });

  test("the system's look-up is the default", async () => {
    const server = await start();
    expect((await dial(dialerTo(server, undefined, 'localhost'))).address).toBe('127.0.0.1');
  });

  test('processes and threads begin at different places', () => {
    expect([startOf('host 1', 2) - startOf('host 1', 1), startOf('host 1', 1) === startOf('host 2', 1)]).toEqual([
      1,
      false,
    ]);
  });
});

describe('addresses instead of names', () => {
  test('an IPv4 address is connected to without a look-up and without a name', async () => {
    const server = await start();
    const line = await dial(dialerTo(server, () => Promise.reject(new Error('looked up')), '127.0.0.1'));
    expect(line.address).toBe('127.0.0.1');
    await vi.waitFor(() => expect(server.seen).toEqual([{ resumed: false, name: null }]));
  });

  const hasIpv6 = Object.values(networkInterfaces())
    .flat()
    .some((one) => one?.address === '::1');
  test.skipIf(!hasIpv6)(`an IPv6 address in brackets${hasIpv6 ? '' : ' (this machine has none)'}`, async () => {
    const server = await start({ address: '::1' });
    const { host, port } = endpointOf(`https://[::1]:${server.port}`, server.ca);
    expect([host, port]).toEqual(['::1', server.port]);
    expect((await dial(dialerTo(server, undefined, host))).address).toBe('::1');
    await vi.waitFor(() => expect(server.seen).toEqual([{ resumed: false, name: null }]));
  });

  test('a certificate for another address is refused', async () => {
    const server = await start({ address: '127.0.0.9' });
    await expect(dial(dialerTo(server, undefined, '127.0.0.9'))).rejects.toThrow(
      /127\.0\.0\.9.*does not match|IP: 127\.0\.0\.9/,
    );
  });

  test('urls', () => {
    expect(
      [
        endpointOf('https://api.push.apple.com', null),
        endpointOf('https://[2001:db8::1]', null),
        endpointOf('https://localhost:4443', null),
      ].map(({ host, port }) => [host, port]),
    ).toEqual([
      ['api.push.apple.com', 443],
      ['2001:db8::1', 443],
      ['localhost', 4443],
    ]);
  });
});

describe('TLS sessions', () => {
  /** Tickets come with the first bytes or soon after. */
  const untilResumed = (dialer: Dialer) =>
    vi.waitFor(async () => expect((await dial(dialer)).socket.isSessionReused()).toBe(true));

  test.each(['TLSv1.3', 'TLSv1.2'] as const)('%s: whoever comes back resumes', async (maxVersion) => {
    const server = await start({ maxVersion, bytes: Buffer.from('x') });
    const dialer = dialerTo(server, () => Promise.resolve(['127.0.0.1']));
    await untilResumed(dialer);
    await dialMany(dialer, 3);
    await vi.waitFor(() =>
      expect(server.seen.slice(-4).map(({ resumed }) => resumed)).toEqual([true, true, true, true]),
    );
    expect(server.seen[0]?.resumed).toBe(false);
  });

  test('a server that has forgotten them shakes hands anew', async () => {
    const before = await start({ bytes: Buffer.from('x') });
    const dialer = dialerTo(before, () => Promise.resolve(['127.0.0.1']));
    await untilResumed(dialer);
    await before.stop();
    cleanup.splice(0, 1);
    const after = await start({ port: before.port });
    await dial(dialer);
    await vi.waitFor(() => expect(after.seen.map(({ resumed }) => resumed)).toEqual([false]));
  });

  test('another name at the same address does not get them', async () => {
    const server = await start({ bytes: Buffer.from('x') });
    await untilResumed(dialerTo(server, () => Promise.resolve(['127.0.0.1'])));
    expect((await dial(dialerTo(server, undefined, 'localhost'))).socket.isSessionReused()).toBe(false);
    // A session would also skip the look at the certificate.
    await expect(dial(dialerTo(server, () => Promise.resolve(['127.0.0.1']), 'other.test'))).rejects.toThrow(
      /other\.test/,
    );
  });
});
