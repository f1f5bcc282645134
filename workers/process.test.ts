import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeShot, manifestReader } from '../settle/close.ts';
import { setReader } from '../settle/frozen-sets.ts';
import { AS_FIRST_PROCESS, canUnshare, keepStopping, stopFirstProcess } from '../test/first-process.ts';
import { A_WAIT, secondTry } from '../test/run/second-try.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

/** The worker as a process of its own: boot, health, kill, SIGTERM. */

let stage: Stage;
const children: ChildProcess[] = [];
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await stage.stop();
});

interface Line {
  msg?: string;
  healthPort?: number;
  launchId?: string;
  shotId?: string;
  _aws?: unknown;
}

function start(env: Record<string, string>, under: readonly string[] = []) {
  const [command, ...rest] = [
    ...under,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'main.ts'),
  ];
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: Line[] = [];
  let errors = '';
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  child.stderr?.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  return { child, lines, errors: () => errors };
}

const health = async (port: number, path = '/health') => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: (await answer.json()) as { state: string; ready: boolean } };
};

const portOf = ({ lines }: { lines: Line[] }) =>
  vi.waitFor(
    () => {
      const found = lines.find((line) => line.healthPort !== undefined)?.healthPort;
      if (found === undefined) throw new Error('not started');
      return found;
    },
    { timeout: 20_000 },
  );

test('a configuration that is not usable is refused in words, all of it at once', async () => {
  const { child, errors } = start({ PATH: process.env['PATH'] ?? '', AWS_REGION: 'moon' });
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(78);
  for (const variable of [
    'AWS_REGION',
    'GOBUTTON_POOL',
    'GOBUTTON_BUCKET',
    'APNS_KEY',
    'GOOGLE_SERVICE_ACCOUNT',
    'GOBUTTON_WORKER_KEY',
    'GOBUTTON_BOT_PUBLIC_KEYS',
  ])
    expect(errors()).toContain(`${variable}: found`);
});

test('a worker that is killed in the middle of a batch leaves its devices uncertain, never sent twice, and the shot closes', async () => {
  // The provider stays silent for these: their batches are in flight when the process dies.
  const launch = await stage.newLaunch({ ios: 2_000, android: 0, marks: { 30: '51111e', 130: '51111e' } });
  const killed = start(stage.env(launch.id));
  const port = await portOf(killed);
  await vi.waitFor(
    async () => expect(await health(port)).toMatchObject({ status: 200, body: { state: 'ready', ready: true } }),
    { timeout: 20_000 },
  );

  const shot = await launch.fire();
  await vi.waitFor(() => expect(launch.counts().received).toBe(2_000));
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');

  const deps = {
    claims: stage.cloud.claims,
    journal: stage.journal,
    manifestOf: manifestReader(stage.cloud.objects),
    setOf: setReader(stage.cloud.objects),
  };
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() })).toMatchObject({
    state: 'open',
  });
  // As if twenty seconds had passed: claims of the dead worker are over, and nobody sends their devices again.
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() + 20_000 })).toEqual({
    state: 'closed',
    byUs: true,
  });
  const totals = (await launch.shot(shot.id)).totals?.[0]?.totals;
  expect((totals?.accepted ?? 0) + (totals?.uncertain ?? 0)).toBe(2_000);
  expect(totals?.uncertain).toBeGreaterThanOrEqual(200);
  expect(launch.counts()).toMatchObject({ received: 2_000, distinctDevices: 2_000, duplicates: 0 });
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() + 20_000 })).toEqual({
    state: 'closed',
    byUs: false,
  });
}, 60_000);

