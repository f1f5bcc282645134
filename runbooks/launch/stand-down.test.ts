import { describe, expect, test } from 'vitest';
import { keyVia, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { cleanUps, owed } from './clean-up.ts';
import type { Command } from './commands.ts';
import { dueSteps, nextSteps } from './schedule.ts';
import { isPutBack } from './stand-down.ts';

const scale = (id: string, at: string, to: number, target = 'workers') => ({
  id,
  title: id,
  at,
  do: { kind: 'scale', target, to },
});
const zombie = (id: string, at: string, value: boolean) => ({
  id,
  title: id,
  at,
  do: { kind: 'switch', switch: 'zombie', value },
});
/** The way back stands before the way there: what counts is when it is due. */
const runbook = sampleRunbook({
  scale_targets: [
    { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers', title: 'Send workers' },
    { id: 'edge', kind: 'auto-scaling-group', group: 'api', title: 'API servers' },
  ],
  phases: [
    {
      id: 'day',
      title: 'The day',
      steps: [
        scale('down', 'T+12h', 0),
        scale('up', 'T-4h', 2),
        zombie('quiet', 'T-10m', true),
        zombie('talk', 'T+1h', false),
        { id: 'window', title: 'The window opens', at: 'T', do: { kind: 'fire-window' } },
      ],
    },
  ],
});
const down = (reason = 'the ad was pulled'): Command => ({ kind: 'stand-down', by: 'ana', reason });

/** Two workers run where none ran before, and zombie mode is on. */
function raised(): Scene {
  const scene = Scene.ready(runbook);
  scene.does({ kind: 'run-step', by: 'ana', step: 'up' });
  const found = { desired: 0, min: null, max: null, targets: [], indexes: {} };
  scene.does({ kind: 'report-scale-found', target: 'workers', found });
  scene.does({ kind: 'order-scale', by: null, target: 'workers', desired: 2, step: 'up', reason: '' });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
  scene.does({ kind: 'finish-step', step: 'up', say: '' });
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
  return scene;
}

const states = (scene: Scene) =>
  cleanUps(scene.state).map(({ id, step, state }) => `${id} ${step?.id ?? '-'} ${state}`);

describe('a launch that is called off', () => {
  test('ends every order, open or armed, and fires, arms, tests and starts nothing any more', () => {
    const scene = Scene.ready();
    const declined = scene.asked(['us-ios']);
    scene.does({ kind: 'decline-fire', by: 'mia', orderId: declined.id, reason: '' });
    const open = scene.asked(['us-ios']);
    const armed = scene.asked(['us-android'], { momentMs: scene.nowMs + 600_000 });
    scene.does(scene.press(armed, 'mia', { measured: [] }));
    expect(scene.gives('StoodDown', down())).toMatchObject({
      by: { person: 'ana' },
      reason: 'the ad was pulled',
      orders: [open.id, armed.id],
      sent: null,
    });
    const { halt } = scene.state;
    for (const id of [open.id, armed.id])
      expect(scene.order(id)).toMatchObject({ state: 'void', voidedBy: 'the launch was stood down' });
    scene.nowMs += 600_000;
    const release: Command = {
      kind: 'release-fire',
      orderId: armed.id,
      measured: [],
      observedHaltEpoch: halt.epoch,
      observedHalted: false,
    };
    for (const command of [
      scene.request('ana', ['br-ios']),
      scene.request('ana', ['br-ios'], { momentMs: scene.nowMs + 60_000 }),
      scene.press(open),
      scene.press(open, 'ben', { via: keyVia('k', scene.nowMs) }),
      release,
      { kind: 'request-test', by: 'ana', to: ['ana'] },
      { kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 60_000, reason: '' },
      { kind: 'start-step', step: 'scale-up' },
      { kind: 'hold-step', step: 'scale-up', measured: [] },
      { kind: 'put-step', step: 'scale-up', why: '' },
      { kind: 'miss-step', step: 'scale-up', measured: [] },
      down(),
    ] satisfies Command[])
      expect(scene.refuses(command), command.kind).toMatchObject({
        code: 'STOOD_DOWN',
        say: expect.stringContaining('Ana Ortiz stood Super Bowl down at 22:30:00 UTC (the ad was pulled)'),
      });
    expect(dueSteps(scene.state, T0_MS + 86_400_000)).toEqual([]);
    expect(nextSteps(scene.state, 0)).toEqual([]);
  });

  test('says no reason where none was given', () => {
    const scene = Scene.ready();
    scene.does(down(''));
    expect(scene.refuses(down()).say).toContain('stood Super Bowl down at 22:30:00 UTC: nothing can be fired');
  });

  test('is called off by on-call, as it is closed by them; anyone else halts or disarms', () => {
    const scene = Scene.ready();
    for (const by of ['mia', 'olu'])
      expect(scene.refuses({ kind: 'stand-down', by, reason: '' })).toMatchObject({
        code: 'ROLE_MISSING',
        say: expect.stringContaining('standing the launch down needs on-call'),
      });
  });

  test('not while a shot is sent or still counted; then the record says what had gone out', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(scene.refuses(down())).toMatchObject({
      code: 'SHOT_RUNNING',
      say: expect.stringContaining(`Shot ${shot.id} (us-ios) is being sent. Stop it with /go halt`),
    });
    scene.halt();
    expect(scene.refuses(down())).toMatchObject({
      code: 'SHOT_RUNNING',
      say: expect.stringContaining('still being counted'),
    });
    scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 90, uncertain: 10 } });
    expect(scene.gives('StoodDown', down())).toMatchObject({
      sent: { segments: ['us-ios'], accepted: 400, uncertain: 10 },
    });
  });
});

