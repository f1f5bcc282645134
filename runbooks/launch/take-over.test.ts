import { expect, test } from 'vitest';
import { ANA, keyVia, people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { CommandOf } from './decision.ts';
import { takeOverText } from './take-over.ts';

const MIA_KEY = people.find(({ id }) => id === 'mia')?.operator_keys[0] ?? '';
const withRegions = () => sampleRunbook({ regions: { home: 'us-east-1', standby: 'us-west-2' } });

const takeOver = (scene: Scene, more: Partial<CommandOf<'take-over'>> = {}): CommandOf<'take-over'> => ({
  kind: 'take-over',
  by: 'mia',
  via: keyVia(MIA_KEY, scene.nowMs, 'mia'.repeat(8)),
  requestedBy: 'ana',
  requestVia: keyVia(ANA.key, scene.nowMs, 'ana'.repeat(8)),
  to: 'us-west-2',
  reason: 'us-east-1 is away',
  ...more,
});

test('two people take a launch over before its first shot; what waited for a second person is void, and keys prove it once', () => {
  const scene = Scene.ready(withRegions());
  expect(scene.state.region).toBe('us-east-1');
  const order = scene.asked();
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
  const command = takeOver(scene);
  expect(scene.gives('TakenOver', command)).toMatchObject({
    from: 'us-east-1',
    to: 'us-west-2',
    by: { person: 'mia' },
  });
  expect(scene.state.region).toBe('us-west-2');
  expect(scene.order(order.id)).toMatchObject({ state: 'void', voidedBy: expect.stringContaining('us-west-2') });
  expect(scene.state.scale).toMatchObject({ workers: { desired: 2, state: 'moving', seq: scene.state.seq } });
  expect(scene.refuses(command).code).toBe('ALREADY_SO');
  expect(scene.refuses({ ...command, to: 'us-east-1' }).say).toContain('used before');
});

test('a launch of which a shot was approved stays where it is, whatever became of the shot', () => {
  const scene = Scene.ready(withRegions());
  const shot = scene.fired(['us-ios']);
  expect(scene.refuses(takeOver(scene))).toMatchObject({ code: 'SHOT_BEGAN', say: expect.stringContaining(shot.id) });
  scene.halt('ben');
  expect(scene.refuses(takeOver(scene)).code).toBe('SHOT_BEGAN');
});

test('a launch without a second region, or by a third one, is not taken over', () => {
  expect(Scene.ready().refuses(takeOver(Scene.ready())).code).toBe('NO_STANDBY');
  const scene = Scene.ready(withRegions());
  expect(scene.refuses(takeOver(scene, { to: 'eu-west-1' })).code).toBe('NO_STANDBY');
  expect(scene.refuses(takeOver(scene, { to: 'us-east-1' })).code).toBe('ALREADY_SO');
});

test('both must be people on duty, two of them, with keys of their own that hold now', () => {
  const scene = Scene.ready(withRegions());
  const ana = keyVia(ANA.key, scene.nowMs, 'again'.repeat(5));
  expect(scene.refuses(takeOver(scene, { by: 'ana', via: ana })).code).toBe('SAME_PERSON');
  expect(scene.refuses(takeOver(scene, { requestedBy: 'olu' })).code).toBe('ROLE_MISSING');
  expect(scene.refuses(takeOver(scene, { requestedBy: 'nobody' })).code).toBe('ROLE_MISSING');
  expect(scene.refuses(takeOver(scene, { requestedBy: 'ben' })).code).toBe('PROOF_INVALID');
  expect(scene.refuses(takeOver(scene, { via: ana })).code).toBe('PROOF_INVALID');
  expect(scene.refuses(takeOver(scene, { via: { kind: 'slack', slackId: 'U0MARKET1' } })).code).toBe('PROOF_INVALID');
  expect(scene.refuses(takeOver(scene, { reason: ' ' })).code).toBe('REASON_MISSING');
  const old = takeOver(scene);
  scene.nowMs += 120_000;
  expect(scene.refuses({ ...old, via: keyVia(MIA_KEY, scene.nowMs) }).code).toBe('PROOF_INVALID');
});

test('what each of the two signs says who of them it is, and which way it goes', () => {
  const fields = { launchId: 'L', from: 'a', to: 'b', expiresAtMs: 1, nonce: 'n' };
  const request = takeOverText({ purpose: 'request', ...fields });
  expect(request).toMatch(/^gobutton take-over v1\n\{/);
  expect(
    new Set([
      request,
      takeOverText({ purpose: 'approve', ...fields }),
      takeOverText({ purpose: 'request', ...fields, from: 'b', to: 'a' }),
    ]).size,
  ).toBe(3);
});
