import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { cleanUps, isCleanUp, owed } from './clean-up.ts';
import type { Command } from './commands.ts';
import { isPutBack } from './stand-down.ts';

/** How what was raised or set comes back, by which step, and where it is; a launch that is called off: stand-down.test.ts. */

const scale = (id: string, at: string, to: number) => ({
  id,
  title: id,
  at,
  do: { kind: 'scale', target: 'workers', to },
});
const turn = (id: string, at: string, name: string, value: boolean | string) => ({
  id,
  title: id,
  at,
  do: { kind: 'switch', switch: name, value },
});
const planned = (...steps: object[]): Scene => Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));

const order = (desired: number, step: string | null = null): Command => ({
  kind: 'order-scale',
  by: step === null ? 'ana' : null,
  target: 'workers',
  desired,
  step,
  reason: '',
});
/** Ordered, and there; the first one found so many. */
function ordered(scene: Scene, desired: number, found?: number): void {
  scene.does(order(desired));
  if (found !== undefined)
    scene.does({
      kind: 'report-scale-found',
      target: 'workers',
      found: { desired: found, min: null, max: null, targets: [], indexes: {} },
    });
  scene.does({ kind: 'report-scale', target: 'workers', desired, tookMs: 1, stands: desired });
}
const set = (name: string, value: boolean | string): Command => ({
  kind: 'set-switch',
  by: 'ana',
  switch: name,
  value,
  reason: 'r',
});
const one = (scene: Scene) => {
  const [found] = cleanUps(scene.state);
  if (found === undefined) throw new Error('NOTHING_TO_PUT_BACK');
  return { step: found.step?.id ?? null, to: found.to, state: found.state, isOffered: found.isOffered };
};

describe('the way back of a fleet', () => {
  test('is the last step about it by its time, where that lowers it, however many there are', () => {
    const scene = planned(scale('down', 'T+12h', 0), scale('up', 'T-4h', 2), scale('more', 'T-2h', 4));
    ordered(scene, 4, 0);
    expect(one(scene)).toEqual({ step: 'down', to: 0, state: 'open', isOffered: true });
  });

  test('that lowers it in part leads to what it says, whatever ran before', () => {
    const scene = planned(scale('up', 'T-4h', 4), scale('down', 'T+12h', 2));
    ordered(scene, 4, 0);
    expect(one(scene)).toEqual({ step: 'down', to: 2, state: 'open', isOffered: true });
    ordered(scene, 2);
    expect(one(scene)).toEqual({ step: 'down', to: 2, state: 'back', isOffered: false });
  });

  test('that no step lowers leads to what ran before, and not half of the way there', () => {
    const scene = planned(scale('up', 'T-4h', 40));
    ordered(scene, 40, 8);
    ordered(scene, 20);
    expect(one(scene)).toEqual({ step: null, to: 8, state: 'open', isOffered: false });
    scene.does(order(8));
    expect(one(scene)).toMatchObject({ state: 'open' });
    scene.does({ kind: 'report-scale', target: 'workers', desired: 8, tookMs: 1, stands: 8 });
    expect(one(scene)).toMatchObject({ state: 'back' });
  });

  test('is of its own: not of another fleet, nor of what is no fleet', () => {
    const scene = planned({ ...scale('other', 'T+12h', 0), do: { kind: 'checklist' } }, scale('up', 'T-4h', 2));
    ordered(scene, 2, 0);
    expect(one(scene)).toMatchObject({ step: null, to: 0 });
    expect([isCleanUp(scene.state, { id: 'up' }), isCleanUp(scene.state, { id: 'other' })]).toEqual([false, false]);
    const other = planned(scale('up', 'T-4h', 2), scale('down', 'T+12h', 0));
    ordered(other, 2, 0);
    expect([isCleanUp(other.state, { id: 'up' }), isCleanUp(other.state, { id: 'down' })]).toEqual([false, true]);
  });
});

