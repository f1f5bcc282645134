import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { botKeyring, personKeyring, testKey, workerKeyring } from '../../test/keys.ts';
import { longRecord } from '../../test/long-record.ts';
import { LAUNCH_ID, Scene, T0_MS } from '../../test/properties/scene.ts';
import { looseKeyring } from './keyring.ts';
import type { Keyring } from './keyring.ts';
import { sealEntry } from './seal.ts';
import {
  byRules,
  fitting,
  fittingOf,
  foldVerified,
  foldWhole,
  headProblem,
  verifyRecord,
  verifyWhole,
  verifyWithRules,
} from './verify-record.ts';

const bot = botKeyring();
const stranger = personKeyring(testKey(9));
const nobody = looseKeyring(null, null);

/** The scene's record with one entry more, chained, hashed and signed as whoever wrote it could. */
function withMore(entries: readonly Entry[], entry: object, signer: Keyring['signer'] = bot.signer): Entry[] {
  const { seq = 0, hash = '' } = entries.at(-1) ?? {};
  const more = { atMs: T0_MS, by: { system: 'cli' }, ...entry } as NewEntry;
  return [...entries, sealEntry(LAUNCH_ID, { seq, hash }, more, { token: `t${seq + 1}`, signer })];
}
const halt = { kind: 'HaltSet', epoch: 1, reason: 'from the command line', pressedAtMs: T0_MS };
const note = { kind: 'Noted', text: 'x', by: { person: 'ana' } };
const why = (entries: readonly Entry[], keyring: Keyring = workerKeyring()) => {
  const verdict = verifyRecord(LAUNCH_ID, entries, keyring);
  return verdict.ok ? 'ok' : `${verdict.seq}: ${verdict.why}`;
};
const resigned = (entries: readonly Entry[], seq: number, change: Partial<Entry>) =>
  entries.map((entry) => (entry.seq === seq ? ({ ...entry, ...change } as Entry) : entry));

/** As long as asked for, by somebody who can write the table and has no key that counts. */
function unsignedFrom(entries: readonly Entry[], length: number): Entry[] {
  let all = [...entries];
  while (all.length < length)
    all = withMore(all, note).map((entry, at) => (at < entries.length ? entry : { ...entry, sig: '' }));
  return all;
}

