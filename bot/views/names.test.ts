import { expect, test } from 'vitest';
import { measuredAt, people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { goBy, nameOf, namesOfWho } from './names.ts';

test('a name that runs from right to left keeps to itself, so that a time behind it stays in its order', () => {
  const runbook = sampleRunbook({
    people: people.map((person) => (person.id === 'mia' ? { ...person, name: 'محمد علي' } : person)),
  });
  const { state } = Scene.ready(runbook);
  expect(nameOf(state, 'mia')).toBe('\u2068محمد علي\u2069');
  expect(namesOfWho(state, 'approve-fire')).toContain('\u2068محمد علي\u2069');
  expect(nameOf(state, 'ana')).toBe(people.find(({ id }) => id === 'ana')?.name);
});

test('who armed an order pressed before its moment: the shot went by itself, and is not told as their GO', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios'], { momentMs: scene.nowMs + 60_000 });
  scene.does(scene.press(order));
  scene.nowMs += 60_000;
  const { shotId } = scene.gives('FireApproved', {
    kind: 'release-fire',
    orderId: order.id,
    measured: measuredAt(scene.nowMs),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  expect(goBy(scene.state, scene.shot(shotId))).toBe('by itself, armed by Mia Chen');
  expect(goBy(scene.state, scene.fired(['br-ios']), '*')).toBe('by *Mia Chen*');
});
