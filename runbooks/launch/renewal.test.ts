import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import type { EntryOf } from './entries.ts';
import type { FireOrder } from './launch.ts';
import { isRenewalOffered } from './renewal.ts';
import { vouchProblem } from './vouch.ts';

const MIN = 60_000;
const renew = (order: FireOrder, by = 'ana'): Command => ({ kind: 'renew-order', by, orderId: order.id });

describe('an order that would end while the ad is late', () => {
  test('lives one more lifetime from the tap of its asker on, and the button of the second person holds', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    const press = () => scene.press(order, 'mia');
    scene.nowMs += 14 * MIN;
    expect(scene.gives('FireRenewed', renew(order)).expiresAtMs).toBe(scene.nowMs + 15 * MIN);
    scene.nowMs += 15 * MIN;
    expect(scene.order(order.id).shownHash).toBe(order.shownHash);
    expect(scene.gives('FireApproved', press()).orderId).toBe(order.id);
  });

  test('without a renewal it is over', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 15 * MIN + 1;
    expect(scene.refuses(renew(order)).code).toBe('ORDER_EXPIRED');
    expect(scene.refuses(scene.press(order)).code).toBe('ORDER_EXPIRED');
  });

  test('is renewed as often as it takes, up to four lifetimes in all, or what the runbook says', () => {
    for (const [runbook, most] of [
      [sampleRunbook(), 60],
      [sampleRunbook({ order_renewable_for: '20m' }), 20],
    ] as const) {
      const scene = Scene.ready(runbook);
      const order = scene.asked();
      const endMs = scene.nowMs + most * MIN;
      for (let taps = 0; scene.order(order.id).expiresAtMs < endMs; taps += 1) {
        expect(taps).toBeLessThan(10);
        scene.nowMs = scene.order(order.id).expiresAtMs;
        scene.does(renew(order));
      }
      expect(scene.order(order.id).expiresAtMs).toBe(endMs);
      expect(scene.refuses(renew(order))).toMatchObject({
        code: 'TIME_INVALID',
        say: expect.stringContaining(`for good: ${most} min in all`),
      });
    }
  });

  test('is renewed by nobody but its asker, and two taps in a row are one', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    for (const by of ['mia', 'ben'])
      expect(scene.refuses(renew(order, by))).toMatchObject({
        code: 'NOT_THE_ASKER',
        say: expect.stringContaining('Ana Ortiz asked for this fire'),
      });
    expect(scene.refuses(renew(order)).code).toBe('ALREADY_SO');
    scene.nowMs += 10 * MIN;
    scene.does(renew(order));
    scene.nowMs += 1_000;
    expect(scene.refuses(renew(order)).code).toBe('ALREADY_SO');
  });

  test('is renewed by a tenth of its lifetime at least, or by the last bit that there is', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 1.5 * MIN - 1;
    expect(scene.refuses(renew(order)).code).toBe('ALREADY_SO');
    scene.nowMs += 1;
    expect(scene.gives('FireRenewed', renew(order)).expiresAtMs).toBe(scene.nowMs + 15 * MIN);
    const short = Scene.ready(sampleRunbook({ order_renewable_for: '16m' }));
    const last = short.asked();
    short.nowMs += MIN;
    expect(short.gives('FireRenewed', renew(last)).expiresAtMs).toBe(short.nowMs + 15 * MIN);
  });

  test('is void all the same when anything that it shows changes, and is not renewed then', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 10 * MIN;
    scene.does(renew(order));
    const { campaign } = scene.state;
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, deep_link: 'lingo://other' } });
    expect(scene.refuses(scene.press(order)).code).toBe('CONTENT_CHANGED');
    expect(scene.refuses(renew(order)).code).toBe('CONTENT_CHANGED');
  });

  test('armed it needs no renewal; held, it counts from its moment', () => {
    const scene = Scene.ready();
    const order = scene.asked('all', { momentMs: scene.nowMs + 600_000 });
    scene.does(scene.press(order, 'mia', { measured: [] }));
    expect(scene.refuses(renew(order)).code).toBe('ORDER_ARMED');
    scene.nowMs += 600_000;
    scene.does({ kind: 'hold-fire', orderId: order.id, reason: 'a gate was red' });
    scene.nowMs += 14 * MIN;
    expect(scene.gives('FireRenewed', renew(order)).expiresAtMs).toBe(scene.nowMs + 15 * MIN);
    expect(scene.refuses({ ...renew(order), orderId: 'F999' } as Command).code).toBe('NO_SUCH_ORDER');
  });

  test('is offered in the last half of a lifetime, while it can be more', () => {
    const scene = Scene.ready(sampleRunbook({ order_renewable_for: '20m' }));
    const { id } = scene.asked();
    const offered = () => isRenewalOffered(scene.state, scene.order(id), scene.nowMs);
    expect(offered()).toBe(false);
    scene.nowMs += 7.5 * MIN;
    expect(offered()).toBe(false);
    scene.nowMs += 1;
    expect(offered()).toBe(true);
    scene.does(renew(scene.order(id)));
    scene.nowMs += 11 * MIN;
    expect(offered()).toBe(false);
    const gone = Scene.ready();
    const { orderId } = gone.gives('FireRequested', gone.request());
    gone.nowMs += 8 * MIN;
    expect(isRenewalOffered(gone.state, gone.order(orderId), gone.nowMs)).toBe(true);
    gone.does(gone.press(gone.order(orderId)));
    expect(isRenewalOffered(gone.state, gone.order(orderId), gone.nowMs)).toBe(false);
  });

  test('every reader decides a renewal anew: one that lasts longer, or is of somebody else, is forged', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.nowMs += 10 * MIN;
    const before = scene.state;
    const entry: EntryOf<'FireRenewed'> = scene.gives('FireRenewed', renew(order));
    expect(vouchProblem(before, entry, sha256)).toBeNull();
    expect(vouchProblem(before, { ...entry, expiresAtMs: entry.expiresAtMs + 1 }, sha256)).toBe(
      'it is not what the rules give',
    );
    expect(vouchProblem(before, { ...entry, by: { person: 'mia' } }, sha256)).toContain('NOT_THE_ASKER');
    expect(vouchProblem(before, { ...entry, by: { system: 'conductor' } }, sha256)).toContain('only people');
  });
});
