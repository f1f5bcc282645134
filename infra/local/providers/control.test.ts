import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCredentials } from '../credentials.ts';
import type { Credentials } from '../credentials.ts';
import {
  androidToken,
  apnsBody,
  apnsHeaders,
  countsOf,
  fcmAuthorization,
  iosToken,
  providersForTests,
  TestClient,
  until,
} from './for-tests.ts';
import type { TestProviders } from './for-tests.ts';
import type { Phone, PhoneEvent } from './phones.ts';

let providers: TestProviders;
let apns: TestClient;
let fcm: TestClient;
/** One JWT for all: a second new one on a connection would be refused. */
let usual: OutgoingHttpHeaders;
beforeAll(async () => {
  providers = await providersForTests();
  apns = await new TestClient(providers.apnsUrl, providers.ca).ready();
  fcm = await new TestClient(providers.fcmUrl, providers.ca).ready();
  usual = await apnsHeaders(providers);
});
afterAll(async () => {
  apns.close();
  fcm.close();
  await providers.stop();
});

async function json(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(
    `${providers.controlUrl}${path}`,
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
  );
  return { status: response.status, body: await response.json() };
}

describe('simulated phones', () => {
  it('show pushes as they come, and a second one with the same collapse id in place of the first', async () => {
    const watching = new AbortController();
    const response = await fetch(`${providers.controlUrl}/events`, { signal: watching.signal });
    const events: PhoneEvent[] = [];
    const reader = (async () => {
      let text = '';
      for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += part;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks)
          if (block.startsWith('event: notification\ndata: ')) events.push(JSON.parse(block.slice(26)) as PhoneEvent);
      }
    })();
    const collapsing = { ...usual, 'apns-collapse-id': 'campaign-1' };
    const token = iosToken(1, 'face0');
    await apns.post(`/3/device/${token}`, collapsing, apnsBody('phones', 'shot-1', 'First'));
    await apns.post(`/3/device/${token}`, collapsing, apnsBody('phones', 'shot-2', 'Second'));
    await apns.post(
      `/3/device/${token}`,
      { ...usual, 'apns-collapse-id': 'campaign-2' },
      apnsBody('phones', 'shot-2', 'Other'),
    );
    await apns.post(
      `/3/device/${token}`,
      { ...usual, 'apns-push-type': 'background', 'apns-priority': '5', 'apns-collapse-id': 'quiet' },
      JSON.stringify({ aps: { 'content-available': 1 }, gobutton: { launch: 'phones', shot: 'shot-2', zombie: true } }),
    );
    await apns.post(`/3/device/${iosToken(2)}`, usual, apnsBody('phones', 'shot-2', 'Nobody looks'));
    const message = {
      token: androidToken(1, 'face0'),
      notification: { title: 'Hola', body: 'Ya' },
      data: { gobutton_launch: 'phones', gobutton_shot: 'shot-2', gobutton_zombie: 'on' },
      android: { notification: { tag: 'campaign-1', sound: 'default', body: 'Ya!' } },
    };
    await fcm.post(
      '/v1/projects/gobutton-local/messages:send',
      { authorization: await fcmAuthorization(providers) },
      JSON.stringify({ message }),
    );
    await until(() => events.length === 5, 'five events');

    const phones = (await json('/phones')).body as Phone[];
    const [iphone, android] = phones;
    expect(phones).toHaveLength(2);
    expect(iphone).toMatchObject({ platform: 'ios', token, pushes: 4 });
    expect(
      iphone?.notifications.map(({ title, collapseId, replaced, background }) => [
        title,
        collapseId,
        replaced,
        background,
      ]),
    ).toEqual([
      ['', 'quiet', 0, true],
      ['Other', 'campaign-2', 0, false],
      ['Second', 'campaign-1', 1, false],
    ]);
    expect(iphone?.notifications[0]?.zombie).toBe(true);
    expect(android?.notifications[0]).toMatchObject({
      title: 'Hola',
      body: 'Ya!',
      sound: 'default',
      collapseId: 'campaign-1',
      zombie: 'on',
      launchId: 'phones',
      shotId: 'shot-2',
      background: false,
    });
    expect(events[1]).toMatchObject({
      phone: iphone?.phone,
      platform: 'ios',
      notification: { title: 'Second', replaced: 1 },
    });
    watching.abort();
    await expect(reader).rejects.toThrow();
  });
});

