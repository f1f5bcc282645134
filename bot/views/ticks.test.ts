import { expect, test } from 'vitest';
import { gateLines } from '../../runbooks/launch/gates.ts';
import { audience, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { entryMessage } from './entry-message.ts';
import { readinessMessage } from './readiness.ts';

test('a change of text or audience says which gates are to be ticked for it, and which stay ticked', () => {
  const scene = Scene.created(
    sampleRunbook({
      gates: [
        { id: 'copy', title: 'The copy was read', holds_for: 'content' },
        { id: 'lists', title: 'The lists were checked', holds_for: 'audience' },
        { id: 'both', title: 'Somebody looked' },
      ],
    }),
  );
  const said = (): string => {
    const entry = scene.entries.at(-1);
    return entry === undefined ? '' : JSON.stringify(entryMessage(scene.state, entry)?.blocks);
  };
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  expect(said()).toContain('To be ticked for it: “The lists were checked”, “Somebody looked”.');
  for (const gate of ['copy', 'lists', 'both'])
    scene.does({ kind: 'tick-gate', by: 'mia', gate, green: true, note: '' });
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, deep_link: 'lingo://x' } });
  expect(said()).toContain(
    'Open orders and test copies of the old text are void. To be ticked for it: “The copy was read”, “Somebody looked”. Still ticked: “The lists were checked”.',
  );
});

test("readiness says of a tick whose it is, that it is not its owner's, and what it holds for", () => {
  const scene = Scene.created(
    sampleRunbook({ gates: [{ id: 'copy', title: 'The copy was read', owner: 'mia', holds_for: 'content' }] }),
  );
  scene.does({ kind: 'tick-gate', by: 'ben', gate: 'copy', green: true, note: 'on two phones' });
  const shown = readinessMessage(scene.state, gateLines(scene.state, [], scene.nowMs, 'all'));
  expect(JSON.stringify(shown.blocks)).toContain(
    'The copy was read · ticked by Ben Okafor, who is not its owner Mia Chen, at 22:30:00 UTC: on two phones; holds for this text',
  );
});
