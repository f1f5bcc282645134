import { expect, test } from 'vitest';
import { LAUNCH_ID, Scene } from '../../test/properties/scene.ts';
import type { ShotOutcomes } from './entries.ts';
import { noTotals } from './totals.ts';

/** A launch whose shot to us-ios, of 300 devices, is closed. */
function shot(): { scene: Scene; shotId: string } {
  const scene = Scene.ready();
  const fired = scene.fired(['us-ios']);
  scene.closes(fired, { 'us-ios': { ...noTotals(), failed: 4, reasons: { Unregistered: 4 } } });
  return { scene, shotId: Object.keys(scene.state.shots)[0] ?? '' };
}

const of = (scene: Scene): number => Object.values(scene.state.shots)[0]?.totals?.[0]?.devices ?? 0;
const record = (shots: ShotOutcomes[], by = 'ana') => ({ kind: 'record-outcomes' as const, by, shots, refused: null });

test('what was counted of a closed shot is recorded if it is all its devices, known or not', () => {
  const { scene, shotId } = shot();
  const texts = [
    { segment: 'us-ios', text: 'en', states: { accepted: of(scene) - 6, failed: 3 } },
    { segment: 'us-ios', text: 'es', states: { failed: 1 } },
  ];
  const entry = scene.gives('OutcomesCounted', record([{ shotId, texts, untold: 2 }]));
  expect(entry).toMatchObject({ launchId: LAUNCH_ID, refused: null, shots: [{ shotId, texts, untold: 2 }] });
});

test.each([
  ['none', () => []],
  ['a shot that nobody knows', () => [{ shotId: 'S999', texts: [], untold: 0 }]],
  ['a count that is another one', (id: string, devices: number) => [{ shotId: id, texts: [], untold: devices - 1 }]],
  [
    'a state that is none',
    (id: string, devices: number) => [
      { shotId: id, texts: [{ segment: 'us-ios', text: 'en', states: { constructor: devices } }], untold: 0 },
    ],
  ],
] as const)('%s is refused', (_, shots) => {
  const { scene, shotId } = shot();
  expect(scene.refuses(record([...shots(shotId, of(scene))])).code).toBe('VALUE_INVALID');
});

test('it takes who is on call, also once the launch is closed', () => {
  const { scene, shotId } = shot();
  const all = record([{ shotId, texts: [], untold: of(scene) }], 'mia');
  expect(scene.refuses(all).code).toBe('ROLE_MISSING');
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  scene.does({ ...all, by: 'ana' });
});
