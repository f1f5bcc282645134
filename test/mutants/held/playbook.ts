import type { Held } from './held-file.ts';

/** How a runbook is read. */
export const PLAYBOOK: Held[] = [
  {
    file: 'runbooks/playbook/include.ts',
    accepted: [
      {
        line: 'const at = shifts.length === 0 ? key : placeKey(shifted(JSON.parse(key) as (string | number)[], shifts));',
        change: 'shifts.length === 0 → false',
        why: 'Where nothing moves the key is made anew, and is the same: it saves that for each place of each file.',
      },
      {
        line: "found: `${path.join('.')}, which ${merging.places.get(placeKey(path))?.file ?? 'the runbook'} has, too`,",
        change: 'merging.places.get(placeKey(path))?.file → merging.places.get(placeKey(path)).file',
        why: 'What stands there already has a place: asked for the type alone.',
      },
      ...['place?.keyOffset → place.keyOffset', 'place?.offset → place.offset'].map((change) => ({
        line: 'return place?.keyOffset ?? place?.offset ?? 0;',
        change,
        why: 'What is named as wrong stands in the file that is asked: for the type alone.',
      })),
    ],
  },
  {
    file: 'runbooks/playbook/rules/waits.ts',
    accepted: [
      'const after = new Map(steps.map(({ step }) => [step.id, step.after ?? []]));',
      `for (const name of after.get(way.at(-1) ?? '') ?? []) {`,
    ].map((line) => ({
      line,
      change: '[] → ["Stryker was here"]',
      why: 'A text is the id of no step, and leads nowhere.',
    })),
  },
  { file: 'runbooks/playbook/rules/deadlines.ts' },
];
