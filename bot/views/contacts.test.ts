import { expect, test } from 'vitest';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import { RUNBOOK } from '../../test/bot-rig.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { contactsBlocks } from './contacts.ts';
import { entryMessage } from './entry-message.ts';
import { helpMessage } from './help.ts';

const contacts = [
  { name: 'Cloud support', for: 'Capacity <that> does not arrive', phone: '+1 206 555 0100' },
  { name: 'Stadium', for: 'Whether the ad airs', link: 'https://example.com/?a=1&b=2' },
];
const playbook = 'https://wiki.example.com/big-night';
const CALLED = ['Cloud support', 'Capacity &lt;that&gt;', '+1 206 555 0100', 'https://example.com/?a=1&amp;b=2|open'];
const all = [...CALLED, `${playbook}|The playbook`];

test('help, a halt in the channel, and the board while all is halted say whom to call and where it stands what to do', () => {
  const scene = Scene.ready(sampleRunbook({ contacts, playbook }));
  const board = () => JSON.stringify(boardMessage(scene.state, [], [], scene.nowMs));
  for (const part of all) expect(JSON.stringify(helpMessage([], null, 'x', scene.state.runbook))).toContain(part);
  for (const part of all) expect(board()).not.toContain(part);
  scene.halt();
  const halted = scene.entries.at(-1);
  if (halted === undefined) throw new Error('unexpected');
  for (const part of all) expect(board()).toContain(part);
  for (const part of all) expect(JSON.stringify(entryMessage(scene.state, halted))).toContain(part);
});

test('a runbook that names nobody says nothing', () => expect(contactsBlocks(sampleRunbook())).toEqual([]));

test.each([
  ['{ name: Cloud, for: Capacity }', 'contacts.0: found .*, expected a `phone` or a `link`'],
  ['{ name: Cloud, for: Capacity, phone: call me }', 'contacts.0.phone: found "call me", expected a number like'],
  [
    '{ name: Cloud, for: Capacity, link: "http://example.com" }',
    'contacts.0.link: found .*, expected a link like https',
  ],
  ['{ name: Cloud, for: Capacity, link: "https://example.com/<a|b>" }', 'contacts.0.link: found .*, expected a link'],
])('a contact that nobody could reach is refused at its line: %s', (contact, said) => {
  const loaded = loadRunbook(`contacts:\n  - ${contact}\n${RUNBOOK.trimStart()}`, 'plan.yaml');
  expect(loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n')).toMatch(
    new RegExp(String.raw`^plan\.yaml:2:\d+ ${said}`),
  );
});