describe('whose record it is', () => {
  const { entries } = Scene.ready();

  test('one that a bot with a trusted key has written is believed, and gives its launch', () => {
    expect(verifyRecord(LAUNCH_ID, entries, workerKeyring())).toEqual({ ok: true, signed: true });
    expect(foldVerified(LAUNCH_ID, null, entries, workerKeyring())).toMatchObject({
      ok: true,
      launch: { seq: entries.length, headHash: entries.at(-1)?.hash },
    });
    expect(verifyRecord(LAUNCH_ID, [], workerKeyring())).toEqual({ ok: true, signed: false });
  });

  test('an entry whose signature does not fit, or that nobody has signed, is where it ends', () => {
    const seq = entries.length;
    const other = entries[0]?.sig ?? '';
    expect(why(resigned(entries, seq, { sig: other }))).toBe(
      `${seq}: its signature does not fit: it was written by somebody without the key, or changed`,
    );
    expect(why(resigned(entries, 1, { sig: '' }))).toMatch(/^1: its signature does not fit/);
    expect(why(withMore(entries, note, null))).toBe(`${seq + 1}: nobody has signed it`);
    expect(why(withMore(entries, note, stranger.signer))).toMatch(/a key that this record does not know/);
    expect(why(withMore(entries, note))).toBe('ok');
  });

  test('a halt from the command line needs no key; one that names a key needs its signature', () => {
    expect(why(withMore(entries, halt, null))).toBe('ok');
    expect(why(resigned(withMore(entries, halt), entries.length + 1, { sig: '' }))).toMatch(/signature does not fit/);
  });

  test('a launch that begins with keys of a stranger, and one that takes them on later, are not believed by who was told whom to trust', () => {
    const [first] = entries;
    if (first?.kind !== 'LaunchCreated') throw new Error('unexpected');
    const { v: _v, launchId: _l, seq: _s, token: _t, prev: _p, hash: _h, key: _k, sig: _g, ...created } = first;
    const keys = [...(first.keys ?? []), { role: 'bot' as const, key: stranger.signer?.key ?? '' }];
    const begun = withMore([], { ...created, keys });
    expect(why(begun)).toMatch(/^1: it names a bot key that this process was not told to trust/);
    expect(why(begun, nobody)).toBe('ok');

    const asked = withMore(entries, {
      kind: 'KeyChangeRequested',
      changeId: 'K9',
      keys,
      reason: '',
      by: { person: 'ana' },
    });
    expect(why(asked)).toBe('ok');
    const changed = withMore(asked, { kind: 'KeysChanged', changeId: 'K9', by: { person: 'mia' } });
    expect(why(changed)).toMatch(new RegExp(`^${changed.length}: it names a bot key`));
    expect(why(changed, nobody)).toBe('ok');
    // From there on the stranger's key counts for who trusts nobody in particular.
    expect(why(withMore(changed, note, stranger.signer), nobody)).toBe('ok');
  });

  test('a change of keys to those that are trusted is believed', () => {
    const keys = bot.named;
    const asked = withMore(entries, {
      kind: 'KeyChangeRequested',
      changeId: 'K9',
      keys,
      reason: '',
      by: { person: 'ana' },
    });
    expect(why(withMore(asked, { kind: 'KeysChanged', changeId: 'K9', by: { person: 'mia' } }))).toBe('ok');
    // Of a change that nobody has asked for there are no keys to look at.
    expect(why(withMore(entries, { kind: 'KeysChanged', changeId: 'K9', by: { person: 'mia' } }))).not.toMatch(/trust/);
  });

  test('a record from before signatures is read, and says that it is none', () => {
    const scene = Scene.created();
    const [first] = scene.entries;
    if (first?.kind !== 'LaunchCreated') throw new Error('unexpected');
    const {
      v: _v,
      launchId: _l,
      seq: _s,
      token: _t,
      prev: _p,
      hash: _h,
      key: _k,
      sig: _g,
      keys: _keys,
      ...old
    } = first;
    for (const keys of [undefined, []]) {
      const begun = withMore([], keys === undefined ? old : { ...old, keys }, null);
      const all = withMore(begun, note, null);
      expect(verifyRecord(LAUNCH_ID, all, workerKeyring())).toEqual({ ok: true, signed: false });
      // Nothing can be fired in it, so it is read as it is: by nobody's rules.
      const lift = withMore(
        all,
        { kind: 'LiftRequested', liftId: 'L9', epoch: 1, reason: '', by: { person: 'ana' } },
        null,
      );
      expect(verifyWithRules(LAUNCH_ID, lift, workerKeyring())).toMatchObject({ ok: true, launch: { seq: 3 } });
    }
  });

  test('what takes two people is decided anew where it is asked for, from the first entry that it can be', () => {
    const lift = withMore(entries, {
      kind: 'LiftRequested',
      liftId: 'L9',
      epoch: 1,
      reason: '',
      by: { person: 'ana' },
    });
    expect(why(lift)).toBe('ok');
    expect(verifyWithRules(LAUNCH_ID, lift, workerKeyring())).toMatchObject({
      ok: false,
      seq: lift.length,
      why: expect.stringContaining('NOT_HALTED') as string,
    });
    expect(byRules(null, lift.at(-1) as Entry)).toBeNull();
  });

  test('an entry that cannot follow the ones before it is where it ends, in words', () => {
    const odd = withMore(entries, { kind: 'FireApproved', orderId: 'F99', shotId: 'S99', by: { person: 'mia' } });
    expect(why(odd)).toMatch(new RegExp(`^${odd.length}: it can't follow the ones before it: [A-Z_a-z]`));
    expect(why(odd)).not.toContain('Error:');
    expect(why(entries.filter(({ seq }) => seq !== 2))).toBe('2: found entry 3 in its place');
  });

  test('an entry of another launch, or chained to another entry, is where it ends, however well it is signed', () => {
    const { seq = 0, hash = '' } = entries.at(-1) ?? {};
    const sealed = (launchId: string, prev: string) =>
      sealEntry(launchId, { seq, hash: prev }, { atMs: T0_MS, ...note } as NewEntry, {
        token: 't',
        signer: bot.signer,
      });
    expect(why([...entries, sealed(LAUNCH_ID, hash)])).toBe('ok');
    expect(why([...entries, sealed('another', hash)])).toBe(`${seq + 1}: it belongs to another`);
    expect(why([...entries, sealed(LAUNCH_ID, 'f'.repeat(64))])).toMatch(/does not chain to the entry before it/);
  });
});

