import { expect, test } from 'vitest';
import { LAUNCH_ID, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { EntryOf } from '../../runbooks/launch/entries.ts';
import { ACTION } from '../action-ids.ts';
import { entryMessage } from './entry-message.ts';
import { stepHeldMessage, stepPutMessage } from './step-message.ts';
import { stepsMessage } from './steps.ts';

const NOTHING = 'nothing has been sent yet';

const steps = [
  {
    id: 'down',
    title: 'Send workers down',
    at: 'T+20m',
    do: { kind: 'scale', target: 'workers', to: 0 },
    catch_up_within: '0s',
  },
];

test('20 minutes after T with nothing fired the step down says that nothing was sent, and offers no scale-down', () => {
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
  scene.nowMs = T0_MS + 20 * 60_000;
  scene.does({ kind: 'put-step', step: 'down', why: 'nothing has been sent yet' });
  for (const message of [
    stepPutMessage(scene.state, 'down', 'nothing has been sent yet'),
    stepsMessage(scene.state, scene.nowMs),
  ]) {
    const text = JSON.stringify(message.blocks);
    expect(text).toContain('nothing has been sent yet');
    expect(text).toContain(ACTION.skipStep);
    expect(text).not.toContain(ACTION.runStep);
  }
  // Once a shot has gone out and is over, it is a step like any other.
  const shot = scene.fired(['us-ios']);
  const over = { ...scene.state, shots: { [shot.id]: { ...shot, closed: { cause: 'complete' as const, atMs: 1 } } } };
  expect(JSON.stringify(stepPutMessage(over, 'down', '').blocks)).toContain(ACTION.runStep);
});

test('of a fleet that was raised for it the way down says the same', () => {
  const edge = { id: 'edge', kind: 'auto-scaling-group', group: 'lingo-api', title: 'API servers' };
  const workers = { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' };
  const down = { ...steps[0], do: { kind: 'scale', target: 'edge', to: 8 } };
  const scene = Scene.ready(
    sampleRunbook({ scale_targets: [workers, edge], phases: [{ id: 'p', title: 'P', steps: [down] }] }),
  );
  scene.does({ kind: 'order-scale', by: 'ana', target: 'edge', desired: 40, step: null, reason: '' });
  scene.nowMs = T0_MS + 20 * 60_000;
  scene.does({ kind: 'put-step', step: 'down', why: 'nothing has been sent yet' });
  const text = JSON.stringify(stepPutMessage(scene.state, 'down', '').blocks);
  expect(text).toContain('nothing has been sent yet*: API servers stay as they are');
  expect(text).toContain('`/go scale edge 8`');
  expect(text).not.toContain(ACTION.runStep);
});

test('a step that waits says for what, and is offered, but for one that waits until something was sent', () => {
  const waits = (after: string[]) => ({ id: 'b', title: 'Thanks', at: 'T', after, do: { kind: 'checklist' } });
  const scene = (after: string[]) => {
    const made = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [waits(after)] }] }));
    made.nowMs = T0_MS;
    made.does({ kind: 'hold-step', step: 'b', measured: [] });
    return made;
  };
  const gate = scene(['workers']);
  const { why } = gate.entries.at(-1) as EntryOf<'StepHeld'>;
  expect(why).toBe('“Workers are ready” is not green: not measured yet');
  for (const message of [stepHeldMessage(gate.state, 'b', why), stepsMessage(gate.state, gate.nowMs)]) {
    expect(JSON.stringify(message.blocks)).toContain(why);
    expect(JSON.stringify(message.blocks)).toContain(ACTION.runStep);
  }
  const shot = scene(['shot']);
  for (const message of [stepHeldMessage(shot.state, 'b', NOTHING), stepsMessage(shot.state, shot.nowMs)]) {
    expect(JSON.stringify(message.blocks)).toContain(NOTHING);
    expect(JSON.stringify(message.blocks)).not.toContain(ACTION.runStep);
    expect(JSON.stringify(message.blocks)).toContain(ACTION.skipStep);
  }
  gate.does({ kind: 'run-step', by: 'ana', step: 'b' });
  expect(JSON.stringify(stepHeldMessage(gate.state, 'b', why).blocks)).not.toContain(ACTION.runStep);
});

test('a halt by hand shows what was found there, and nothing of it is markup', () => {
  const scene = Scene.ready();
  scene.does({
    kind: 'set-halt',
    by: null,
    source: 'ssm',
    epoch: 1,
    reason: 'set to “<!channel> & *now*” in Parameter Store by arn:aws:iam::1:user/x',
    pressedAtMs: scene.nowMs,
  });
  const message = entryMessage(scene.state, {
    kind: 'HaltSet',
    epoch: 1,
    reason: 'set to “<!channel> & more” in Parameter Store by arn:aws:iam::1:user/x',
    pressedAtMs: scene.nowMs,
    v: 1,
    launchId: LAUNCH_ID,
    seq: 1,
    atMs: 1,
    by: { system: 'ssm' },
    token: '',
    prev: '',
    hash: '',
  });
  expect(JSON.stringify(message?.blocks)).toContain('set to “&lt;!channel&gt; &amp; more” in Parameter Store by arn');
});
