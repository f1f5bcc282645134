import { describe, expect, test } from 'vitest';
import { audience, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { gateLines } from './gates.ts';

/** Gates that a person ticks: what a tick holds to, how long, what it must come with, and whose it is. */

const gates = [
  { id: 'copy', title: 'The copy was read', owner: 'mia', holds_for: 'content' },
  { id: 'lists', title: 'The audience was checked', holds_for: 'audience' },
  { id: 'shift', title: 'Everybody is on shift', holds_for: 'launch', stale_after: '30m' },
  { id: 'both', title: 'As before' },
];
const tick = (gate: string, by = 'ana', note = '', green = true): Command => ({
  kind: 'tick-gate',
  by,
  gate,
  green,
  note,
});

function ticked(more: Record<string, unknown>[] = []): Scene {
  const scene = Scene.created(sampleRunbook({ gates: [...gates, ...more] }));
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  for (const { id } of gates) scene.does(tick(id));
  return scene;
}
const lineOf = (scene: Scene, gate: string) =>
  gateLines(scene.state, [], scene.nowMs, 'all').find(({ id }) => id === gate);
const green = (scene: Scene) => gates.map(({ id }) => id).filter((gate) => lineOf(scene, gate)?.status === 'green');

describe('a tick', () => {
  test('is void when what it holds to changes, and only then', () => {
    const scene = ticked();
    expect(green(scene)).toEqual(['copy', 'lists', 'shift', 'both']);
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, deep_link: 'lingo://x' } });
    expect(green(scene)).toEqual(['lists', 'shift']);
    for (const gate of ['copy', 'both']) scene.does(tick(gate));
    scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b'.repeat(64) } });
    expect(green(scene)).toEqual(['copy', 'shift']);
  });

  test('says what it holds to, and that it is of somebody else than the owner, who may put their own name there', () => {
    const scene = ticked();
    expect(lineOf(scene, 'copy')?.say).toBe(
      'ticked by Ana Ortiz, who is not its owner Mia Chen, at 22:30:00 UTC; holds for this text',
    );
    expect(lineOf(scene, 'both')?.say).toBe('ticked by Ana Ortiz at 22:30:00 UTC');
    expect(scene.refuses(tick('copy', 'ben')).code).toBe('ALREADY_SO');
    scene.does(tick('copy', 'mia'));
    expect(lineOf(scene, 'copy')?.say).toBe('ticked by Mia Chen at 22:30:00 UTC; holds for this text');
    expect(scene.refuses(tick('copy', 'mia')).code).toBe('ALREADY_SO');
  });

  test('of a gate that a group owns is anew by one of them, once', () => {
    const groups = [{ id: 'readers', title: 'Readers', people: ['mia', 'ben'] }];
    const scene = Scene.created(sampleRunbook({ groups, gates: [{ id: 'copy', title: 'Read', owner: 'readers' }] }));
    scene.does(tick('copy'));
    expect(lineOf(scene, 'copy')?.say).toContain('ticked by Ana Ortiz, who is not its owner Readers,');
    scene.does(tick('copy', 'ben'));
    expect(scene.refuses(tick('copy', 'mia')).code).toBe('ALREADY_SO');
  });

  test('grows stale after its time, and is ticked anew then', () => {
    const scene = ticked();
    scene.nowMs += 30 * 60_000;
    expect(lineOf(scene, 'shift')?.status).toBe('green');
    expect(scene.refuses(tick('shift')).code).toBe('ALREADY_SO');
    scene.nowMs += 1;
    expect(lineOf(scene, 'shift')).toMatchObject({
      status: 'unknown',
      say: 'ticked by Ana Ortiz at 22:30:00 UTC; a tick holds for 30 min, so look again and tick anew',
    });
    expect(scene.refuses(scene.request()).say).toContain('“Everybody is on shift” is unknown');
    scene.does(tick('shift'));
    expect(lineOf(scene, 'shift')?.status).toBe('green');
    expect(green(scene)).toContain('both');
  });

  test.each([
    ['note', '', false],
    ['note', ' ', false],
    ['note', 'read on two phones', true],
    ['link', '', false],
    ['link', 'see the wiki', false],
    ['link', 'http://wiki.example.com/x', false],
    ['link', 'https://', false],
    ['link', 'looked: https://wiki.example.com/x', true],
  ])('that must come with a %s is given %j: %s', (evidence, note, fits) => {
    const scene = ticked([{ id: 'shown', title: 'It was shown', evidence }]);
    const given = tick('shown', 'ana', note);
    if (fits) expect(scene.gives('GateTicked', given).note).toBe(note);
    else
      expect(scene.refuses(given)).toMatchObject({
        code: 'EVIDENCE_MISSING',
        say: expect.stringContaining('It was shown'),
      });
    // To set it to red nobody needs to show anything.
    if (!fits) expect(scene.gives('GateTicked', tick('shown', 'ana', '', false)).green).toBe(false);
  });
});
