import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { orderIn, problemOf } from './orders.ts';

const segment = { v: 1, launchId: 'l', shotId: 'S5', segment: 'ios', attempt: 1 };
const copies = { v: 1, launchId: 'l', testId: 'T4' };

describe('what lies on the queue of orders', () => {
  test('an order is one of a segment or of test copies, in this version and no longer than one of ours can be', () => {
    expect(orderIn(JSON.stringify(segment))).toEqual(segment);
    expect(orderIn(JSON.stringify(copies))).toEqual(copies);
    const padded = JSON.stringify(segment).padEnd(1_024);
    expect([orderIn(padded), orderIn(`${padded} `)]).toEqual([segment, null]);
  });

  test.each([
    ['no JSON', '{'],
    ['another version', JSON.stringify({ ...segment, v: 2 })],
    ['a value more', JSON.stringify({ ...segment, batch: 'ios.0' })],
    ['a value less', JSON.stringify({ ...copies, testId: undefined })],
    ['nothing', 'null'],
  ])('%s is no order', (_, body) => {
    expect(orderIn(body)).toBeNull();
  });
});

describe('an order is cut only as it was approved, in time, and while nothing has stopped its shot', () => {
  const problem = (
    change: (scene: Scene, shot: ReturnType<Scene['fired']>) => void,
    { segment: of = 'us-ios', attempt = 1, haltEpoch = 0, beforeEndMs = 1 } = {},
  ) => {
    const scene = Scene.ready();
    const { id, notAfterAtMs } = scene.fired(['us-ios', 'us-android']);
    change(scene, scene.shot(id));
    const order = { v: 1 as const, launchId: scene.state.id, shotId: id, segment: of, attempt };
    return problemOf(order, scene.shot(id), haltEpoch, notAfterAtMs.ios - beforeEndMs);
  };
  const nothing = () => {};

  test('then there is nothing against it', () => {
    expect(problem(nothing)).toBeNull();
    // The epoch that the shot was approved under.
    const scene = Scene.ready();
    scene.halt();
    const { id, segments, notAfterAtMs } = scene.fired('all', { lift: true });
    const order = {
      v: 1 as const,
      launchId: scene.state.id,
      shotId: id,
      ...(segments[0] ?? { segment: '', attempt: 0 }),
    };
    expect(problemOf(order, scene.shot(id), 1, notAfterAtMs.ios - 1)).toBeNull();
    expect(problemOf(order, scene.shot(id), 2, notAfterAtMs.ios - 1)).toEqual({
      refused: expect.stringContaining('halted') as string,
    });
  });

  test("another attempt, or another segment, is nobody's", () => {
    expect(problem(nothing, { attempt: 2 })).toEqual({
      foreign: expect.stringMatching(/^S\d+ us-ios: attempt 2 of it was not approved/) as string,
    });
    expect(problem(nothing, { segment: 'br-ios' })).toEqual({ foreign: expect.stringContaining('br-ios') as string });
  });

  test('its own platform must be in time', () => {
    expect(problem(nothing, { beforeEndMs: 0 })).toEqual({ refused: expect.stringContaining('it is late') as string });
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios', 'us-android']);
    const order = { v: 1 as const, launchId: scene.state.id, shotId: shot.id, segment: 'us-android', attempt: 1 };
    const windows = { ...shot, notAfterAtMs: { ios: 10, android: 20 } };
    expect(problemOf(order, windows, 0, 19)).toBeNull();
    expect(problemOf(order, windows, 0, 20)).toMatchObject({ refused: expect.stringContaining('late') as string });
  });

  test('a shot that is closed or halted is over, whether record or switches say so', () => {
    const refused = (why: string) => ({ refused: expect.stringMatching(`^S\\d+ us-ios: ${why}$`) as string });
    expect(problem((scene, shot) => scene.closes(shot))).toEqual(refused('the shot is closed'));
    expect(problem((scene) => scene.halt())).toEqual(refused('the shot was halted'));
    expect(problem(nothing, { haltEpoch: 1 })).toEqual(refused('the shot was halted'));
  });

  test('a segment that the audience has not is cut by nobody', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const order = { v: 1 as const, launchId: scene.state.id, shotId: shot.id, segment: 'us-ios', attempt: 1 };
    const without = { ...shot, audience: { ...shot.audience, segments: [] } };
    expect(problemOf(order, without, 0, 0)).toEqual({
      refused: expect.stringContaining('the audience has no such segment') as string,
    });
  });
});
