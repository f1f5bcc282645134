import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secondTry } from '../run/second-try.ts';
import type { ClientName } from './client-process.ts';
import { startClient } from './run-client.ts';
import { startLocalProviders } from './servers.ts';
import type { BenchServer } from './servers.ts';

const bench = fileURLToPath(new URL('./lane-bench.ts', import.meta.url));

interface Report {
  rows: { client: string; perSecond: number; perCpuSecond: number; peakRssMb: number }[];
  ratios: Record<string, number>;
}

test('the quick benchmark measures the lane and node:http2 and writes its report', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-test-'));
  try {
    const file = join(dir, 'out.json');
    const { stdout } = await promisify(execFile)(process.execPath, [bench, '--quick', '--report', file]);
    const { rows, ratios } = JSON.parse(await readFile(file, 'utf8')) as Report;
    expect(rows.map(({ client }) => client)).toEqual(['lane-apns', 'node-http2']);
    for (const row of rows) expect(Math.min(row.perSecond, row.perCpuSecond, row.peakRssMb)).toBeGreaterThan(0);
    // Far below what it is on a quiet machine, so that only a lane that has lost its point fails here.
    expect(ratios.nodeHttp2).toBeGreaterThan(2);
    expect(Object.keys(ratios)).toEqual(
      expect.arrayContaining(['apns2', 'nodeApn', 'firebaseAdmin', 'undici', 'nodeHttp2']),
    );
    expect(stdout).toContain('lane-apns');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

describe('clients under measurement', () => {
  let server: BenchServer;
  beforeAll(async () => {
    server = await startLocalProviders([]);
  });
  afterAll(async () => {
    await server.stop();
  });

  // Credentials, headers and bodies are checked there, so a client that sends something else fails.
  test.each<ClientName>(['lane-apns', 'lane-fcm', 'apns2', 'node-apn', 'firebase-admin', 'undici', 'node-http2'])(
    '%s sends what the local providers accept',
    secondTry('seven processes, one after the other, each with a deadline of its own'),
    async (client) => {
      const started = await startClient(
        {
          client,
          target: { ...server.target, connections: 2, unregisteredEvery: 0, part: 0 },
          warmUpMs: 1,
          roundMs: 1,
          profile: false,
        },
        [],
      );
      const { requests, cpuSeconds } = await started.round();
      expect(requests).toBeGreaterThan(0);
      expect(cpuSeconds).toBeGreaterThan(0);
      expect((await started.end()).peakRssMb).toBeGreaterThan(20);
    },
  );

  test('a client that the server refuses fails by name instead of giving a figure', async () => {
    const target = {
      ...server.target,
      apnsAuthorization: 'bearer no.jwt.here',
      connections: 1,
      unregisteredEvery: 0,
      part: 0,
    };
    await expect(
      startClient({ client: 'node-http2', target, warmUpMs: 1, roundMs: 1, profile: false }, []),
    ).rejects.toThrow(/BENCH_CLIENT_FAILED node-http2: [^]*BENCH_WRONG_ANSWER 403/);
  });
});

test('300 connections with 1,000 streams each keep a lane under 100 MB', async () => {
  const server = await startLocalProviders([]);
  try {
    await server.behave({ latencyMs: 100, latencySpreadMs: 20, streamLimit: 1_000 });
    const client = await startClient(
      {
        client: 'lane-apns',
        target: { ...server.target, connections: 300, unregisteredEvery: 0, part: 0 },
        warmUpMs: 300,
        roundMs: 1_500,
        profile: false,
      },
      [],
    );
    const { requests } = await client.round();
    expect(requests).toBeGreaterThan(20_000);
    expect((await client.end()).ownPeakMb).toBeLessThan(100);
  } finally {
    await server.stop();
  }
});