describe('what is left to put back', () => {
  test('is what was raised, by the last step about it; nothing where nothing was raised', () => {
    const scene = Scene.ready(runbook);
    expect(isPutBack(scene.state)).toBe(false);
    scene.does(down());
    expect(cleanUps(scene.state)).toEqual([]);
    expect(isPutBack(scene.state)).toBe(true);
    expect(states(raised())).toEqual(['workers down open', 'zombie talk open']);
  });

  test('runs by a press although nothing was sent, and other steps do not', () => {
    const scene = raised();
    scene.does(down());
    expect(scene.refuses({ kind: 'run-step', by: 'ana', step: 'window' }).code).toBe('STOOD_DOWN');
    scene.does({ kind: 'run-step', by: 'ana', step: 'down' });
    expect(states(scene)).toEqual(['workers down moving', 'zombie talk open']);
    scene.does({ kind: 'order-scale', by: null, target: 'workers', desired: 0, step: 'down', reason: '' });
    expect(states(scene)).toEqual(['workers down moving', 'zombie talk open']);
    scene.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 1_000, stands: 0 });
    scene.does({ kind: 'finish-step', step: 'down', say: '' });
    expect(states(scene)).toEqual(['workers down back', 'zombie talk open']);
    scene.does({ kind: 'run-step', by: 'ana', step: 'talk' });
    scene.does({ kind: 'turn-switch', switch: 'zombie', value: false, reason: '' });
    expect(owed(scene.state)).toEqual([]);
  });

  test('is closed by the system once it is back or left so, with the reason, and not a moment before', () => {
    const close: Command = { kind: 'close-launch', by: null, reason: '' };
    const scene = raised();
    expect(scene.refuses(close).code).toBe('ROLE_MISSING');
    scene.does(down());
    expect(scene.refuses(close).code).toBe('ROLE_MISSING');
    scene.does({ kind: 'skip-step', by: 'ana', step: 'down', reason: '' });
    expect(states(scene)).toEqual(['workers down left', 'zombie talk open']);
    expect(isPutBack(scene.state)).toBe(false);
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: false, reason: '' });
    expect(isPutBack(scene.state)).toBe(true);
    expect(scene.gives('LaunchClosed', close)).toMatchObject({
      by: { system: 'conductor' },
      reason: 'the ad was pulled',
    });
    expect(isPutBack(scene.state)).toBe(false);
  });

  test('may be closed by a person ahead of that, with the reason of the stand-down unless they give another', () => {
    const scene = raised();
    scene.does(down());
    expect(scene.gives('LaunchClosed', { kind: 'close-launch', by: 'ana', reason: '' }).reason).toBe(
      'the ad was pulled',
    );
    const other = raised();
    other.does(down());
    expect(other.gives('LaunchClosed', { kind: 'close-launch', by: 'ana', reason: 'enough' }).reason).toBe('enough');
  });

  test('without a step about it, a fleet is back once it was lowered to what ran before, a switch once it is off', () => {
    const scene = raised();
    scene.does({ kind: 'order-scale', by: 'ana', target: 'edge', desired: 40, step: null, reason: '' });
    const found = { desired: 8, min: 8, max: 60, targets: [], indexes: {} };
    scene.does({ kind: 'report-scale-found', target: 'edge', found });
    scene.does({ kind: 'report-scale', target: 'edge', desired: 40, tookMs: 1_000, stands: 40 });
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 800, reason: '' });
    expect(cleanUps(scene.state).filter(({ step }) => step === null)).toMatchObject([
      { id: 'edge', state: 'open', now: 40, to: 8, isOffered: false },
      { id: 'pace.ios', state: 'open', now: 800, to: 0, isOffered: false },
    ]);
    scene.does({ kind: 'order-scale', by: 'ana', target: 'edge', desired: 8, step: null, reason: '' });
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 0, reason: '' });
    scene.does({ kind: 'report-scale', target: 'edge', desired: 8, tookMs: 1_000, stands: 8 });
    expect(states(scene)).toEqual(['workers down open', 'edge - back', 'zombie talk open', 'pace.ios - back']);
  });

  test('the only step of a fleet or a switch that raises or sets it is no way back', () => {
    const scene = Scene.ready(
      sampleRunbook({
        phases: [{ id: 'p', title: 'P', steps: [scale('up', 'T-4h', 2), zombie('quiet', 'T-10m', true)] }],
      }),
    );
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
    expect(states(scene)).toEqual(['workers - open', 'zombie - open']);
  });
});
