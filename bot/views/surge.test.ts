import { expect, test } from 'vitest';
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