describe('what was verified before', () => {
  test('needs no second look at its signatures, as long as it is the same record; what is new does', () => {
    const { entries } = Scene.ready();
    const keyring = workerKeyring();
    const unsigned = entries.map((entry) => ({ ...entry, sig: '' }));
    expect(verifyRecord(LAUNCH_ID, unsigned, keyring).ok).toBe(false);
    expect(keyring.verified.size).toBe(0);
    expect(verifyRecord(LAUNCH_ID, entries, keyring).ok).toBe(true);
    expect(keyring.verified.get(LAUNCH_ID)).toEqual({ seq: entries.length, hash: entries.at(-1)?.hash });
    // The hashes chain, and signatures are none of what they are over.
    expect(verifyRecord(LAUNCH_ID, unsigned, keyring)).toEqual({ ok: true, signed: true });
    const more = withMore(unsigned, note);
    expect(verifyRecord(LAUNCH_ID, resigned(more, more.length, { sig: '' }), keyring)).toMatchObject({
      ok: false,
      seq: more.length,
    });
    // A record that ends earlier does not hold what was verified.
    expect(verifyRecord(LAUNCH_ID, unsigned.slice(0, -1), keyring)).toMatchObject({ ok: false, seq: 1 });
  });

  test('says nothing of another record with as many entries', () => {
    const { entries } = Scene.ready();
    const keyring = workerKeyring();
    const other = withMore(entries.slice(0, -1), note).map((entry) => ({ ...entry, sig: '' }));
    verifyRecord(LAUNCH_ID, entries, keyring);
    expect(verifyRecord(LAUNCH_ID, other, keyring)).toMatchObject({ ok: false, seq: 1 });
    expect(keyring.verified.get(LAUNCH_ID)?.hash).toBe(entries.at(-1)?.hash);
  });

  test('a fold of nothing notes nothing', () => {
    const keyring = workerKeyring();
    expect(foldVerified(LAUNCH_ID, null, [], keyring)).toEqual({ ok: true, launch: null });
    expect(keyring.verified.size).toBe(0);
  });
});

describe('a head that was noted outside of the record', () => {
  const entries = [
    { seq: 1, hash: '11111111aaaa' },
    { seq: 2, hash: '22222222bbbb' },
  ];

  test('is held by it, by all of the hash or its first eight characters', () => {
    expect(headProblem(entries, null)).toBeNull();
    expect(headProblem(entries, { seq: 1, hash: '11111111aaaa' })).toBeNull();
    expect(headProblem(entries, { seq: 2, hash: '22222222' })).toBeNull();
  });

  test('is not held by a record that ends before it, or has another entry there', () => {
    expect(headProblem(entries, { seq: 3, hash: '33333333cccc' })).toBe(
      'the record was cut off: it ends at entry 2, and entry 3 was noted outside of it',
    );
    expect(headProblem([], { seq: 1, hash: '11111111' })).toMatch(/cut off: it ends at entry 0/);
    const replaced = 'the record was replaced: entry 2 is another one than was noted outside of it';
    for (const hash of ['11111111aaaa', '2222222', '', '2222222_'])
      expect(headProblem(entries, { seq: 2, hash })).toBe(replaced);
    expect(headProblem(entries.slice(1), { seq: 1, hash: '11111111' })).toMatch(/replaced: entry 1/);
  });
});