describe('the way back of a switch', () => {
  test('is the last step about it, of several; text and all', () => {
    const scene = planned(
      turn('last', 'T+1h', 'sale', 'grey'),
      turn('first', 'T-1h', 'sale', 'blue'),
      turn('second', 'T-5m', 'sale', 'red'),
    );
    scene.does(set('sale', 'blue'));
    expect(one(scene)).toEqual({ step: 'last', to: 'grey', state: 'open', isOffered: true });
    scene.does(set('sale', 'grey'));
    expect(one(scene)).toMatchObject({ state: 'back', isOffered: false });
  });

  test('is the only step about it, where that unsets it; else it is off, by a person', () => {
    const off = planned(turn('off', 'T+1h', 'zombie', false));
    off.does(set('zombie', true));
    expect(one(off)).toEqual({ step: 'off', to: false, state: 'open', isOffered: true });
    const on = planned(turn('on', 'T-1h', 'zombie', true));
    on.does(set('zombie', true));
    expect(one(on)).toEqual({ step: null, to: false, state: 'open', isOffered: false });
  });

  test('is none of two steps that set it alike: zombie mode would stay on', () => {
    const on = planned(turn('on', 'T-1h', 'zombie', true), turn('again', 'T-5m', 'zombie', true));
    on.does(set('zombie', true));
    expect(one(on)).toEqual({ step: null, to: false, state: 'open', isOffered: false });
    const blue = planned(turn('first', 'T-1h', 'sale', 'blue'), turn('second', 'T-5m', 'sale', 'blue'));
    blue.does(set('sale', 'blue'));
    expect(one(blue)).toEqual({ step: null, to: false, state: 'open', isOffered: false });
  });

  test('is no last step that turns it on again, whatever came before', () => {
    const on = planned(turn('off', 'T-1h', 'zombie', false), turn('on', 'T-5m', 'zombie', true));
    on.does(set('zombie', true));
    expect(one(on)).toEqual({ step: null, to: false, state: 'open', isOffered: false });
  });

  test('that needs two people is under way once one of them has asked for just that', () => {
    const scene = planned(turn('quiet', 'T-1h', 'zombie', true));
    const asks = (name: string, value: boolean | string) => scene.gives('SwitchRequested', set(name, value)).requestId;
    scene.does({ kind: 'approve-switch', by: 'mia', requestId: asks('dark', true) });
    expect(one(scene)).toMatchObject({ to: false, state: 'open' });
    asks('dark', 'half');
    expect(one(scene)).toMatchObject({ state: 'open' });
    const back = asks('dark', false);
    expect(one(scene)).toMatchObject({ state: 'moving' });
    scene.does({ kind: 'approve-switch', by: 'mia', requestId: back });
    expect(one(scene)).toMatchObject({ state: 'back' });
    scene.does({ kind: 'approve-switch', by: 'mia', requestId: asks('dark', true) });
    // What was asked and done before is nothing that is under way.
    expect(one(scene)).toMatchObject({ state: 'open' });
  });

  test('is not under way because another one is to be turned off', () => {
    const scene = planned(turn('quiet', 'T-1h', 'zombie', true));
    scene.does(set('zombie', true));
    scene.gives('SwitchRequested', set('dark', false));
    expect(one(scene)).toMatchObject({ to: false, state: 'open' });
  });
});

describe('a step back is offered', () => {
  const raised = () => {
    const scene = planned(scale('up', 'T-4h', 2), scale('down', 'T+12h', 0));
    ordered(scene, 2, 0);
    scene.does({ kind: 'stand-down', by: 'ana', reason: '' });
    return scene;
  };

  test('until somebody has begun it; it is owed until it is there', () => {
    const scene = raised();
    expect(one(scene)).toMatchObject({ state: 'open', isOffered: true });
    scene.does({ kind: 'run-step', by: 'ana', step: 'down' });
    expect(one(scene)).toMatchObject({ state: 'moving', isOffered: false });
    expect([owed(scene.state).length, isPutBack(scene.state)]).toEqual([1, false]);
    scene.does(order(0, 'down'));
    scene.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 1, stands: 0 });
    expect(one(scene)).toMatchObject({ state: 'back', isOffered: false });
    expect([owed(scene.state).length, isPutBack(scene.state)]).toEqual([0, true]);
  });

  test('no second time, when somebody has raised it again since', () => {
    const scene = raised();
    scene.does({ kind: 'run-step', by: 'ana', step: 'down' });
    scene.does(order(0, 'down'));
    scene.does({ kind: 'report-scale', target: 'workers', desired: 0, tookMs: 1, stands: 0 });
    scene.does({ kind: 'finish-step', step: 'down', say: '' });
    ordered(scene, 3, 0);
    expect(one(scene)).toMatchObject({ state: 'open', isOffered: false });
  });

  test('not once a person has left it so on purpose, which is not owed any more', () => {
    const scene = raised();
    scene.does({ kind: 'skip-step', by: 'ana', step: 'down', reason: '' });
    expect(one(scene)).toMatchObject({ state: 'left', isOffered: false });
    expect(owed(scene.state)).toEqual([]);
  });
});
