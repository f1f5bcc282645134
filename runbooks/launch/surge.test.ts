import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { evolve } from './evolve.ts';
import { gateLines } from './gates.ts';
import { paceThatFits, surgeOf } from './surge.ts';

// 300 devices of Android at 100 a second, 700 of iOS without a pace.
const delivery = { android_per_second: 100, android_ramp: '0s' };
const surge = {
  open_rate: 0.1,
  unpaced_per_second: 400,
  fleets: [{ target: 'workers', per_unit: 250, per_open: 10, per_delivery: 0.5, usual: 100 }],
};
const launch = (more: Record<string, unknown> = {}) =>
  Scene.ready(
    sampleRunbook({
      delivery,
      surge,
      gates: [
        { id: 'surge', title: 'Servers can take it', probe: { kind: 'surge' } },
        { id: 'copy-read', title: 'The copy was read' },
      ],
      ...more,
    }),
  );
const lineOf = ({ state, nowMs }: Scene, segments: string[] | 'all' = 'all') =>
  gateLines(state, [], nowMs, segments).find(({ id }) => id === 'surge');

describe('what a push brings', () => {
  test('is pushes a second, times opens and their requests, plus what comes by itself and anyway', () => {
    // (400 + 100) × (0.1 × 10 + 0.5) + 100
    expect(surgeOf(launch().state, 'all')).toMatchObject({
      perSecond: 500,
      fleets: [
        { target: 'workers', perPush: 1.5, needed: 850, units: 4, has: 2, takes: 500, isShort: true, fits: 266 },
      ],
    });
  });

  test('is never of more pushes a second than there are devices, and only of the segments that are asked for', () => {
    const { state } = launch();
    expect(surgeOf(state, ['br-ios'])?.perSecond).toBe(200);
    expect(surgeOf(state, ['us-android'])).toMatchObject({ perSecond: 100, fleets: [{ needed: 250, isShort: false }] });
  });

  test('goes by the pace that is set, and by what is ordered or still planned of a fleet', () => {
    const scene = launch();
    scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 50, reason: '' });
    expect(surgeOf(scene.state, 'all')?.perSecond).toBe(150);
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 6, step: null, reason: '' });
    expect(surgeOf(scene.state, 'all')?.fleets[0]?.has).toBe(6);
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 1, step: null, reason: '' });
    expect(surgeOf(scene.state, 'all')?.fleets[0]?.has).toBe(2);
    scene.does({ kind: 'skip-step', by: 'ana', step: 'scale-up', reason: 'done by hand' });
    expect(surgeOf(scene.state, 'all')?.fleets[0]?.has).toBe(1);
  });

  test('with the pace that it names nothing is short any more, and with one more push it is', () => {
    const fits = paceThatFits(surgeOf(launch().state, 'all') ?? { perSecond: 0, unknown: [], fleets: [] }) ?? 0;
    const at = (perSecond: number) =>
      surgeOf(launch({ surge: { ...surge, unpaced_per_second: perSecond - 100 } }).state, 'all')?.fleets[0]?.isShort;
    expect([at(fits), at(fits + 1)]).toEqual([false, true]);
  });
});

describe('the gate', () => {
  test('is red by the units that are missing, and says which pace would fit', () => {
    const scene = launch();
    expect(lineOf(scene)).toMatchObject({
      status: 'red',
      value: 2,
      say: 'workers: 850 requests a second, and 2 take 500; 4 are needed. 266 pushes a second would fit',
    });
    expect(scene.refuses(scene.request()).code).toBe('GATES_RED');
    expect(lineOf(scene, ['us-android'])).toMatchObject({ status: 'green', value: 0 });
  });

  test('is unknown where a number is missing, and says which', () => {
    expect(lineOf(launch({ surge: undefined }))).toMatchObject({
      status: 'unknown',
      say: 'no numbers yet: /go forecast takes them',
    });
    expect(lineOf(launch({ surge: { ...surge, unpaced_per_second: undefined } }))).toMatchObject({
      status: 'unknown',
      say: 'iOS has no pace, and nobody has said how many go out in a second without one',
    });
    const scene = launch({ surge: undefined });
    scene.does({
      kind: 'measure-surge',
      by: 'mia',
      source: 's',
      openRate: 0.1,
      unpacedPerSecond: 400,
      fleets: [{ target: 'workers', perUnit: 250 }],
    });
    expect(lineOf(scene)?.say).toBe('of workers it is not known what a push asks of it, or what one unit takes');
  });
});

