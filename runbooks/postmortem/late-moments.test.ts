import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { postmortemMarkdown } from './markdown.ts';
import { postmortemOf } from './postmortem.ts';

const TARGET = '2027-02-14 18:30 America/New_York';

function textOf({ entries }: Scene): string {
  const found = postmortemOf(entries, [], { chain: { ok: true } });
  return found === null ? '' : postmortemMarkdown(found);
}

test('a market that went after its own moment is told with how long after it, one that went in time is not', () => {
  const targets = { us: TARGET, br: '2027-02-14 19:00 America/New_York' };
  const scene = Scene.ready(sampleRunbook({ target: TARGET, targets }));
  scene.nowMs = T0_MS + 59_000;
  scene.closes(scene.fired(['us-ios']));
  expect(textOf(scene)).not.toContain('Fired after their own moment');
  scene.nowMs = T0_MS + 1_800_000 + 185_000;
  scene.closes(scene.fired(['br-ios']));
  expect(textOf(scene)).toContain('Fired after their own moment: br (185.0 s after it).');
  expect(textOf(scene)).toContain('What came between these markets and their moment: br?');
});
