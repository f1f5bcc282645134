import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { Scene } from '../../test/properties/scene.ts';
import { haltText, notOpen } from './fire-refusals.ts';
import type { FireOrder, Launch } from './launch.ts';

/** What people read when an order can't be pressed, or nothing can be asked for. Scenes begin an hour before 23:30 UTC. */

describe('who has halted', () => {
  const halted = (more: Partial<Launch['halt']>) => {
    const { state } = Scene.ready();
    return haltText({ ...state, halt: { ...state.halt, active: true, ...more } });
  };

  test.each([
    [{ by: 'ben', reason: 'wrong link' }, 'Sending was halted by Ben Okafor at 22:30:00 UTC (wrong link).'],
    [{ by: 'ben' }, 'Sending was halted by Ben Okafor at 22:30:00 UTC.'],
    [{ by: null }, 'Sending was halted by the system at 22:30:00 UTC.'],
    [{ active: false }, 'That halt is over.'],
  ])('%j: %s', (more, say) => expect(halted(more)).toBe(say));
});

describe('an order that is not open', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios']);
  const says = (more: Partial<FireOrder>, launch = scene.state) => notOpen(launch, { ...order, ...more }, sha256);

  test('was declined, has ended, or is open after all', () => {
    expect(says({ state: 'declined' })).toMatchObject({
      code: 'ORDER_NOT_OPEN',
      say: expect.stringContaining('declined'),
    });
    expect(says({ state: 'expired', expiresAtMs: scene.nowMs })).toMatchObject({
      code: 'ORDER_EXPIRED',
      say: "Ana Ortiz's order ended at 22:30:00 UTC. Ask for a new one with /go fire.",
    });
    expect(says({ state: 'open' })).toMatchObject({ code: 'ORDER_NOT_OPEN', say: 'This order is open.' });
  });

  test('was approved by somebody at a time, of its own shot', () => {
    const fired = Scene.ready();
    const other = fired.fired(['br-ios']);
    fired.nowMs += 1_000;
    const shot = fired.fired(['us-ios']);
    expect([other, shot].map(({ orderId }) => notOpen(fired.state, fired.order(orderId), sha256).say)).toEqual([
      'This order was approved by Mia Chen at 22:30:00 UTC and is on its way. Nothing more to do.',
      'This order was approved by Mia Chen at 22:30:01 UTC and is on its way. Nothing more to do.',
    ]);
    expect(says({ state: 'approved' }).say).toBe('This order was approved and is on its way. Nothing more to do.');
  });

  test('is void after a halt: what to type depends on whether it still holds', () => {
    const void_ = { state: 'void', voidedBy: 'halt was pressed after it was asked for' } as const;
    const halted = { ...scene.state, halt: { ...scene.state.halt, active: true } };
    expect(says(void_)).toMatchObject({ code: 'HALTED', say: expect.stringMatching(/ask again with \/go fire\.$/) });
    expect(says(void_, halted)).toMatchObject({ code: 'HALTED', say: expect.stringMatching(/with \/go resume\.$/) });
  });

  test('is void for another reason: the code says whether what it showed is another thing now', () => {
    const void_ = { state: 'void', voidedBy: 'Ana Ortiz approved a change of the roster' } as const;
    expect(says(void_)).toEqual({
      ok: false,
      code: 'ORDER_NOT_OPEN',
      say: 'This order is void: Ana Ortiz approved a change of the roster. Ask for a new one with /go fire.',
    });
    expect(says(void_, { ...scene.state, contentHash: 'c' }).code).toBe('CONTENT_CHANGED');
    expect(says({ state: 'void', voidedBy: null }).say).toContain('void: what it showed has changed.');
  });
});

describe('a resume of what a halt has cut off', () => {
  const cutOff = (scene: Scene, by = 'mia') => scene.refuses(scene.request(by, 'cut-off', { lift: true }));

  test('is nothing where the halt came before any shot', () => {
    const scene = Scene.ready();
    scene.halt();
    expect(cutOff(scene).say).toContain('The halt has cut nothing off.');
  });

  test('is asked for without the lift once the halt is over, as long as some of it is left', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    scene.halt();
    scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 9 } });
    const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
    scene.does({ kind: 'approve-lift', by: 'mia', liftId });
    expect(scene.asked('cut-off').devices).toBe(9);
    expect(scene.refuses(scene.request('mia', 'cut-off')).say).toContain(
      'Nothing is halted, and of what a halt cut off',
    );
  });

  test('has been asked for already, as long as that order holds and is for this halt', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    scene.halt();
    scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 9 } });
    const order = scene.asked('cut-off', { lift: true });
    expect(cutOff(scene).say).toBe(
      `Ana Ortiz has asked for what the halt cut off already (${order.id}): press GO there, or decline it.`,
    );
    scene.does({ kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' });
    const again = scene.asked('cut-off', { lift: true });
    expect(cutOff(scene).say).toContain(again.id);
    // One that is for another halt is passed over; it would be void.
    scene.launch = { ...scene.state, orders: { [again.id]: { ...again, lifts: 9 } } };
    expect(cutOff(scene).say).toContain('The halt has cut nothing off.');
  });
});
