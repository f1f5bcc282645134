import { describe, expect, test } from 'vitest';
import { sha256 } from '../infra/aws/sha256.ts';
import type { FrozenSet } from '../runbooks/launch/entries.ts';
import { LAUNCH_ID } from '../test/properties/scene.ts';
import { account, COUNT, MANIFEST, settleRig } from '../test/settle-rig.ts';
import type { AttemptState } from './account-codec.ts';
import { answeredBy, freezeSets, setReader } from './frozen-sets.ts';

/** Who a further attempt goes to; claims and objects in memory. With attempts that follow each other, on real stores: attempts.test.ts. */

function memoryObjects() {
  const stored = new Map<string, Uint8Array>();
  const gets: string[] = [];
  return {
    stored,
    gets,
    put: async (key: string, bytes: Uint8Array) => void stored.set(key, bytes),
    get: async (key: string) => (gets.push(key), stored.get(key) ?? null),
  };
}

/** Fired once, halted and closed with this many of the iOS segment left; `first` is what became of each device of its two batches. */
async function firedOnce(first: AttemptState[][], uncertain: 'leave' | 'resend' = 'resend', left = 8) {
  const rig = settleRig({ ios_not_after: '60s', android_not_after: '90s', uncertain });
  const { scene, claims, key, accounted } = rig;
  for (const [at, states] of first.entries()) await accounted(`ios.${at}`, ...states);
  const shot = scene.fired(['ios']);
  const objects = memoryObjects();
  const read: string[][] = [];
  const manifest = { now: MANIFEST, reads: 0 };
  const deps = {
    claims: {
      read: (keys: readonly string[], isConsistent?: boolean) => {
        expect(isConsistent).toBe(true);
        read.push([...keys]);
        return claims.read(keys);
      },
    },
    objects,
    manifestOf: () => ((manifest.reads += 1), Promise.resolve(manifest.now)),
  };
  const freeze = (...segments: string[]) => freezeSets(deps, scene.state, segments);
  const ends = () => {
    scene.halt();
    scene.closes(shot, { ios: { halted: left } });
  };
  /** What became of a batch in the second attempt. */
  const again = async (id: string, ...states: AttemptState[]) => {
    await rig.claim(id, { attempt: 2 });
    await claims.account(key(id, 2), id, account(...states));
  };
  const membersOf = async (set: FrozenSet | undefined) => {
    if (set === undefined) throw new Error('no set was frozen');
    return Object.fromEntries([...(await setReader(objects)(LAUNCH_ID, set))].map(([id, who]) => [id, [...who]]));
  };
  return { ...rig, shot, objects, read, manifest, freeze, ends, again, membersOf };
}

const all: AttemptState[] = ['halted'];
const none: AttemptState[] = ['accepted'];

