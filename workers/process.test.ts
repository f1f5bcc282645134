import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeShot, manifestReader } from './close/close.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

/** The worker as a process of its own: boot, health, kill, SIGTERM. */

let stage: Stage;
const children: ChildProcess[] = [];
beforeAll(async () => { stage = await startStage(); });
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await stage.stop();
});

interface Line { msg?: string; healthPort?: number; launchId?: string; shotId?: string; _aws?: unknown }

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: Line[] = [];
  let errors = '';
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  child.stderr?.on('data', (part: Buffer) => { errors += part.toString(); });
  return { child, lines, errors: () => errors };
}

const health = async (port: number) => {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return { status: answer.status, body: await answer.json() as { state: string; ready: boolean } };
};

test('a configuration that is not usable is refused in words, all of it at once', async () => {
  const { child, errors } = start({ PATH: process.env['PATH'] ?? '', AWS_REGION: 'moon' });
  const [code] = await once(child, 'exit') as [number];
  expect(code).toBe(78);
  for (const variable of ['AWS_REGION', 'GOBUTTON_POOL', 'GOBUTTON_BUCKET', 'APNS_KEY_FILE', 'GOOGLE_APPLICATION_CREDENTIALS']) expect(errors()).toContain(`${variable}: found`);
}, 30_000);

test('a worker that is killed in the middle of a batch leaves its devices uncertain, never sent twice, and the shot closes', async () => {
  // The provider stays silent for these: their batches are in flight when the process dies.
  const launch = await stage.newLaunch({ ios: 2_000, android: 0, marks: { 30: '51111e', 130: '51111e' } });
  const killed = start(stage.env(launch.id));
  const port = await vi.waitFor(() => {
    const found = killed.lines.find((line) => line.healthPort !== undefined)?.healthPort;
    if (found === undefined) throw new Error('not started');
    return found;
  }, { timeout: 20_000 });
  await vi.waitFor(async () => expect(await health(port)).toMatchObject({ status: 200, body: { state: 'ready', ready: true } }), { timeout: 20_000 });

  const shot = await launch.fire();
  await vi.waitFor(() => expect(launch.counts().received).toBe(2_000), { timeout: 15_000 });
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');

  const deps = { claims: stage.cloud.claims, journal: stage.journal, manifestOf: manifestReader(stage.cloud.objects) };
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() })).toMatchObject({ state: 'open' });
  // As if twenty seconds had passed: claims of the dead worker are over, and nobody sends their devices again.
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() + 20_000 })).toEqual({ state: 'closed', byUs: true });
  const totals = (await launch.shot(shot.id)).totals?.[0]?.totals;
  expect((totals?.accepted ?? 0) + (totals?.uncertain ?? 0)).toBe(2_000);
  expect(totals?.uncertain).toBeGreaterThanOrEqual(200);
  expect(launch.counts()).toMatchObject({ received: 2_000, distinctDevices: 2_000, duplicates: 0 });
  expect(await closeShot(deps, { launchId: launch.id, shotId: shot.id, nowMs: Date.now() + 20_000 })).toEqual({ state: 'closed', byUs: false });
}, 60_000);

test('SIGTERM ends an idle worker at once; every line it wrote is JSON, with launch, shot and metrics, and without a token', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 300 });
  const { child, lines } = start(stage.env(launch.id));
  const shot = await launch.fire();
  await launch.closed(shot.id, 30_000);
  child.kill('SIGTERM');
  const startMs = Date.now();
  const [code] = await once(child, 'exit') as [number];
  expect(code).toBe(0);
  expect(Date.now() - startMs).toBeLessThan(8_000);
  const [report] = await stage.cloud.live.reports(launch.id);
  expect(report).toMatchObject({ state: 'gone', shots: [{ shotId: shot.id, platforms: { ios: { accepted: 300 }, android: { accepted: 300 } } }] });
  expect(lines.some((line) => line.msg === 'segment cut into batches' && line.launchId === launch.id && line.shotId === shot.id)).toBe(true);
  expect(lines.some((line) => line._aws !== undefined)).toBe(true);
  expect(JSON.stringify(lines)).not.toMatch(/APA91b|face0a|bearer /i);
}, 60_000);
