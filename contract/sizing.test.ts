import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holds, PROPERTY } from '../test/properties/holds.ts';
import { claimUnits, size, SIZE_DEFAULTS } from './sizing.ts';
import type { SizeQuestion } from './sizing.ts';

const superBowl: SizeQuestion = { ...SIZE_DEFAULTS, devices: 6_000_000, seconds: 5, latencyMs: 80 };
const run = promisify(execFile);
const cli = fileURLToPath(new URL('../workers/lanes/size-cli.ts', import.meta.url));

test('what the claims of six million devices in five seconds take, in batches of 1,000 and of 500', () => {
  expect(claimUnits({ devices: 6_000_000, seconds: 5, batchSize: 1_000 })).toBe(2_400);
  expect(claimUnits({ devices: 6_000_000, seconds: 5, batchSize: 500 })).toBe(4_800);
  expect(claimUnits({ devices: 1, seconds: 5, batchSize: 1_000 })).toBe(1);
});

describe('size', () => {
  test('six million devices in five seconds at 80 ms', () => {
    const answer = size(superBowl);
    expect(answer.perSecond).toEqual({ ios: 600_000, android: 600_000 });
    expect(answer.streamsNeeded).toEqual({ ios: 48_000, android: 48_000 });
    // 1.2 million by 100,000 a core; 48,000 streams by 6,000 a task; 600,000 by 60,000 a task.
    expect(answer.tasksFor).toEqual({ cores: 12, streams: 8, connections: 10 });
    expect(answer).toMatchObject({ bound: 'cores', tasks: 15, connectionsOpen: 900 });
    expect(answer.notes.join(' ')).toMatch(/3,000,000 messages are more than FCM's default quota.*5 minutes/);
  });

  test('a slow provider is a matter of streams, not of cores', () => {
    const answer = size({ ...superBowl, latencyMs: 400 });
    expect(answer).toMatchObject({ bound: 'streams', tasksFor: { cores: 12, streams: 40 }, tasks: 50 });
    expect(size({ ...superBowl, latencyMs: 400, streams: 1_000 }).bound).toBe('cores');
  });

  test('a worker with few connections is bound by them', () => {
    expect(size({ ...superBowl, connections: 10 })).toMatchObject({
      bound: 'connections',
      tasksFor: { connections: 60 },
    });
    expect(size({ ...superBowl, connections: 10, perConnection: 0 }).tasksFor.connections).toBe(0);
  });

  test('iOS alone needs no word of Google', () => {
    expect(size({ ...superBowl, iosShare: 1 })).toMatchObject({ perSecond: { ios: 1_200_000, android: 0 }, notes: [] });
  });

  test('what does not make sense is named', () => {
    expect(() => size({ ...superBowl, devices: 0, iosShare: 2, latencyMs: Number.NaN })).toThrow(
      'SIZE_QUESTION: devices, latencyMs, iosShare',
    );
  });

  test(
    'whatever is asked, the tasks can send the rate, and a core less could not where cores bound it',
    PROPERTY,
    async () => {
      const question = fc.record({
        devices: fc.integer({ min: 1, max: 1e8 }),
        seconds: fc.integer({ min: 1, max: 600 }),
        latencyMs: fc.integer({ min: 0, max: 2_000 }),
        iosShare: fc.double({ min: 0, max: 1, noNaN: true }),
        connections: fc.integer({ min: 1, max: 500 }),
        streams: fc.integer({ min: 1, max: 1_500 }),
        perCore: fc.integer({ min: 1_000, max: 500_000 }),
        cores: fc.integer({ min: 1, max: 16 }),
        perConnection: fc.constantFrom(0, 500, 1_000),
        spare: fc.constantFrom(0, 0.25),
      });
      await holds(
        'sizing',
        fc.property(question, (asked) => {
          const answer = size(asked);
          expect(answer.mostPerSecond).toBeGreaterThanOrEqual(Math.floor((asked.devices / asked.seconds) * 0.999_99));
          if (answer.bound === 'cores' && answer.tasksFor.cores > 1)
            expect((answer.tasksFor.cores - 1) * asked.perCore * asked.cores).toBeLessThan(
              asked.devices / asked.seconds,
            );
        }),
        { seed: 7, runs: 500 },
      );
    },
  );
});

describe('npm run size', () => {
  test('prints the tasks, and takes every figure as an option', async () => {
    const { stdout } = await run(process.execPath, [
      cli,
      '--devices',
      '6000000',
      '--seconds',
      '5',
      '--latency-ms',
      '80',
    ]);
    expect(stdout).toMatch(/^15 tasks/m);
    const { stdout: json } = await run(process.execPath, [
      cli,
      '--devices',
      '6000000',
      '--seconds',
      '5',
      '--latency-ms',
      '400',
      '--streams',
      '200',
      '--connections',
      '30',
      '--per-core',
      '50000',
      '--cores',
      '2',
      '--platform-share',
      '1',
      '--per-connection',
      '0',
      '--spare',
      '0',
      '--json',
    ]);
    expect(JSON.parse(json)).toMatchObject({ tasks: 80, bound: 'streams' });
  });

  const words = ['--devices', '6000000', '--seconds', '5', '--latency-ms', '80'];
  const said = async (...more: string[]) => (await run(process.execPath, [cli, ...words, ...more])).stdout;

  test('prices workers on instances, and a standby', async () => {
    const on = await said('--instance-type', 'c7g.2xlarge', '--standby');
    // 15 for five hours at 0.29 and a disk of 30 GiB at 0.08 a month.
    expect(on).toMatch(/^EC2 +22\.00 +22\.00 +22\.00 +0\.00 +15 c7g\.2xlarge for 5 h$/m);
    expect(on).toContain('standby, idle');
    expect(on).toMatch(/what is copied to it \(0\.45 GiB an audience\) has no price here/);
    expect(await said('--instance-type', 'x9.huge')).toMatch(
      /no price of x9\.huge in us-east-1 is known here, only of c6g/,
    );
    expect(await said('--region', 'eu-west-1')).toMatch(
      /no prices of eu-west-1 .*--show-prices > prices\.json.*--prices prices\.json/,
    );
  });

  test('names every option that is wrong at once, with what it expects', async () => {
    const failed = await run(process.execPath, [cli, '--devices', 'many', '--platform-share', '3']).then(
      () => null,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failed?.code).toBe(2);
    expect(failed?.stderr).toMatch(/--devices[^]*--seconds[^]*--latency-ms[^]*--platform-share/);
  });
});