describe('who is left', () => {
  test('is nobody to ask for in a segment that was never sent to, or is being sent, and costs no read', async () => {
    const { freeze, read, objects, ends, manifest } = await firedOnce([all, all]);
    expect(await freeze('ios', 'android')).toEqual([]);
    ends();
    expect([await freeze('android'), read, objects.stored.size, manifest.reads]).toEqual([[], [], 0, 0]);
    expect(await freeze('ios', 'android')).toMatchObject([{ segment: 'ios', attempt: 2 }]);
  });

  test.each<[AttemptState, 'leave' | 'resend', boolean]>([
    ['halted', 'leave', true],
    ['late', 'leave', true],
    ['failed', 'leave', true],
    ['uncertain', 'leave', false],
    ['uncertain', 'resend', true],
    ['accepted', 'resend', false],
    ['bad-token', 'resend', false],
    ['skipped', 'resend', false],
    ['absent', 'resend', false],
  ])('one that was %s is left, with `uncertain: %s`: %s', async (state, policy, isLeft) => {
    const { freeze, ends, membersOf } = await firedOnce([[state, 'halted', 'accepted'], none], policy);
    ends();
    const [set] = await freeze('ios');
    expect(set?.devices).toBe(isLeft ? 2 : 1);
    expect(await membersOf(set)).toEqual({ 'ios.0': [isLeft ? 1 : 0, 1, 0, 0] });
  });

  test('is named by the hash of what is stored, as of the entry that was read', async () => {
    const { freeze, ends, objects, scene, shot } = await firedOnce([none, ['accepted', 'halted']]);
    ends();
    const [set] = await freeze('ios');
    const [key, bytes] = [...objects.stored][0] ?? ['', new Uint8Array()];
    const text = Buffer.from(bytes).toString('utf8');
    expect(set).toEqual({ segment: 'ios', attempt: 2, devices: 3, hash: sha256(text), seq: scene.state.seq });
    expect(key).toBe(`sets/${LAUNCH_ID}/${set?.hash}.json`);
    expect(JSON.parse(text)).toEqual({
      v: 1,
      launchId: LAUNCH_ID,
      segment: 'ios',
      attempt: 2,
      devices: 3,
      // First device in the lowest bit.
      batches: [{ id: 'ios.1', count: COUNT, bits: Buffer.of(0b1110).toString('base64') }],
    });
    expect(shot.closed).toBeNull();
  });

  test('is by the newest word of all attempts, but who was ever answered is never sent to again', async () => {
    const { freeze, ends, scene, again, membersOf } = await firedOnce(
      [
        ['halted', 'halted', 'accepted', 'halted'],
        ['late', 'uncertain', 'bad-token', 'failed'],
      ],
      'resend',
      6,
    );
    ends();
    const sets = await freeze('ios');
    const second = scene.fired(['ios'], { lift: true, sets });
    await again('ios.0', 'accepted', 'late', 'halted', 'skipped');
    await again('ios.1', 'absent', 'halted', 'halted', 'accepted');
    scene.halt();
    scene.closes(second, { ios: { halted: 3 } });
    const [third] = await freeze('ios');
    expect(third).toMatchObject({ attempt: 3, devices: 3 });
    expect(await membersOf(third)).toEqual({ 'ios.0': [0, 1, 0, 0], 'ios.1': [1, 1, 0, 0] });
  });

  test.each(['gone', 'open'])('is not known where an account is %s: nothing is sent again', async (how) => {
    const { freeze, ends, claim, objects, claims, key } = await firedOnce([all]);
    if (how === 'open') await claim('ios.1');
    ends();
    await expect(freeze('ios')).rejects.toMatchObject({
      code: 'CLAIMS_LOST',
      message: expect.stringContaining('(attempt 1 of ios: 1 of 2 accounts are gone)') as string,
    });
    claims.items.delete(key('ios.0'));
    await expect(freeze('ios')).rejects.toThrow('(attempt 1 of ios: 2 of 2 accounts are gone)');
    expect(objects.stored.size).toBe(0);
  });

  test('is known too where a closer has said it', async () => {
    const { freeze, ends, claims, key, membersOf } = await firedOnce([none], 'resend', 4);
    await claims.close(key('ios.1'), account('halted'), null);
    ends();
    expect(await membersOf((await freeze('ios'))[0])).toEqual({ 'ios.1': [1, 1, 1, 1] });
  });

  test('of a later attempt must be known of the batches that it was for, and of no others', async () => {
    const { freeze, ends, scene, again, claims, key, claim } = await firedOnce([all, none], 'resend', 4);
    ends();
    const second = scene.fired(['ios'], { lift: true, sets: await freeze('ios') });
    scene.halt();
    scene.closes(second, { ios: { halted: 4 } });
    await expect(freeze('ios')).rejects.toThrow('(attempt 2 of ios: 1 of up to 2 accounts are gone)');
    claims.items.delete(key('ios.1'));
    await expect(freeze('ios')).rejects.toThrow(
      '(attempt 2 of ios: 1 of up to 2 accounts are gone; attempt 1 of ios: 1 of 2 accounts are gone)',
    );
    await claim('ios.1');
    await claims.account(key('ios.1'), 'ios.1', account('accepted'));
    await again('ios.0', 'halted');
    expect(await freeze('ios')).toMatchObject([{ attempt: 3, devices: 4 }]);
  });

  test('of an attempt from before sets were frozen nobody has to know what each batch got', async () => {
    const { freeze, ends, scene } = await firedOnce([all, none], 'resend', 4);
    ends();
    const second = scene.fired(['ios'], { lift: true, sets: await freeze('ios') });
    scene.halt();
    scene.closes(second, { ios: { halted: 4 } });
    const { sets: _, ...shown } = second.shown;
    scene.state.shots[second.id] = { ...scene.shot(second.id), shown };
    expect(await freeze('ios')).toMatchObject([{ attempt: 3, devices: 4 }]);
  });

  test('is of each segment by its own batches, and by its own part of what both were asked for', async () => {
    const { freeze, ends, scene, accounted, again, membersOf } = await firedOnce([all, all]);
    ends();
    const android = scene.fired(['android'], { lift: true });
    await accounted('android.0', 'halted');
    scene.halt();
    scene.closes(android, { android: { halted: 4 } });
    const sets = await freeze('ios', 'android');
    expect(await membersOf(sets[1])).toEqual({ 'android.0': [1, 1, 1, 1] });
    const second = scene.fired('all', { lift: true, sets });
    await again('ios.0', 'halted');
    await again('ios.1', 'halted');
    scene.halt();
    scene.closes(second, { ios: { halted: 8 }, android: { halted: 4 } });
    expect(await freeze('ios')).toMatchObject([{ devices: 8 }]);
    await expect(freeze('android')).rejects.toThrow('(attempt 2 of android: 1 of up to 1 accounts are gone)');
  });

  test('is read five hundred batches at a time', async () => {
    const { freeze, ends, read, manifest, accounted } = await firedOnce([all, none], 'resend', 4);
    const batches = Array.from({ length: 501 }, (_, at) => ({ id: `ios.${at}`, shard: 's', start: 0, count: COUNT }));
    for (const { id } of batches.slice(2)) await accounted(id, 'accepted');
    manifest.now = {
      segments: [{ id: 'ios', platform: 'ios', devices: 2_004, batches }],
    } as unknown as typeof MANIFEST;
    ends();
    expect(await freeze('ios')).toMatchObject([{ devices: 4 }]);
    expect(read.map((keys) => keys.length)).toEqual([500, 1]);
  });
});