describe('the control API', () => {
  it('shows the last pushes, newest first, with tokens cut', async () => {
    for (let number = 0; number < 30; number++)
      await apns.post(`/3/device/${iosToken(number)}`, usual, apnsBody('last', 'shot-1', `Title ${number}`));
    const { body } = await json('/last?n=3');
    expect(body).toMatchObject([
      { title: 'Title 29', launchId: 'last', shotId: 'shot-1', platform: 'ios', answer: '200', token: '000000000000…' },
      { title: 'Title 28' },
      { title: 'Title 27' },
    ]);
    expect((await json('/last')).body).toHaveLength(20);
    expect((await json('/last?n=x')).status).toBe(400);
  });

  it('counts a body that names no launch under "unknown", and one that is no JSON too', async () => {
    await apns.post(`/3/device/${iosToken(1)}`, usual, '{"aps":{"alert":"x"}}');
    await apns.post(`/3/device/${iosToken(2)}`, usual, 'no json');
    expect(await countsOf(providers, 'unknown')).toMatchObject({ received: 2, distinctDevices: 2 });
  });

  it('changes the behaviour, and refuses what is wrong without changing anything', async () => {
    expect(await json('/config', { latencyMs: 1, streamLimit: 77 })).toMatchObject({
      status: 200,
      body: { latencyMs: 1, streamLimit: 77, fcmStreamLimit: 100 },
    });
    for (const [wrong, name] of [
      [{ latencyMs: -1 }, 'latencyMs'],
      [{ latencyMs: 0, latency: 5 }, 'latency'],
      [{ overloadStatus: 500, latencyMs: 9 }, 'overloadStatus'],
    ] as const) {
      const answer = await json('/config', wrong);
      expect(answer.status).toBe(400);
      expect((answer.body as { error: string }).error).toContain(name);
    }
    expect((await fetch(`${providers.controlUrl}/config`, { method: 'POST', body: 'no json' })).status).toBe(400);
    expect((await json('/config')).body).toMatchObject({ latencyMs: 1, streamLimit: 77, overloadStatus: 503 });
    await json('/config', { latencyMs: 0, streamLimit: 1000 });
    expect((await json('/nothing')).status).toBe(404);
    expect((await json('/goaway?provider=sms', {})).status).toBe(400);
  });

  it('lists launches, connections and refusals, and forgets all on reset, also what it cached', async () => {
    await apns.post(`/3/device/${iosToken(1)}`, { ...usual, authorization: 'bearer x' }, apnsBody('reset', 'shot-1'));
    await apns.post(`/3/device/${iosToken(1)}`, usual, apnsBody('reset', 'shot-1'));
    const before = (await json('/counts')).body as {
      launches: string[];
      apns: { connections: number; refusals: Record<string, number> };
    };
    expect(before.launches).toContain('reset');
    expect(before.apns).toMatchObject({ connections: 1, refusals: { '403 InvalidProviderToken': 1 } });
    expect((await json('/reset', {})).status).toBe(200);
    expect((await json('/counts')).body).toMatchObject({ launches: [], apns: { refusals: {} } });
    await apns.post(`/3/device/${iosToken(1)}`, usual, apnsBody('reset', 'shot-1'));
    expect(await countsOf(providers, 'reset')).toMatchObject({ received: 1, duplicates: 0 });
  });
});

describe('the process', () => {
  let dir: string;
  let credentials: Credentials;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'providers-main-'));
    credentials = await ensureCredentials(join(dir, 'credentials'));
  });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await rm(dir, { recursive: true });
  });

  interface Urls {
    apnsUrl: string;
    fcmUrl: string;
    tokenUrl: string;
    controlUrl: string;
  }

  async function start(options: object): Promise<{ child: ChildProcess; urls: Urls }> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'main.ts'), JSON.stringify({ credentialsDir: join(dir, 'credentials'), ...options })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, urls: JSON.parse(line) as Urls };
  }

  async function pushTo({ apnsUrl }: Urls, count: number): Promise<void> {
    const client = await new TestClient(apnsUrl, await readFile(credentials.caFile), {
      peerMaxConcurrentStreams: 1,
    }).ready();
    const headers = await apnsHeaders({ credentials });
    await Promise.all(
      Array.from({ length: count }, (_, number) =>
        client.post(`/3/device/${iosToken(number)}`, headers, apnsBody('main', 'shot-1')),
      ),
    );
    client.close();
  }

  async function received({ controlUrl }: Urls): Promise<number> {
    return ((await (await fetch(`${controlUrl}/counts?launch=main`)).json()) as { received: number }).received;
  }

  it('prints its addresses, keeps counts over SIGTERM, and over kill -9 everything that was answered', async () => {
    const dataDir = join(dir, 'data');
    const first = await start({ dataDir });
    await pushTo(first.urls, 50);
    first.child.kill('SIGTERM');
    expect(await once(first.child, 'exit')).toEqual([0, null]);

    const second = await start({ dataDir });
    expect(await received(second.urls)).toBe(50);
    await pushTo(second.urls, 70);
    expect(await received(second.urls)).toBe(120);
    second.child.kill('SIGKILL');
    await once(second.child, 'exit');

    const third = await start({ dataDir, behaviour: { latencyMs: 1 } });
    const counts = (await (await fetch(`${third.urls.controlUrl}/counts?launch=main`)).json()) as object;
    expect(counts).toMatchObject({ received: 120, distinctDevices: 70, duplicates: 50 });
    third.child.kill('SIGINT');
    expect(await once(third.child, 'exit')).toEqual([0, null]);
  });

  it('takes a free port where the wished one is taken, and listens on loopback alone', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { child, urls } = await start({ apnsPort: port, fcmPort: port, controlPort: port });
    const ports = [urls.apnsUrl, urls.fcmUrl, urls.controlUrl].map((url) => Number(new URL(url).port));
    expect(new Set([...ports, port]).size).toBe(4);
    const listening = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A')
      .map((columns) => columns[1]);
    for (const one of ports) expect(listening).toContain(`0100007F:${one.toString(16).toUpperCase().padStart(4, '0')}`);
    taken.close();
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it('says what is wrong with its argument and exits with 2', async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'main.ts'), '{"credentialsDir": 3, "behaviour": {"latencyMS": 1}}'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    children.push(child);
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(2);
    expect(said).toContain('credentialsDir');
    expect(said).toContain('latencyMS');
  });
});
