import { expect, test } from 'vitest';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { orderMessage } from './order.ts';
import { forecastMessage, surgeLine, surgeModal } from './surge.ts';

const surge = { open_rate: 0.1, unpaced_per_second: 400, fleets: [{ target: 'workers', per_unit: 250, per_open: 10 }] };
const scene = (more: Record<string, unknown> = { surge }) =>
  Scene.ready(sampleRunbook({ delivery: { android_per_second: 200, android_ramp: '0s' }, ...more }));
const said = (view: { blocks: readonly unknown[] }) => JSON.stringify(view.blocks);

test('the forecast says what comes, what stands, how much is missing and which pace would fit', () => {
  const { state } = scene();
  const view = forecastMessage(state);
  expect(view.text).toBe('1 fleet is too small for the push');
  expect(said(view)).toContain('*600 pushes a second* at the peak, by the pace that holds now, opened at once by 10 %');
  expect(said(view)).toContain(
    ':red_circle: *workers*: 1 requests a push, *600 a second*; 2 units take 500; *3 units are needed*; it bears 500 pushes a second',
  );
  expect(said(view)).toContain(
    '500 pushes a second in all (`/go pace ios …`, `/go pace android …`), or `/go scale workers 3`',
  );
});

test('a fleet that is too small stands on the board and in the order, until it is large enough or nothing is left to send', () => {
  const short = scene();
  const line = 'too small for the push: workers 2 of 3 units; 500 pushes a second would fit';
  const board = () => said(boardMessage(short.state, [], [], short.nowMs));
  expect(board()).toContain(line);
  const order = short.asked('all');
  expect(said(orderMessage(short.state, short.order(order.id), [], short.nowMs))).toContain(line);
  const small = short.state.orders[order.id];
  expect(surgeLine(short.state, ['us-android'])).toBeNull();
  short.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 3, step: null, reason: '' });
  expect(board()).not.toContain('too small');
  expect(small?.state).toBe('open');
});

test('without figures it asks for them, and with some it says which are missing', () => {
  expect(said(forecastMessage(scene({}).state))).toContain('Enter what was measured');
  const view = forecastMessage(scene({ surge: { ...surge, unpaced_per_second: undefined } }).state);
  expect(view.text).toBe('Not known yet what the push brings');
  expect(said(view)).toContain('iOS has no pace, and nobody has said how many go out in a second without one');
});

test('the form begins with the figures that hold', () => {
  const form = JSON.stringify(surgeModal(scene().state, 'C1'));
  expect(form).toContain('"initial_value":"10"');
  expect(form).toContain('fleet,per_open,per_delivery,per_unit\\nworkers,10,0,250');
});

/** A limited rehearsal, with so many accepted pushes and so many in its best second. */
function rehearsed(accepted: number, peakPerSecond: number, more: Record<string, unknown> = { surge }): Launch {
  const { state } = scene(more);
  const report = { totals: { accepted }, timing: { peakPerSecond } };
  const one = { id: 'sb-rehearsal-1', what: 'limited', endedAtMs: 1, report };
  return { ...state, rehearsals: { r: one as unknown as Launch['rehearsals'][string] } };
}

test('the forecast says how many pushes the last rehearsal brought, by which a count of a monitor is divided', () => {
  const view = said(forecastMessage(rehearsed(960, 320)));
  expect(view).toContain('*960 pushes* accepted, 320 in its best second. What a fleet was asked for');
  expect(view).toContain('divided by 960, is its requests a push');
  expect(said(forecastMessage(rehearsed(960, 320, {})))).toContain('*960 pushes* accepted');
  expect(said(forecastMessage(rehearsed(0, 0)))).not.toContain('sb-rehearsal-1');
  expect(said(forecastMessage(scene().state))).not.toContain('rehearsal');
});

test('one that was faster than anybody has entered is told, and the form begins with it and its name', () => {
  expect(said(forecastMessage(rehearsed(960, 401)))).toContain(':warning: That is more than the 400 that are entered');
  const form = JSON.stringify(surgeModal(rehearsed(960, 401), 'C1'));
  expect(form).toContain('"initial_value":"401"');
  expect(form).toContain('"initial_value":"rehearsal sb-rehearsal-1"');
  expect(JSON.stringify(surgeModal(rehearsed(960, 399), 'C1'))).toContain('"initial_value":"400"');
});

test('what a few devices did in a second is no figure where nobody has entered one, and an old rehearsal names no source', () => {
  const unknown = JSON.stringify(
    surgeModal(rehearsed(5, 5, { surge: { ...surge, unpaced_per_second: undefined } }), 'C1'),
  );
  expect(unknown).not.toContain('"initial_value":"5"');
  expect(unknown).toContain('5 in the best second of the rehearsal.');
  const entered = { source: 'monitor', by: 'ana', atMs: 2, fleets: {} } as Launch['surge'];
  expect(JSON.stringify(surgeModal({ ...rehearsed(960, 320), surge: entered }, 'C1'))).not.toContain('rehearsal sb-');
});
