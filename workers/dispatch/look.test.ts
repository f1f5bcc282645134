import { expect, test } from 'vitest';
import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { workerKeyring } from '../../test/keys.ts';
import { LAUNCH_ID, Scene } from '../../test/properties/scene.ts';
import { Looks } from './look.ts';

function looks(scene: Scene) {
  const state = {
    entries: () => [...scene.entries],
    item: { haltEpoch: 3, head: null } as Pick<SwitchItem, 'haltEpoch' | 'head'> | null,
    reads: 0,
  };
  const one = new Looks({
    journal: {
      entries: (id): Promise<Entry[]> => {
        if (id !== LAUNCH_ID) throw new Error(id);
        state.reads += 1;
        return Promise.resolve().then(state.entries);
      },
      keyring: workerKeyring(),
    },
    switches: {
      read: (id, options) => {
        if (id !== LAUNCH_ID || options?.consistent !== true) throw new Error('an old reading');
        return Promise.resolve(state.item as SwitchItem | null);
      },
    },
    launchId: LAUNCH_ID,
  });
  return { one, state };
}

test('a look is begun after whoever asks; those who ask while one is under way share the next', async () => {
  const scene = Scene.ready();
  const { one, state } = looks(scene);
  const first = one.at('S99');
  await Promise.resolve();
  const { id } = scene.fired(['us-ios']);
  const both = [one.at(id), one.at(id)];
  expect((await first).verdict).toMatchObject({ ok: false, code: 'NO_APPROVAL' });
  const [a, b] = await Promise.all(both);
  expect(a).toMatchObject({ verdict: { ok: true }, haltEpoch: 3 });
  // One verdict for all who share a look: to judge the whole record again for each would take its time each.
  expect(b?.verdict).toBe(a?.verdict);
  expect(state.reads).toBe(2);
});

test('a look that fails is no end of looks', async () => {
  const scene = Scene.ready();
  const { id } = scene.fired(['us-ios']);
  const { one, state } = looks(scene);
  const { entries } = state;
  state.entries = () => {
    throw new Error('RECORD_UNAVAILABLE');
  };
  const failing = one.at(id);
  await expect(failing).rejects.toThrow('RECORD_UNAVAILABLE');
  state.entries = entries;
  expect((await one.at(id)).verdict.ok).toBe(true);
});

test('a head that was noted between the two reads costs one more read; one that the record never held is a fault', async () => {
  const scene = Scene.ready();
  const { id } = scene.fired(['us-ios']);
  const { one, state } = looks(scene);
  const { seq, hash } = scene.entries.at(-1) ?? { seq: 0, hash: '' };
  state.item = { haltEpoch: 0, head: { seq, hash } };
  expect((await one.at(id)).verdict.ok).toBe(true);
  expect(state.reads).toBe(1);
  state.entries = () => (state.reads === 2 ? scene.entries.slice(0, -1) : [...scene.entries]);
  expect((await one.at(id)).verdict.ok).toBe(true);
  expect(state.reads).toBe(3);
  state.item = { haltEpoch: 0, head: { seq: seq + 1, hash } };
  expect((await one.at(id)).verdict).toMatchObject({ ok: false, code: 'RECORD_BROKEN' });
  expect(state.reads).toBe(5);
});

test('where there are no switches nothing was noted: the record alone is asked, and workers pause by themselves', async () => {
  const scene = Scene.ready();
  const { id } = scene.fired(['us-ios']);
  const { one, state } = looks(scene);
  state.item = null;
  expect(await one.at(id)).toMatchObject({ verdict: { ok: true }, haltEpoch: 0 });
});
