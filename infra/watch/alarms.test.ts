import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { poolSigns, workerSigns } from '../../contract/vital-signs.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { startHoldingProxy } from '../../test/faults/holding-proxy.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { createCloud } from '../aws/create-cloud.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { become } from '../local/providers/for-tests.ts';
import { ALARMS, rings } from './alarms.ts';
import type { Alarm } from './alarms.ts';
import { Vitals } from './vitals.ts';
import type { VitalSigns } from './vitals.ts';

/** Each alarm over a figure of ours, made true by what a real worker, or what the bot reads of it, writes as its signs. */

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

const alarm = (id: string): Alarm => ALARMS.find((one) => one.id === id) as Alarm;

/** What a process writes now of what the alarm looks at, as CloudWatch reads its line. */
function written(id: string, look: () => VitalSigns): number {
  const { metric } = alarm(id);
  const lines: string[] = [];
  new Vitals({
    service: 'of' in metric && metric.of === 'bot' ? 'bot' : 'worker',
    deployment: 'gobutton',
    write: (line) => lines.push(line),
    look,
    nowMs: () => 0,
  }).stop();
  return Number((JSON.parse(lines[0] ?? '{}') as Record<string, unknown>)[metric.name]);
}

/** As many minutes in a row as the alarm wants, each with what was written in it. */
async function untilItRings(id: string, look: () => Promise<VitalSigns>): Promise<void> {
  const values: number[] = [];
  await vi.waitFor(
    async () => {
      const signs = await look();
      values.push(written(id, () => signs));
      expect(rings(alarm(id), values)).toBe(true);
    },
    { interval: 100 },
  );
}

/** As the bot that leads reads it. */
async function botSigns({ id }: StagedLaunch): Promise<VitalSigns> {
  const launch = (await stage.journal.launch(id)) as Launch;
  return { ...poolSigns(launch, await stage.cloud.live.reports(id), Date.now()) };
}

test('provider-stopped: Apple answers a whole shot with 503', async () => {
  const launch = await stage.newLaunch({ ios: 400, android: 0 });
  const worker = await launch.worker();
  expect(written('provider-stopped', () => workerSigns(worker.report()))).toBe(0);
  become(stage.providers, { storm: { how: '503' } });
  await launch.fire();
  await untilItRings('provider-stopped', async () => workerSigns(worker.report()));
  become(stage.providers, { storm: null });
  await stage.stopWorkers();
});

test('halt-not-confirmed: a worker reports, and can’t read the switch; workers-lost: then it is cut off altogether', async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 0 });
  const proxy = await startHoldingProxy(stage.cloudConfig.endpoint ?? '');
  try {
    const cloud = { ...stage.cloudConfig, endpoint: proxy.url };
    await launch.worker({ cloud }, { cloud: createCloud(cloud) });
    const scale = { by: 'ana', target: 'workers', desired: 1, step: null, reason: 'test' } as const;
    await stage.journal.append(launch.id, { kind: 'order-scale', ...scale });
    await stage.journal.append(launch.id, {
      kind: 'report-scale',
      target: 'workers',
      desired: 1,
      tookMs: 1,
      stands: 1,
    });
    expect(await botSigns(launch)).toEqual({ WorkersMissing: 0, HaltUnconfirmed: 0 });
    proxy.hold(/GetItem.*gobutton-switches/);
    await launch.halt();
    await untilItRings('halt-not-confirmed', () => botSigns(launch));
    proxy.hold(/./);
    await untilItRings('workers-lost', () => botSigns(launch));
  } finally {
    proxy.hold(null);
    await proxy.close();
    await stage.stopWorkers();
  }
});

test('bot-throttled: a third of what a bot asks is refused for its rate', async () => {
  const local = await localCloudForTests();
  const lines: string[] = [];
  const vitals = new Vitals({
    service: 'bot',
    deployment: 'gobutton',
    write: (line) => lines.push(line),
    look: () => ({}),
    nowMs: () => 0,
  });
  try {
    local.localCloud.weather.set('throttled');
    await Promise.allSettled(Array.from({ length: 90 }, (_, at) => local.cloud.live.roll(`l${at}`)));
    vitals.stop();
    const [before, after] = lines.map((line) => (JSON.parse(line) as { Throttled: number }).Throttled);
    expect([rings(alarm('bot-throttled'), [before ?? 0]), rings(alarm('bot-throttled'), [after ?? 0])]).toEqual([
      false,
      true,
    ]);
  } finally {
    await local.stop();
  }
});
