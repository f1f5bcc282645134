import { describe, expect, test } from 'vitest';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { Scene } from '../../test/properties/scene.ts';
import { Known } from './known.ts';

/** A launch with a shot and a test, of which nothing was read yet; `read` is what a read finds. */
function known() {
  const scene = Scene.ready();
  const { testId } = scene.gives('TestRequested', { kind: 'request-test', by: 'ana', to: ['ana'] });
  const shot = scene.fired(['us-ios']);
  scene.does({ kind: 'note', by: 'ana', text: 'neither shot nor test' });
  const state = { known: null as Launch | null, stored: scene.state as Launch | null, reads: 0, nowMs: 5_000 };
  const one = new Known(
    {
      peek: (id) => (id === scene.state.id ? state.known : null),
      launch: (id) => {
        if (id !== scene.state.id) throw new Error(id);
        state.reads += 1;
        state.known = state.stored;
        return Promise.resolve(state.known);
      },
    },
    scene.state.id,
    () => state.nowMs,
  );
  return { one, state, scene, shotId: shot.id, testId };
}

describe('whether a shot or a test can be in the record', () => {
  test('what is known needs no look, and is shown as last read', async () => {
    const { one, state, scene, shotId, testId } = known();
    expect([one.peekShot(shotId), one.peekTest(testId)]).toEqual([undefined, undefined]);
    state.known = scene.state;
    expect(one.peekShot(shotId)).toBe(scene.state.shots[shotId]);
    expect(one.peekTest(testId)).toBe(scene.state.tests[testId]);
    expect([one.peekShot('constructor'), one.peekTest('toString')]).toEqual([undefined, undefined]);
    expect([await one.shot(shotId), await one.test(testId), await one.shot(shotId)]).toEqual([true, true, true]);
    expect(state.reads).toBe(0);
  });

  test('what no entry of this record can be called, or an entry that is known did not make, is not', async () => {
    const { one, state, scene, testId } = known();
    state.known = scene.state;
    const { seq } = scene.state;
    const never = [
      `S${seq}`,
      'S1',
      testId.replace('T', 'S'),
      `T${seq + 1}`,
      `S0${seq + 1}`,
      `SS${seq + 1}`,
      `S${seq + 1}x`,
    ];
    for (const id of [...never, 'S', '', 'S12345678901', 'constructor'])
      expect([id, await one.shot(id)]).toEqual([id, false]);
    expect([await one.test(`S${seq + 1}`), await one.test(`T${seq}`)]).toEqual([false, false]);
    expect(state.reads).toBe(0);
  });

  test('what may have been written since is worth one full look a second; what comes beyond shares a read', async () => {
    const { one, state, scene, shotId } = known();
    expect([await one.shot(shotId), state.reads]).toEqual([true, 0]);
    expect(await one.shot('S98')).toBe(false);
    expect([await one.shot(shotId), state.reads]).toEqual([true, 1]);
    state.nowMs += 999;
    expect([await one.shot('S99'), state.reads]).toEqual([false, 2]);
    state.nowMs += 1;
    expect([await one.shot('S99'), state.reads]).toEqual([true, 2]);
    expect(scene.state.seq).toBeLessThan(98);
  });

  test('a test that a read finds is there, one that it does not find is not', async () => {
    const { one, state, testId } = known();
    await one.test('T99');
    expect([await one.test('T98'), state.reads]).toEqual([false, 1]);
    state.known = null;
    state.nowMs += 300;
    expect([await one.test(testId), state.reads]).toEqual([true, 2]);
  });

  test('reads are a quarter of a second apart, whoever asks; those who ask meanwhile share the next one', async () => {
    const { one, state } = known();
    state.stored = null;
    await one.shot('S90');
    expect([await one.shot('S91'), state.reads]).toEqual([false, 1]);
    state.nowMs += 200;
    const startMs = performance.now();
    expect(await Promise.all([one.shot('S92'), one.shot('S93')])).toEqual([false, false]);
    expect([performance.now() - startMs >= 45, state.reads]).toEqual([true, 2]);
  });
});
