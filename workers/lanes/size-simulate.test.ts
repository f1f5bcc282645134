import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulateCommand } from './size-simulate.ts';

const run = promisify(execFile);
const cli = join(import.meta.dirname, 'size-cli.ts');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-size-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const small = ['--devices', '100000', '--segments', '4'];
const text = async (...args: string[]): Promise<string> => {
  const outcome = await simulateCommand([...small, ...args]);
  return outcome.ok ? outcome.text : `refused: ${outcome.problems.join('\n')}`;
};
const played = async (...args: string[]) =>
  (
    JSON.parse(await text('--tasks', '3', '--json', ...args)) as {
      answer: { p50Ms: number; perSecond: number; bound: string; totals: Record<string, number> };
    }[]
  )[0]?.answer;

describe('npm run size -- --simulate', () => {
  test('one count of tasks is told in words, several are a table', async () => {
    expect(await text('--tasks', '3')).toMatch(
      /^100,000 devices on 3 tasks of 1 core; bound by .+\n\noutcome {4}100,000 accepted, 0 failed, 0 uncertain, 0 late\nsince GO {3}first 0\.\d\d s, p50/,
    );
    const table = (await text('--tasks', '2,4')).split('\n');
    expect(table[0]).toBe('| tasks | first | p50 | p95 | p99 | a second | cores busy | bound by |');
    expect(table.slice(2).map((line) => line.split('|')[1]?.trim())).toEqual(['2', '4']);
  });

  test('the same command says the same, another seed something else', async () => {
    expect(await text('--tasks', '3')).toBe(await text('--tasks', '3'));
    expect(await text('--tasks', '3', '--seed', '2')).not.toBe(await text('--tasks', '3'));
  });

  test('what bounds it can be moved by every option that bounds it', async () => {
    expect((await played('--cost-factor', '20'))?.bound).toBe('cores');
    expect((await played('--latency', '1500/1600/1700', '--connections', '2'))?.bound).toBe('streams');
    expect((await played('--per-connection', '50'))?.bound).toBe('connections');
    expect((await played('--writes-per-second', '20'))?.bound).toBe('queue');
    expect((await played('--pace-apns', '5000', '--pace-fcm', '5000', '--batch-size', '100'))?.bound).toBe('pace');
    expect((await played('--fcm-per-minute', '20000'))?.bound).toBe('provider');
  });

  test('faults are played, and everybody is accounted for', async () => {
    const totals =
      (
        await played(
          '--dead',
          '1@0.4',
          '--cost-factor',
          '20',
          '--bad-tokens',
          '0.01',
          '--storm',
          'fcm@0.3+1',
          '--retry-after',
          '2',
          '--sick-connections',
          '1',
          '--slow',
          '1@1',
        )
      )?.totals ?? {};
    expect(Object.values(totals).reduce((sum, one) => sum + one, 0)).toBe(100_000);
    expect(totals['uncertain']).toBeGreaterThan(0);
    expect(totals['failed']).toBeGreaterThan(0);
  });

  test('draws the table', async () => {
    const file = join(folder, 'sizes.svg');
    await text('--tasks', '2,4', '--chart', file);
    expect(await readFile(file, 'utf8')).toMatch(/^<svg[^]*100,000 devices[^]*<\/svg>/);
    await text('--tasks', '2', '--chart', join(folder, 'sizes.png'));
    expect((await readFile(join(folder, 'sizes.png'))).subarray(1, 4).toString()).toBe('PNG');
  });

  test('everything that is wrong is named at once, with what was found and expected', async () => {
    const said = await text(
      '--tasks',
      '0',
      '--latency',
      '90/40/100',
      '--storm',
      'gcm@1+1',
      '--dead',
      'two',
      '--cores',
      '1.5',
      '--chart',
      'x.gif',
    );
    expect(said).toMatch(
      /--tasks: found 0, expected a whole number[^]*--cores: found 1\.5, expected[^]*--latency: found 90\/40\/100, expected p50\/p95\/p99[^]*--dead: found two, expected tasks@seconds[^]*--storm: found gcm@1\+1, expected provider@from[^]*--chart: found x\.gif, expected a file/,
    );
    expect(await text('--tasks', '2', '--dead', '3@1')).toMatch(
      /^refused: dead tasks: found 3, expected a whole number from 0 to 2$/,
    );
    expect(await text('--batch-sise', '3')).toMatch(/^refused: found --batch-sise, .*; did you mean --batch-size\?/);
  });

  test('a rehearsal is played again on its own machine, and what is missing in its report is named', async () => {
    const file = join(folder, 'report.json');
    const report = {
      devices: 50_000,
      platforms: { ios: 25_000, android: 25_000 },
      outcome: { accepted: 49_900, failed: { Unregistered: 100 } },
      timing: { goToFirstMs: 190, p50Ms: 500, p95Ms: 800, p99Ms: 820, perSecond: 90_000 },
      workers: { count: 2 },
      setUp: { connections: 40, threads: 1, latencyMs: 20, segments: 14 },
      cpu: {
        cores: 2,
        seconds: 1,
        parts: { workers: 0.8, providers: 0.3, cloud: 0.2, bot: 0.1 },
        machineBusy: 0.8,
        workerThreads: { main: 0.4, sending: 0.3, helpers: 0.1 },
      },
    };
    await writeFile(file, JSON.stringify(report));
    expect(await text('--rehearsal', file)).toMatch(
      /50,000 devices, 2 workers on 2 cores[^]* 8\.0 µs of main threads[^]*--cost-call \d+[^]*\| p99 \| 0\.82 s \| \d\.\d\d s \([+-]?\d+ %\) \|/,
    );
    await writeFile(file, JSON.stringify({ ...report, setUp: undefined, cpu: null }));
    expect(await text('--rehearsal', file)).toMatch(
      /setUp: found nothing, expected what was played[^]*cpu: found null, expected CPU times/,
    );
    await writeFile(file, 'p50 1.2 s');
    expect(await text('--rehearsal', file)).toMatch(/found no JSON/);
    expect(await text('--rehearsal', join(folder, 'nowhere.json'))).toMatch(/found no readable file/);
  });

  test('--help tells of both', async () => {
    const { stdout } = await run(process.execPath, [cli, '--help']);
    expect(stdout).toMatch(/--per-core[^]*--simulate[^]*--latency-fcm/);
    const failed = await run(process.execPath, [cli, '--simulate', '--tasks', 'x']).then(
      () => null,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(/^--tasks: found x/) as string });
  });
});