test('who was answered is who was accepted or has a bad token, in any attempt', async () => {
  const { claims, key } = await firedOnce([
    ['accepted', 'bad-token', 'failed', 'uncertain'],
    ['halted', 'late', 'skipped', 'accepted'],
  ]);
  const claimOf = (id: string) => claims.items.get(key(id));
  expect([...answeredBy([claimOf('ios.0')], COUNT)]).toEqual([1, 1, 0, 0]);
  expect([...answeredBy([claimOf('ios.0'), undefined, claimOf('ios.1')], COUNT)]).toEqual([1, 1, 0, 1]);
});

describe('a set that is read', () => {
  const stored = (change: object = {}, { hash }: { hash?: string } = {}) => {
    const bits = Buffer.of(0b0000_0101, 0b1).toString('base64');
    const content = { v: 1, launchId: LAUNCH_ID, segment: 'ios', attempt: 2, devices: 3 };
    const text = JSON.stringify({ ...content, batches: [{ id: 'ios.0', count: 9, bits }], ...change });
    const set = { segment: 'ios', attempt: 2, devices: 3, hash: hash ?? sha256(text), seq: 1 };
    const objects = memoryObjects();
    objects.stored.set(`sets/${LAUNCH_ID}/${set.hash}.json`, Buffer.from(text));
    return { objects, set, read: setReader(objects) };
  };

  test('has its members device by device, and is read once', async () => {
    const { objects, set, read } = stored();
    const [first, second] = await Promise.all([read(LAUNCH_ID, set), read(LAUNCH_ID, set)]);
    expect([...first].map(([id, who]) => [id, [...who]])).toEqual([['ios.0', [1, 0, 1, 0, 0, 0, 0, 0, 1]]]);
    expect([second === first, await read(LAUNCH_ID, set), objects.gets.length]).toEqual([true, first, 1]);
  });

  test('and that could not be read is asked for again', async () => {
    const { objects, set } = stored();
    let isAway = true;
    const read = setReader({ get: (key) => (isAway ? Promise.reject(new Error('away')) : objects.get(key)) });
    await expect(read(LAUNCH_ID, set)).rejects.toThrow('away');
    isAway = false;
    expect((await read(LAUNCH_ID, set)).size).toBe(1);
  });

  test.each<[string, string, ReturnType<typeof stored>, RegExp]>([
    ['is not there', 'SET_GONE', { ...stored(), read: setReader(memoryObjects()) }, /no such object/],
    ['has another hash', 'SET_BROKEN', stored({}, { hash: 'f'.repeat(64) }), /expected the one of its name/],
    ['is of a newer version', 'SET_UNKNOWN', stored({ v: 2 }), /expected version 1/],
    ['has no devices in a batch', 'SET_UNKNOWN', stored({ batches: [{ id: 'x', count: 0, bits: '' }] }), /version 1/],
    ['is a first attempt', 'SET_UNKNOWN', stored({ attempt: 1 }), /version 1/],
    ['is of another launch', 'SET_BROKEN', stored({ launchId: 'other' }), /for attempt 2 of other, expected 3/],
    ['is of another segment', 'SET_BROKEN', stored({ segment: 'android' }), /3 devices of android/],
    ['is of another attempt', 'SET_BROKEN', stored({ attempt: 3 }), /for attempt 3 of/],
    ['is for others than were approved', 'SET_BROKEN', stored({ devices: 4 }), /found 4 devices/],
  ])('and %s is %s', async (_, code, { set, read }, say) => {
    await expect(read(LAUNCH_ID, set)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(say) as string,
      ...(code === 'SET_UNKNOWN' ? { cause: expect.any(Error) as Error } : {}),
    });
  });
});
