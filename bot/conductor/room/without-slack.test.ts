import { afterEach, beforeEach, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook, segmentTotals } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { reportOf } from '../for-tests.ts';

/** Slack takes every call and answers none: the launch must not notice. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const never = () => new Promise<never>(() => undefined);
const silent: Pick<SlackPort, 'postMessage' | 'update' | 'upload' | 'pin' | 'findPosted' | 'findUpload'> = {
  postMessage: never,
  update: never,
  upload: never,
  pin: never,
  findPosted: never,
  findUpload: never,
};
const groups = [
  { id: 'group', kind: 'auto-scaling-group', group: GROUP },
  { id: 'workers', kind: 'auto-scaling-group', group: 'pool' },
];
const stepNow = (what: object) => ({
  phases: [{ id: 'p', title: 'P', steps: [{ id: 'one', title: 'Dark on', at: 'T-1m', do: what }] }],
});
const soon = () => Date.now() + 59_000;

test('a step that the launch refuses ends, and the channel hears of it when Slack is back', async () => {
  // A switch that needs two people is not set by a step.
  await rig.create({
    ready: false,
    targetAtMs: soon(),
    runbook: sampleRunbook(stepNow({ kind: 'switch', switch: 'dark', value: true })),
  });
  const { conductor } = rig.conductor('first', { slack: { ...rig.slack, ...silent }, timings: { stopMs: 100 } });
  await conductor.start();
  await until('the step is over', async () => (await rig.launch()).steps['one']?.state === 'done');
  expect(await rig.entries('StepDone')).toMatchObject([
    { refused: true, say: expect.stringContaining('two people') as string },
  ]);
  await conductor.stop();
  await rig.conductor('second').conductor.start();
  expect((await rig.seen('was refused')).html).toContain('Dark on');
});

test('what was scaled is recorded as there', async () => {
  await rig.create({
    ready: false,
    targetAtMs: soon(),
    runbook: sampleRunbook({ scale_targets: groups, ...stepNow({ kind: 'scale', target: 'group', to: 1 }) }),
  });
  let updates = 0;
  const slack: SlackPort = {
    ...rig.slack,
    ...silent,
    postMessage: async () => '1.1',
    update: () => {
      updates += 1;
      return never();
    },
  };
  // It arrives while the update of its message hangs.
  const scaling = {
    ...rig.cloud.scaling,
    observe: async () => ({ desired: 1, running: updates === 0 ? 0 : 1, pending: 0, say: null }),
  };
  const { conductor } = rig.conductor('first', { slack, cloud: { ...rig.cloud, scaling }, timings: { stopMs: 100 } });
  await conductor.start();
  await until('ScaleReached', async () => (await rig.entries('ScaleReached'))[0]);
  await until('the step is over', async () => (await rig.launch()).steps['one']?.state === 'done');
});

test('the figures of a shot are in the record soon after its close', async () => {
  await rig.create();
  const { conductor } = rig.conductor('first', { slack: { ...rig.slack, ...silent }, timings: { stopMs: 100 } });
  await conductor.start();
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(await rig.request(['us-ios'])));
  await rig.reports(reportOf(await rig.launch(), 'one', Date.now()));
  await rig.append({ kind: 'close-shot', shotId, cause: 'complete', segments: [segmentTotals('us-ios', 1, 500)] });
  await until('ShotTimed', async () => (await rig.entries('ShotTimed'))[0]);
});
