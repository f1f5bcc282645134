import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import type { Entry } from './entries.ts';
import { evolve, fold } from './evolve.ts';

const first = (scene: Scene): Entry => {
  const [entry] = scene.entries;
  if (entry === undefined) throw new Error('unexpected');
  return entry;
};

test('a fold of nothing is no launch, and of the record is the launch', () => {
  const scene = Scene.ready();
  scene.fired();
  expect(fold([])).toBeNull();
  expect(fold(scene.entries)).toEqual(scene.state);
});

test('a sequence that decide cannot have written is an error with a code', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios']);
  const { state } = scene;
  const next = { ...first(scene), seq: state.seq + 1 };
  const bad = (changes: object): Entry =>
    ({
      v: 3,
      launchId: state.id,
      seq: state.seq + 1,
      atMs: scene.nowMs,
      by: { person: 'mia' },
      token: 't',
      prev: '',
      hash: '',
      ...changes,
    }) as Entry;
  for (const [entry, code] of [
    [bad({ kind: 'Noted', text: '', seq: state.seq + 2 }), 'FOLD_SEQ_GAP'],
    [bad({ kind: 'Noted', text: '', seq: state.seq }), 'FOLD_SEQ_GAP'],
    [bad({ kind: 'Noted', text: '', launchId: 'other' }), 'FOLD_OTHER_LAUNCH'],
    [bad({ kind: 'Noted', text: '', v: 4 }), 'FOLD_SCHEMA_VERSION'],
    [bad({ kind: 'Noted', text: '', v: 2 }), 'FOLD_SCHEMA_VERSION'],
    [bad({ kind: 'Rewritten' }), 'FOLD_UNKNOWN_KIND'],
    [next, 'FOLD_CREATED_TWICE'],
    [bad({ kind: 'FireDeclined', orderId: 'F99', reason: '' }), 'FOLD_MISSING'],
    [bad({ kind: 'ShotClosed', shotId: 'constructor', cause: 'complete', segments: [] }), 'FOLD_MISSING'],
    [bad({ kind: 'HaltLifted', liftId: 'L1', epoch: 1 }), 'FOLD_MISSING'],
    [bad({ kind: 'LiftRequested', liftId: 'L1', epoch: 1, reason: '', by: { system: 'cli' } }), 'FOLD_IMPOSSIBLE'],
  ] satisfies [Entry, string][]) {
    expect(() => evolve(state, entry)).toThrow(expect.objectContaining({ code }));
  }
  scene.does({ kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' });
  expect(() => evolve(scene.state, bad({ kind: 'FireExpired', orderId: order.id, seq: scene.state.seq + 1 }))).toThrow(
    expect.objectContaining({ code: 'FOLD_IMPOSSIBLE' }),
  );
  expect(() => evolve(null, bad({ kind: 'Noted', text: '', seq: 1 }))).toThrow(
    expect.objectContaining({ code: 'FOLD_NO_LAUNCH' }),
  );
});
