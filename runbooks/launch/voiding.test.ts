import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { voidAllOpen, voidRivals } from './voiding.ts';

/** Ana and Mia have each asked for a waiver, a lift, a switch and changes of people and keys; Ana's orders wait too. */
function everythingWaits() {
  const scene = Scene.ready();
  scene.asked(['us-ios']);
  const by = (person: string, more: object) => ({ by: person, reason: 'r', open: true, ...more });
  const two = <T>(of: (id: string, person: string) => T): Record<string, T> => ({
    a: of('a', 'ana'),
    m: of('m', 'mia'),
  });
  const asked = (more: object) => two((id, person) => by(person, { id, ...more }));
  const waiver = { gate: 'workers', segments: 'all', worst: null, reason: 'r', endsAtMs: 1 } as const;
  return {
    ...scene.state,
    waivers: {
      ...two((id, person) => ({ id, ...waiver, requestedBy: person, grantedBy: null })),
      granted: { id: 'granted', ...waiver, requestedBy: 'ana', grantedBy: 'mia' },
    },
    lifts: asked({ epoch: 1 }),
    switchRequests: asked({ switch: 'dark', value: true }),
    rosterChanges: asked({ people: scene.state.people.slice(0, 2) }),
    keyChanges: asked({ keys: [] }),
  } as unknown as typeof scene.state;
}

type Open = Record<string, { open: boolean }>;
const open = (requests: Open) => Object.entries(requests).flatMap(([id, one]) => (one.open ? [id] : []));

describe('when the roster changes', () => {
  const launch = everythingWaits();

  test('everything that waits for its second person is over; what two people have granted stands', () => {
    const after = voidAllOpen(launch, () => true, 'why');
    expect(Object.values(after.orders).map(({ state, voidedBy }) => [state, voidedBy])).toEqual([['void', 'why']]);
    for (const requests of [after.lifts, after.switchRequests, after.rosterChanges, after.keyChanges] satisfies Open[])
      expect(open(requests)).toEqual([]);
    expect(Object.keys(after.waivers)).toEqual(['granted']);
    // What was asked for can still be read.
    expect(after.switchRequests['a']).toEqual({ ...launch.switchRequests['a'], open: false });
  });

  test('of one person, what they asked for is over, and what others asked for waits on', () => {
    const after = voidAllOpen(launch, (by) => by === 'mia', 'why');
    expect(Object.values(after.orders).map(({ state }) => state)).toEqual(['open']);
    for (const requests of [after.lifts, after.switchRequests, after.rosterChanges, after.keyChanges] satisfies Open[])
      expect(open(requests)).toEqual(['a']);
    expect(Object.keys(after.waivers)).toEqual(['a', 'granted']);
  });

  test('by whom a waiting roster change would bring, that change alone is over', () => {
    const after = voidAllOpen(launch, (_by, people) => people.length > 0, 'why');
    expect(Object.values(after.orders).map(({ state }) => state)).toEqual(['open']);
    expect([after.lifts, after.switchRequests, after.keyChanges].map(open)).toEqual([
      ['a', 'm'],
      ['a', 'm'],
      ['a', 'm'],
    ]);
    expect(open(after.rosterChanges)).toEqual([]);
    expect(Object.keys(after.waivers)).toEqual(['a', 'm', 'granted']);
  });

  test('what is over already stays as it was', () => {
    const closed = { ...launch, lifts: { a: { id: 'a', epoch: 1, by: 'ana', reason: 'r', open: false } } };
    expect(voidAllOpen(closed, () => true, 'why').lifts).toEqual(closed.lifts);
    const declined = { ...launch, orders: { F1: { ...Object.values(launch.orders)[0], id: 'F1', state: 'declined' } } };
    expect(voidAllOpen(declined as typeof launch, () => true, 'why').orders).toEqual(declined.orders);
  });
});

test('an order takes the place of each other one that is also for one of its segments, and of none besides', () => {
  const scene = Scene.ready();
  const orders = [['us-ios', 'br-ios'], ['us-android'], ['us-ios']].map((segments) => {
    scene.nowMs += 3_600_000;
    return scene.asked(segments);
  });
  const [both, android, winner] = orders.map(({ id }) => id) as [string, string, string];
  const waiting = { orders: Object.fromEntries(orders.map((order) => [order.id, order])) };
  const after = voidRivals(waiting, { orderId: winner, segments: [{ segment: 'us-ios' }] });
  expect([both, android, winner].map((id) => after[id]?.state)).toEqual(['void', 'open', 'open']);
});
