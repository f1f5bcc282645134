import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { measureGates } from '../../bot/conductor/gates/probes.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { inAll } from '../in-all.ts';
import { secondTry } from '../run/second-try.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/** Worker processes whose wall clocks are off, preloaded so, against the providers' own count and the true time. */

const DEVICES = 3_000;
const NOT_AFTER_MS = 6_000;
/** From the write to the stand-in's count, on a machine that is busy. */
const ON_THE_WAY_MS = 150;

let stage: Stage;
const children: ChildProcess[] = [];
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stage.stop();
});

async function workerOff(
  launch: StagedLaunch,
  aheadMs: number,
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const preload = pathToFileURL(join(import.meta.dirname, 'shift-clock.ts')).href;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', preload, join(import.meta.dirname, '../../workers/main.ts')],
    {
      env: { ...stage.env(launch.id), CLOCK_SHIFT_MS: String(aheadMs), ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  children.push(child);
  await vi.waitFor(
    async () => {
      const report = await reportOf(launch, child);
      if (report.state !== 'ready') throw new Error(`${report.state}: ${report.say}`);
    },
    { timeout: 30_000, interval: 100 },
  );
  return child;
}

async function reportOf(launch: StagedLaunch, { pid }: ChildProcess): Promise<WorkerReport> {
  const report = (await stage.cloud.live.reports(launch.id)).find((one) => one.pid === pid);
  if (report === undefined) throw new Error(`no report of ${pid}`);
  return report;
}

const launchOf = (paced: number) =>
  stage.newLaunch({
    ios: DEVICES,
    android: 0,
    delivery: { ios_not_after: `${NOT_AFTER_MS / 1_000}s`, ...(paced === 0 ? {} : { ios_per_second: paced }) },
  });
const totalsOf = (shot: Shot) => sumTotals(shot.totals ?? []);

/** The gate as the bot measures it, once the worker knows the store's time well. */
async function clocksGate(launch: StagedLaunch) {
  const state = await stage.journal.launch(launch.id);
  if (state === null) throw new Error('no launch');
  return (await measureGates({ cloud: stage.cloud, journal: stage.journal, version: null }, state, Date.now())).find(
    ({ gate }) => gate === 'clocks-agree',
  );
}

const SECOND_TRY = secondTry('windows of seconds in worker processes side by side');

/** They wait more than they work, so they run beside each other. */
describe.concurrent('worker processes with clocks that are off', { ...SECOND_TRY, timeout: 90_000 }, () => {
  test.each([-30_000, 600_000, ...inAll('far ahead stands beside it', [30_000])])(
    'one of two is %i ms ahead: all goes out, from both, in time, and it is told by name',
    async (aheadMs) => {
      const launch = await launchOf(0);
      const [right, off] = await Promise.all([workerOff(launch, 0), workerOff(launch, aheadMs)]);
      const far = `(${Math.abs(aheadMs) / 1_000}\\.[01]|${Math.abs(aheadMs) / 1_000 - 1}\\.9) s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
      await vi.waitFor(
        async () =>
          expect(await clocksGate(launch)).toMatchObject({
            status: 'red',
            say: expect.stringMatching(
              new RegExp(`^worker \\S+ \\(process ${off.pid}, boot \\w{8}\\) is ${far} the store's clock`),
            ) as string,
          }),
        { timeout: 15_000, interval: 200 },
      );
      const shot = await launch.fire();
      expect(totalsOf(await launch.closed(shot.id, 30_000))).toMatchObject({
        accepted: DEVICES,
        late: 0,
        uncertain: 0,
        halted: 0,
      });
      expect(launch.counts()).toMatchObject({ received: DEVICES, distinctDevices: DEVICES, duplicates: 0 });
      expect(lastAtMs(launch)).toBeLessThan(shot.notAfterAtMs.ios);
      const wrote = async (child: ChildProcess) =>
        (await reportOf(launch, child)).shots[0]?.platforms.ios.accepted ?? 0;
      await vi.waitFor(async () => expect((await wrote(right)) + (await wrote(off))).toBe(DEVICES));
      expect(await wrote(off)).toBeGreaterThan(0);
      // Figures since GO are in the store's time too.
      expect((await reportOf(launch, off)).shots[0]?.firstWriteAtMs).toBeGreaterThan(shot.pressedAtMs - 100);
      expect((await reportOf(launch, off)).shots[0]?.lastWriteAtMs).toBeLessThan(shot.notAfterAtMs.ios);
    },
  );

  test.each([3_000, -600_000, ...inAll('far behind stands beside it', [-3_000])])(
    'a worker alone, %i ms ahead and too slow for the window, stops at its true end and no sooner',
    async (aheadMs) => {
      const launch = await launchOf(300);
      await workerOff(launch, aheadMs, { GOBUTTON_THREADS: '1' });
      // The bounds on the store's time narrow within seconds.
      await vi.waitFor(async () => expect((await clocksGate(launch))?.status).toBe('red'), {
        timeout: 15_000,
        interval: 200,
      });
      const shot = await launch.fire();
      const totals = totalsOf(await launch.closed(shot.id, 40_000));
      expect(totals.accepted + totals.late + totals.uncertain).toBe(DEVICES);
      expect(totals.late).toBeGreaterThan(0);
      expect(launch.counts().duplicates).toBe(0);
      expect(lastAtMs(launch)).toBeLessThan(shot.notAfterAtMs.ios + ON_THE_WAY_MS);
      expect(lastAtMs(launch)).toBeGreaterThan(shot.notAfterAtMs.ios - 2_000);
      expect(shot.notAfterAtMs.ios - shot.pressedAtMs).toBe(NOT_AFTER_MS);
    },
  );
});

function lastAtMs(launch: StagedLaunch): number {
  return stage.providers.judge.counts(launch.id, null).lastAtMs ?? Number.NaN;
}
