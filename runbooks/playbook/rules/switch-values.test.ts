import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');
const LINE = superbowl.slice(0, superbowl.indexOf('\nswitches:\n')).split('\n').length + 2;

/** What is said of the runbook with this switch before its others, and a step that sets it to `to`. */
function problems(values: string, to = 'false'): string {
  const text = superbowl
    .replace('\nswitches:\n', `\nswitches:\n  - { id: shop, title: Shop, values: ${values} }\n`)
    .replace('do: { kind: switch, switch: zombie, value: true }', `do: { kind: switch, switch: shop, value: ${to} }`);
  const loaded = loadRunbook(text, 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}

test('true, false, numbers and texts are values; a step sets one of them', () => {
  expect(problems('[false, true, 3, short]')).toBe('');
  expect(problems('[false, 1.5, short]', 'short')).toBe('');
  expect(problems('[false, short]', 'closed')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.\S+\.do\.value: found "closed", expected one of its `values`: false, short$/,
  );
});

test.each([
  ['[on, off]', 0, '"on", expected true, or another text: `on` is typed for it'],
  ['[short, "No"]', 1, '"No", expected false, or another text: `no` is typed for it'],
  ['[short, "a {{b"]', 1, '"a {{b", expected a text of 1 to 200 characters, without {{'],
  ['[short, ""]', 1, '"", expected a text of 1 to 200 characters, without {{'],
  ['[short, Short]', 1, '"Short" a second time, expected each value once, whatever its case'],
])('%s: what nobody could type, or is typed for another, is refused at its line', (values, at, said) => {
  expect(problems(values, 'short')).toContain(`switches.0.values.${at}: found ${said}`);
  expect(problems(values, 'short')).toMatch(new RegExp(`^plan\\.yaml:${LINE}:`));
});
