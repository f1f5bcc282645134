import { expect, test } from 'vitest';
import { LAUNCH_ID, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { ACTION } from '../action-ids.ts';
import { entryMessage } from './entry-message.ts';
import { stepPutMessage } from './step-message.ts';
import { stepsMessage } from './steps.ts';

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
