import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Entry } from '../launch/entries.ts';
import { fleetUse, forgotten, isEventOver, stillUp, unitHour } from './fleets.ts';
import type { FleetNow } from './fleets.ts';
import { US_EAST_1 } from './prices.ts';

const HOUR = 3_600_000;
const found = (atMs: number, target: string, desired: number) =>
  ({
    kind: 'ScaleFound',
    atMs,
    target,
    found: { desired, min: null, max: null, targets: [], indexes: {} },
  }) as unknown as Entry;
const reached = (atMs: number, target: string, desired: number, stands?: number) =>
  ({
    kind: 'ScaleReached',
    atMs,
    target,
    desired,
    tookMs: 1,
    ...(stands === undefined ? {} : { stands }),
  }) as unknown as Entry;

test('what a launch added to a fleet is counted from each count that came to the next, above what ran before', () => {
  expect(
    fleetUse(
      [
        found(0, 'workers', 0),
        reached(HOUR, 'workers', 2),
        found(0, 'edge', 8),
        reached(HOUR, 'edge', 40),
        reached(3 * HOUR, 'workers', 10, 12),
        reached(4 * HOUR, 'workers', 0),
        reached(5 * HOUR, 'edge', 8),
      ],
      100 * HOUR,
    ),
  ).toEqual([
    { target: 'workers', unitHours: 2 * 2 + 12 },
    { target: 'edge', unitHours: 32 * 4 },
  ]);
});

const ordered = (atMs: number, target: string, desired: number) =>
  ({ kind: 'ScaleOrdered', atMs, target, desired, step: null, reason: '' }) as unknown as Entry;

test('what starts is paid for from its order, what ends until it is gone, and what never came until somebody saw that', () => {
  const late = { kind: 'ScaleLate', atMs: 2 * HOUR, target: 'edge', desired: 10, running: 4, ready: 4, backup: '' };
  const lowered = { kind: 'ScaleChanged', atMs: 5 * HOUR, target: 'edge', desired: 10, found: 2, again: false };
  expect(
    fleetUse(
      [
        ordered(0, 'workers', 10),
        found(0, 'workers', 2),
        reached(HOUR, 'workers', 10),
        ordered(3 * HOUR, 'workers', 2),
        reached(4 * HOUR, 'workers', 2),
        ordered(HOUR, 'edge', 10),
        found(HOUR, 'edge', 1),
        late as unknown as Entry,
        lowered as unknown as Entry,
      ],
      6 * HOUR,
    ),
  ).toEqual([
    // Eight more from 0 h to 4 h.
    { target: 'workers', unitHours: 8 * 4 },
    // Nine more for an hour, three for three, one for one.
    { target: 'edge', unitHours: 9 + 9 + 1 },
  ]);
});

test('what was not put back runs on', () => {
  expect(fleetUse([found(0, 'edge', 8), reached(HOUR, 'edge', 10)], 3 * HOUR)).toEqual([
    { target: 'edge', unitHours: 4 },
  ]);
});

test('a fleet below what ran before costs a launch nothing, and gives nothing back', () => {
  expect(fleetUse([found(0, 'edge', 8), reached(HOUR, 'edge', 4)], 3 * HOUR)).toEqual([
    { target: 'edge', unitHours: 0 },
  ]);
});

const fleet = (target: string, running: number, before: number | null): FleetNow => ({
  target,
  title: target,
  running,
  before,
  unit: null,
  usdHour: null,
});

test("what a step still to come lowers is nobody's oversight, until the launch is closed", () => {
  const scene = Scene.created(
    sampleRunbook({
      scale_targets: [
        { id: 'group', kind: 'auto-scaling-group', group: 'g' },
        { id: 'workers', kind: 'auto-scaling-group', group: 'pool' },
      ],
      phases: [
        {
          id: 'p',
          title: 'P',
          steps: [{ id: 'd', title: 'D', at: 'T+1h', do: { kind: 'scale', target: 'group', to: 0 } }],
        },
      ],
    }),
  );
  const up = [fleet('group', 3, 0), fleet('workers', 2, 0)];
  const names = (nowMs: number) => forgotten(scene.state, up, nowMs).map(({ target }) => target);
  expect([names(T0_MS), names(T0_MS + 3_600_001)]).toEqual([['workers'], ['group', 'workers']]);
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'over' });
  expect(names(T0_MS)).toEqual(['group', 'workers']);
});

test('the event is over when something was sent and nothing is running, ordered or left, or when the launch is closed', () => {
  const scene = Scene.ready();
  const over = () => isEventOver(scene.state, scene.nowMs);
  expect(over()).toBe(false);
  const shot = scene.fired('all');
  expect(over()).toBe(false);
  scene.closes(shot);
  expect(over()).toBe(true);
  const part = Scene.ready();
  part.closes(part.fired(['us-ios']));
  expect(isEventOver(part.state, part.nowMs)).toBe(false);
  part.does({ kind: 'close-launch', by: 'ana', reason: 'called off' });
  expect(isEventOver(part.state, part.nowMs)).toBe(true);
});

test('still up is what the launch raised and what runs above what was there before', () => {
  expect(
    stillUp([fleet('a', 3, 2), fleet('b', 2, 2), fleet('c', 9, null), fleet('d', 1, 0)]).map(({ target }) => target),
  ).toEqual(['a', 'd']);
});

test('a unit costs what the table says of it; an instance whose type is not known, or not in it, has no price', () => {
  expect(unitHour({ kind: 'instances' }, US_EAST_1)).toBeNull();
  expect(unitHour({ kind: 'instances', type: 'm9x.huge' }, US_EAST_1)).toBeNull();
  // With its disk of 30 GiB, at $0.08 a month of 730 h.
  const hour = 0.29 + (30 * 0.08) / 730;
  expect(unitHour({ kind: 'instances', type: 'c7g.2xlarge' }, US_EAST_1)).toBeCloseTo(hour, 9);
  expect(unitHour({ kind: 'instances', type: 'c7g.2xlarge', weight: 4 }, US_EAST_1)).toBeCloseTo(hour / 4, 9);
  expect(unitHour({ kind: 'write-units' }, US_EAST_1)).toBe(0.00065);
  expect(unitHour({ kind: 'fargate', vcpu: 1, gib: 2, cpu: 'x64', spot: false }, US_EAST_1)).toBeCloseTo(0.04937, 9);
});
