import { describe, expect, test } from 'vitest';
import { people, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { createLaunch } from './lifecycle.ts';

const NOW_MS = T0_MS - 3_600_000;
type Create = Extract<Command, { kind: 'create-launch' }>;
const create = (more: Partial<Create> = {}): Create => ({
  kind: 'create-launch',
  by: 'ana',
  launchId: 'L',
  name: 'x',
  channelId: 'C',
  runbook: sampleRunbook(),
  runbookHash: 'r',
  targetAtMs: T0_MS,
  compress: 1,
  ...more,
});
const given = { nowMs: NOW_MS, sha256: (text: string) => `hash of ${text.length}` };
const created = (more: Partial<Create> = {}, keys = {}) => createLaunch(null, create(more), { ...given, ...keys });

describe('a new launch', () => {
  test.each([
    [{ launchId: 'a' }, true],
    [{ launchId: 'A1._-' }, true],
    [{ launchId: 'x'.repeat(60) }, true],
    [{ launchId: 'x'.repeat(61) }, false],
    [{ launchId: '' }, false],
    [{ launchId: '-a' }, false],
    [{ launchId: 'a b' }, false],
    [{ launchId: 'a\n' }, false],
    [{ compress: 100_000 }, true],
    [{ compress: 100_001 }, false],
    [{ compress: 1 / 100_000 }, true],
    [{ compress: 1 / 100_001 }, false],
    [{ targetAtMs: NOW_MS - 86_400_000 }, true],
    [{ targetAtMs: NOW_MS - 86_400_001 }, false],
  ])('with %j: %s', (more, fits) => expect(created(more).ok).toBe(fits));

  test('says that it is there already, and since when', () => {
    expect(createLaunch(Scene.created().state, create(), given)).toMatchObject({
      code: 'LAUNCH_EXISTS',
      say: expect.stringContaining('Super Bowl exists here since 22:30:00 UTC'),
    });
  });

  test('is compressed by a number that people are told', () => {
    expect(created({ compress: 0 })).toMatchObject({ say: expect.stringContaining('from 0.00001 to 100000, 1 for') });
  });

  test('has people who can run it', () => {
    const runbook = { ...sampleRunbook(), people: people.slice(0, 1) };
    expect(created({ runbook })).toMatchObject({
      code: 'ROSTER_INVALID',
      say: expect.stringContaining('the runbook.'),
    });
  });

  test('names its workspace and keys where they are known', () => {
    const keys = [{ role: 'bot' as const, key: 'k' }];
    expect(created()).toMatchObject({ entry: { kind: 'LaunchCreated', by: { person: 'ana' }, atMs: NOW_MS } });
    const { entry: bare } = created() as { entry: object };
    expect([bare, bare].map((one, at) => Object.hasOwn(one, ['teamId', 'keys'][at] ?? ''))).toEqual([false, false]);
    expect(created({ teamId: 'T0' }, { keys })).toMatchObject({ entry: { teamId: 'T0', keys } });
    expect(created({}, { keys: [] })).not.toMatchObject({ entry: { keys: [] } });
  });
});

describe('a target', () => {
  const move = (targetAtMs: number): Command => ({ kind: 'move-target', by: 'ana', targetAtMs, reason: 'overtime' });

  test('moves to where it is not yet', () => {
    const scene = Scene.created();
    expect(scene.refuses(move(T0_MS))).toMatchObject({
      code: 'ALREADY_SO',
      say: 'The target is 23:30:00 UTC already.',
    });
    expect(scene.gives('TargetMoved', move(T0_MS + 1))).toMatchObject({ targetAtMs: T0_MS + 1, reason: 'overtime' });
    expect(scene.refuses(move(NOW_MS - 90_000_000)).say).toContain('2027-02-13 21:30 UTC is 25 h ago');
  });
});

describe('what is noted', () => {
  const note = (text: string, more: object = {}): Command => ({ kind: 'note', by: 'olu', text, ...more });

  test('has 1 to 3,000 characters, without the blanks around them', () => {
    const scene = Scene.created();
    expect(scene.gives('Noted', note(`  ${'x'.repeat(3_000)} \n`)).text).toHaveLength(3_000);
    expect(scene.refuses(note('x'.repeat(3_001))).say).toContain('has 3001 characters');
    expect(scene.refuses(note(' ')).code).toBe('VALUE_INVALID');
  });

  test('of a person lies in the channel’s chain, and the entry names it, once', () => {
    const scene = Scene.created();
    const item = { seq: 3, hash: 'a'.repeat(64) };
    const noted = scene.gives('Noted', note('rain', { item }));
    expect(noted.item).toEqual(item);
    expect(JSON.stringify(noted)).not.toContain('rain');
    expect(scene.refuses(note('rain', { item })).code).toBe('ALREADY_SO');
    scene.does(note('rain', { item: { ...item, seq: 4 } }));
    expect(scene.refuses(note('x', { item: { seq: 0, hash: '' } })).code).toBe('VALUE_INVALID');
    expect(scene.refuses(note(' ', { item: { ...item, seq: 5 } })).code).toBe('VALUE_INVALID');
    // What the system says is nobody's words.
    expect(scene.gives('Noted', note('rain', { by: null, item: { ...item, seq: 6 } })).text).toBe('rain');
  });

  test('is said already only by the system', () => {
    const scene = Scene.created();
    const { said, by } = scene.gives('Noted', note('x', { by: null, said: true }));
    expect([said, by]).toEqual([true, { system: 'conductor' }]);
    const noted = scene.gives('Noted', note('x', { said: true }));
    expect([noted.by, Object.hasOwn(noted, 'said')]).toEqual([{ person: 'olu' }, false]);
    expect(scene.gives('Noted', note('x', { by: null }))).not.toHaveProperty('said');
    // Nor does a person's note end what the system has told.
    expect(scene.gives('Noted', note('x', { by: null, over: true })).over).toBe(true);
    expect(scene.gives('Noted', note('x', { over: true }))).not.toHaveProperty('over');
    expect(scene.gives('Noted', note('x', { by: null }))).not.toHaveProperty('over');
  });

  test('of the messages in the channel is how many there are', () => {
    const scene = Scene.created();
    const at = (channelSeq: number): Command => ({ kind: 'checkpoint', channelSeq, channelHash: 'c' });
    expect(scene.gives('Checkpoint', at(0))).toMatchObject({ channelHash: 'c', by: { system: 'conductor' } });
    for (const wrong of [-1, 0.5, Number.NaN]) expect(scene.refuses(at(wrong)).code).toBe('VALUE_INVALID');
  });
});

test('a launch is closed once no shot runs', () => {
  const scene = Scene.ready();
  const shots = [scene.fired(['us-ios']), scene.fired(['br-ios'])];
  const close: Command = { kind: 'close-launch', by: 'ana', reason: 'done' };
  const [us, br] = shots.map(({ id }) => id);
  expect(scene.refuses(close).say).toContain(`Shot ${us} (us-ios) and ${br} (br-ios) is not closed yet.`);
  for (const shot of shots) scene.closes(shot);
  expect(scene.gives('LaunchClosed', close)).toMatchObject({ reason: 'done', by: { person: 'ana' } });
});
