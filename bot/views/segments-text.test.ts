import { expect, test } from 'vitest';
import { audience, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { entryMessage } from './entry-message.ts';

function saidOf(targets: Record<string, string>): string {
  const scene = Scene.created(sampleRunbook(Object.keys(targets).length === 0 ? {} : { target: MOMENT, targets }));
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  const entry = scene.entries.at(-1);
  return entry === undefined ? '' : JSON.stringify(entryMessage(scene.state, entry)?.blocks);
}
const MOMENT = '2027-02-14 23:00 UTC';

test('an audience says which of its markets have no moment of their own, and which moments nobody in it has', () => {
  const said = saidOf({ us: MOMENT, brazil: MOMENT });
  expect(said).toContain("Without a moment in the runbook's `targets`, so at T: `br`.");
  expect(said).toContain('In `targets`, and in no row of the list: `brazil`.');
});

test('where all of them fit, by market or by segment, and where a runbook has no targets, nothing is said of it', () => {
  expect(saidOf({ us: MOMENT, 'br-ios': MOMENT })).not.toContain('`targets`');
  expect(saidOf({})).not.toContain('`targets`');
});
