import { expect, test } from 'vitest';
import { people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';

const devices = [{ platform: 'ios', token: 'face0123', locale: 'en' }];
const runbook = sampleRunbook({
  people: people.map((one) => (one.id === 'ana' || one.id === 'ben' ? { ...one, devices } : one)),
});
const ask = (...to: string[]): Command => ({ kind: 'request-test', by: 'mia', to });

test('copies go to people on the roster who have devices, each once', () => {
  const scene = Scene.created(runbook);
  expect(scene.gives('TestRequested', ask('ben', 'ana', 'ben'))).toMatchObject({
    testId: 'T2',
    to: ['ben', 'ana'],
    contentHash: scene.state.contentHash,
    by: { person: 'mia' },
  });
  expect(scene.refuses(ask('ana', 'eve', 'zoe')).say).toBe(
    'eve and zoe is not on the roster; test copies go to Ana Ortiz, Mia Chen, Ben Okafor or Olu Adeyemi.',
  );
  expect(scene.refuses(ask('ana', 'mia', 'olu')).say).toBe(
    "The roster has no device of Mia Chen and Olu Adeyemi; devices are known of Ana Ortiz and Ben Okafor. Add devices in the runbook's people, or name others.",
  );
  expect(scene.refuses(ask()).say).toMatch(/^Nobody was named; devices are known of Ana Ortiz and Ben Okafor\./);
  const bare = Scene.created(sampleRunbook({ people: people.map((one) => ({ ...one, devices: [] })) }));
  expect(bare.refuses(ask()).say).toMatch(/^Nobody was named; devices are known of nobody\./);
});

test('a text that no provider would take is not tried on phones', () => {
  const scene = Scene.created(runbook);
  const data = { blob: 'x'.repeat(4_000) };
  scene.launch = { ...scene.state, campaign: { ...scene.state.campaign, data } };
  expect(scene.refuses(ask('ana')).code).toBe('PAYLOAD_TOO_LARGE');
});

test('their result is reported once, for the text that was sent', () => {
  const scene = Scene.created(runbook);
  const { testId, contentHash } = scene.gives('TestRequested', ask('ana'));
  const results = [{ person: 'ana', platform: 'ios' as const, accepted: true, reason: '', tookMs: 40 }];
  const report: Command = { kind: 'report-test', testId, results };
  expect(scene.refuses({ ...report, testId: 'T99' }).code).toBe('NO_SUCH_TEST');
  expect(scene.gives('TestDone', report)).toMatchObject({ testId, contentHash, results, by: { system: 'worker' } });
  expect(scene.refuses(report).code).toBe('ALREADY_SO');
});