describe('a long record', () => {
  const { entries } = longRecord(600);
  const elsewhere = entries[1]?.sig ?? '';

  test('is verified by all cores: the fold finds every signature looked at, and the same launch', async () => {
    const fits = await fittingOf(entries);
    expect(fits.size).toBe(entries.length);
    const keyring = workerKeyring();
    const folded = await foldWhole(LAUNCH_ID, entries, keyring, { judge: byRules });
    expect(folded).toEqual(verifyWithRules(LAUNCH_ID, entries, workerKeyring()));
    expect(await verifyWhole(LAUNCH_ID, entries, workerKeyring())).toEqual({ ok: true, signed: true });
    // Up to the head that was verified the chain says the same.
    expect((await fitting(LAUNCH_ID, entries, keyring)).size).toBe(0);
    // A read of a press has few new ones: they are looked at in their turn.
    expect((await fittingOf(entries.slice(0, 199))).size).toBe(0);
  });

  test.each([
    ['a signature that does not fit', { 507: { sig: elsewhere } }, /^507: its signature does not fit/],
    ['no signature', { 300: { sig: undefined } }, /^300: its signature does not fit/],
    ['one that is none', { 300: { sig: 'no base64, nor 64 bytes' } }, /^300: its signature does not fit/],
    ['a key that is none', { 300: { key: 'none' } }, /^300: its content was changed/],
    ['content that was changed', { 300: { atMs: 1 } }, /^300: its content was changed/],
    ['a chain that breaks before it', { 505: { prev: '' }, 507: { sig: elsewhere } }, /^505: it does not chain/],
    [
      'a chain that breaks behind it',
      { 505: { sig: elsewhere }, 507: { prev: '' } },
      /^505: its signature does not fit/,
    ],
  ] satisfies [string, Record<number, object>, RegExp][])(
    'with %s is broken where a short one would be: the first break is named',
    async (_, changes, expected) => {
      const changed = Object.entries(changes).reduce<Entry[]>(
        (all, [seq, change]) => resigned(all, Number(seq), change),
        entries,
      );
      const verdict = await verifyWhole(LAUNCH_ID, changed, workerKeyring());
      expect(verdict).toEqual(verifyRecord(LAUNCH_ID, changed, workerKeyring()));
      expect(verdict.ok ? 'ok' : `${verdict.seq}: ${verdict.why}`).toMatch(expected);
    },
  );

  test('has no signature looked at twice: what was found to fit is not checked again by the fold', () => {
    const changed = resigned(entries, 507, { sig: elsewhere });
    const fits = new Set(changed);
    expect(foldVerified(LAUNCH_ID, null, changed, workerKeyring(), { fits })).toMatchObject({ ok: true });
  });

  test('is believed by whose keys are trusted alone, though all signatures fit', async () => {
    const others = looseKeyring(null, { bot: [stranger.signer?.key ?? ''], worker: [] });
    expect(await verifyWhole(LAUNCH_ID, entries, others)).toMatchObject({ ok: false, seq: 1 });
  });

  test('that is broken leaves nothing known of what its signatures were not looked at in', async () => {
    const keyring = workerKeyring();
    const ours = entries.slice(0, 280);
    expect(await verifyWhole(LAUNCH_ID, ours, keyring)).toMatchObject({ ok: true });
    const known = keyring.verified.get(LAUNCH_ID);
    // Up to where it was verified before: a chain without any signature, and behind it the entry whose hash is known.
    const forged = unsignedFrom(entries.slice(0, 100), 260);
    const mixed = [...forged, ...entries.slice(forged.length)];
    expect(await verifyWhole(LAUNCH_ID, mixed, keyring)).toMatchObject({ ok: false, seq: forged.length + 1 });
    expect(keyring.verified.get(LAUNCH_ID)).toEqual(known);
    for (const length of [250, 260])
      expect(verifyRecord(LAUNCH_ID, forged.slice(0, length), keyring)).toMatchObject({ ok: false });
  });

  test('lets the loop of its process go on meanwhile', async () => {
    let isOver = false;
    let turns = 0;
    const verified = verifyWhole(LAUNCH_ID, entries, workerKeyring()).then(() => (isOver = true));
    // A verification in one turn would be over at the first.
    while (!isOver) {
      await turn();
      turns += 1;
    }
    await verified;
    expect(turns).toBeGreaterThan(2);
  });
});