test(
  'SIGTERM ends an idle worker at once; every line it wrote is JSON, with launch, shot and metrics, and without a token',
  { ...secondTry(A_WAIT), timeout: 60_000 },
  async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 300 });
    const { child, lines } = start(stage.env(launch.id));
    const shot = await launch.fire();
    await launch.closed(shot.id, 30_000);
    child.kill('SIGTERM');
    const startMs = Date.now();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(Date.now() - startMs).toBeLessThan(8_000);
    const [report] = await stage.cloud.live.reports(launch.id);
    expect(report).toMatchObject({
      state: 'gone',
      shots: [{ shotId: shot.id, platforms: { ios: { accepted: 300 }, android: { accepted: 300 } } }],
    });
    expect(
      lines.some(
        (line) => line.msg === 'segment cut into batches' && line.launchId === launch.id && line.shotId === shot.id,
      ),
    ).toBe(true);
    expect(lines.some((line) => line._aws !== undefined)).toBe(true);
    expect(JSON.stringify(lines)).not.toMatch(/APA91b|face0a|bearer /i);
  },
);

test('a worker without a launch is alive and ready, and not healthy in the sense of /health; it stops when asked', async () => {
  const { GOBUTTON_LAUNCH_ID: _, ...env } = stage.env('no-launch');
  const idle = start({ ...env, GOBUTTON_POOL: 'idle-pool', GOBUTTON_VERSION: '0f3a9c1d2b4e' });
  const port = await portOf(idle);
  expect(await health(port, '/live')).toMatchObject({ status: 200 });
  await vi.waitFor(
    async () =>
      expect(await health(port)).toMatchObject({
        status: 503,
        body: { state: 'loading', version: '0f3a9c1d2b4e', say: 'waiting for a launch to be assigned to idle-pool' },
      }),
    { timeout: 20_000 },
  );
  expect(await health(port, '/ready')).toMatchObject({ status: 200, body: { ready: true } });
  expect(await health(port, '/constructor')).toMatchObject({ status: 404 });
  idle.child.kill('SIGTERM');
  expect(await once(idle.child, 'exit')).toEqual([0, null]);
});

test('a worker that has a launch and nothing to send with yet is alive and not ready', async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 0 });
  const loading = start({ ...stage.env(launch.id), GOBUTTON_APNS_URL: 'https://127.0.0.1:9' });
  const port = await portOf(loading);
  await vi.waitFor(
    async () => expect(await health(port, '/ready')).toMatchObject({ status: 503, body: { ready: false } }),
    { timeout: 20_000 },
  );
  expect(await health(port, '/live')).toMatchObject({ status: 200 });
});

test.skipIf(!canUnshare)(
  'SIGTERM while the first process of a container still loads its code ends it with 0 before it has begun',
  async () => {
    const { child, lines } = start(stage.env('early'), AS_FIRST_PROCESS);
    keepStopping(child);
    const ended = await once(child, 'exit');
    expect([ended, lines]).toEqual([[0, null], []]);
  },
);

test.skipIf(!canUnshare)(
  'SIGTERM to the first process of a container in mid-shot: it finishes what it claimed, the others send the rest, nothing is uncertain',
  async () => {
    Object.assign(stage.providers.behaviour, { latencyMs: 400, streamLimit: 100 });
    try {
      const launch = await stage.newLaunch({ ios: 4_000, android: 0 });
      const leaving = start(stage.env(launch.id), AS_FIRST_PROCESS);
      const port = await portOf(leaving);
      await vi.waitFor(async () => expect(await health(port)).toMatchObject({ status: 200 }), { timeout: 20_000 });
      const shot = await launch.fire();
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(300), { interval: 10 });
      stopFirstProcess(leaving.child);
      expect(await once(leaving.child, 'exit')).toEqual([0, null]);
      const before = launch.counts().received;
      expect(before).toBeLessThan(4_000);
      expect((await stage.cloud.live.reports(launch.id))[0]).toMatchObject({
        state: 'gone',
        shots: [{ platforms: { ios: { accepted: before } } }],
      });

      await launch.worker();
      const { totals } = await launch.closed(shot.id, 30_000);
      expect(totals?.[0]?.totals).toMatchObject({ accepted: 4_000, uncertain: 0, late: 0 });
      expect(launch.counts()).toMatchObject({ received: 4_000, duplicates: 0 });
    } finally {
      Object.assign(stage.providers.behaviour, { latencyMs: 0, streamLimit: 1_000 });
    }
  },
  90_000,
);
