import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { needlessReminder } from './arm-reminders.ts';
import { stepNamed } from './steps.ts';

const MIN_MS = 60_000;
const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
const arm = (id: string, more: object) => ({ id, title: id, at: 'T-10m', ...more });
const say = { kind: 'remind', say: 'Arm it.' };
const steps = [
  arm('us', { for: 'us', do: { ...say, unless: 'armed' } }),
  arm('jp', { for: 'jp', do: { ...say, unless: 'armed' } }),
  arm('rest', { do: { ...say, unless: 'armed' } }),
  arm('plain', { for: 'us', do: say }),
];

function begun(targets: object = { targets: { us: at(T0_MS), jp: at(T0_MS) } }): Scene {
  const scene = Scene.ready(sampleRunbook({ target: at(T0_MS), ...targets, phases: [{ id: 'p', title: 'P', steps }] }));
  scene.nowMs = T0_MS - 20 * MIN_MS;
  return scene;
}

const why = (scene: Scene, id: string): string | null => {
  const step = stepNamed(scene.state.runbook, id);
  if (step === undefined) throw new Error(id);
  return needlessReminder(scene.state, step, scene.nowMs);
};

test('a market is called to arm until all of it is armed; one with nobody in it, and T of the others, are told from it', () => {
  const scene = begun();
  expect(['us', 'jp', 'rest', 'plain'].map((id) => why(scene, id))).toEqual([null, null, null, null]);
  const ios = scene.asked(['us-ios'], { momentMs: T0_MS });
  scene.gives('FireArmed', scene.press(ios));
  expect(why(scene, 'us')).toBeNull();
  const android = scene.asked(['us-android'], { momentMs: T0_MS });
  expect(why(scene, 'us')).toBeNull();
  scene.gives('FireArmed', scene.press(android));
  expect(['us', 'jp', 'rest', 'plain'].map((id) => why(scene, id))).toEqual(['us is armed already', null, null, null]);
});

test('nor is one called that was fired, or whose moment is over', () => {
  const scene = begun();
  scene.fired(['us-ios']);
  expect(why(scene, 'us')).toBeNull();
  scene.nowMs = T0_MS + MIN_MS;
  expect(why(scene, 'us')).toBe('us is fired already or past its moment');
  expect(why(scene, 'rest')).toBe('all of it is past its moment');
});

test('without targets it is about all of the launch', () => {
  const scene = begun({});
  expect(why(scene, 'rest')).toBeNull();
  scene.fired('all');
  expect(why(scene, 'rest')).toBe('all of it is fired already');
});