describe('figures that turn the gate green', () => {
  const large = { kind: 'measure-surge' as const, source: 's', fleets: [{ target: 'workers', perUnit: 5_000 }] };

  test('are looked at by on-call, or by its owner: a marketer alone calls nothing large enough', () => {
    const scene = launch();
    scene.does({ ...large, by: 'mia' });
    expect(lineOf(scene)).toMatchObject({
      status: 'unknown',
      value: null,
      say: 'large enough by the figures of Mia Chen, and on-call has not looked at all of them yet: /go forecast shows them, and entering them again confirms them',
      sinceMs: scene.nowMs,
    });
    scene.does({ ...large, by: 'ana' });
    expect(lineOf(scene)).toMatchObject({ status: 'green' });
    scene.does({ ...large, by: 'mia' });
    expect(lineOf(scene)).toMatchObject({ status: 'unknown' });
    const owned = launch({
      gates: [
        { id: 'surge', title: 'Servers can take it', probe: { kind: 'surge' }, owner: 'mia' },
        { id: 'copy-read', title: 'The copy was read' },
      ],
    });
    owned.does({ ...large, by: 'mia' });
    expect(lineOf(owned)).toMatchObject({ status: 'green' });
  });

  test('are confirmed by whoever names all of them: a form of before they came does not have them', () => {
    const scene = launch();
    scene.does({ ...large, by: 'mia', openRate: 0.01 });
    scene.does({ ...large, by: 'ana' });
    expect(lineOf(scene)).toMatchObject({ status: 'unknown' });
    scene.does({ ...large, by: 'ana', openRate: 0.01, fleets: [{ target: 'workers', perDelivery: 0.1 }] });
    expect(lineOf(scene)).toMatchObject({ status: 'unknown' });
    scene.does({
      ...large,
      by: 'ana',
      openRate: 0.02,
      fleets: [{ target: 'workers', perUnit: 4_000, perDelivery: 0.1 }],
    });
    expect(lineOf(scene)).toMatchObject({ status: 'green' });
  });

  test('turn it red whoever has entered them', () => {
    const scene = launch();
    scene.does({ ...large, by: 'mia', fleets: [{ target: 'workers', perUnit: 1 }] });
    expect(lineOf(scene)).toMatchObject({ status: 'red' });
  });

  test('count as they did in records of before it was asked who entered them', () => {
    const scene = launch();
    const { unconfirmed: _, ...entry } = scene.gives('SurgeMeasured', { ...large, by: 'mia' });
    expect(evolve(scene.state, { ...entry, seq: scene.state.seq + 1 }).surge).not.toHaveProperty('unconfirmed');
  });
});

describe('figures of a rehearsal', () => {
  const measure = {
    kind: 'measure-surge' as const,
    by: 'mia',
    source: 'rehearsal',
    fleets: [] as { target: string }[],
  };

  test('hold over those of the runbook, each until a newer one comes', () => {
    const scene = launch();
    scene.does({ ...measure, openRate: 0.2, fleets: [{ target: 'workers', perOpen: 50 }] });
    expect(surgeOf(scene.state, 'all')?.fleets[0]?.perPush).toBe(10.5);
    scene.does({ ...measure, source: 'another', fleets: [{ target: 'workers', perDelivery: 0 }] });
    expect(surgeOf(scene.state, 'all')?.fleets[0]).toMatchObject({ perPush: 10, takes: 500 });
    expect(scene.state.surge).toMatchObject({ source: 'another', by: 'mia', openRate: 0.2 });
  });

  test.each([
    ['a fleet that is none', { fleets: [{ target: 'edge', perOpen: 1 }] }, 'TARGET_UNKNOWN'],
    ['a fleet twice', { fleets: [{ target: 'workers', perOpen: 1 }, { target: 'workers' }] }, 'VALUE_INVALID'],
    ['a share above one', { openRate: 4 }, 'VALUE_INVALID'],
    ['less than nothing', { fleets: [{ target: 'workers', perOpen: -1 }] }, 'VALUE_INVALID'],
    ['a unit that takes nothing', { fleets: [{ target: 'workers', perUnit: 0 }] }, 'VALUE_INVALID'],
    ['no number', { unpacedPerSecond: Number.NaN }, 'VALUE_INVALID'],
    ['nothing at all', {}, 'VALUE_INVALID'],
  ])('%s is refused', (_what, more, code) => {
    expect(launch().refuses({ ...measure, ...more }).code).toBe(code);
  });
});
