import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { campaignFaults, faultText } from './campaign-rules.ts';
import { describeProblem } from './checked-yaml.ts';
import { loadRunbook } from './load.ts';
import type { Campaign } from './schema.ts';

const plain = sampleRunbook().campaign;
const halves = [
  { id: 'a', share: 0.5 },
  { id: 'b', share: 0.5 },
];
const locales = (variants?: object): Campaign['locales'] =>
  ({ en: { title: 'Hi', body: 'Go', ...(variants === undefined ? {} : { variants }) } }) as Campaign['locales'];
const faultsOf = (own: Partial<Campaign>): string[] =>
  campaignFaults({ ...plain, locales: locales({ b: { title: 'Ho' } }), ...own }).map(faultText);

test('shares that sum to one with the hold-out are right, also without variants', () => {
  expect(faultsOf({ variants: halves })).toEqual([]);
  expect(
    faultsOf({
      variants: [
        { id: 'a', share: 0.45 },
        { id: 'b', share: 0.45 },
      ],
      hold_out: 0.1,
    }),
  ).toEqual([]);
  expect(faultsOf({ hold_out: 0.1, locales: locales() })).toEqual([]);
  const thirds = [0.333, 0.333, 0.334].map((share, at) => ({ id: 'abc'[at] ?? '', share }));
  expect(faultsOf({ variants: thirds, locales: locales({ b: { title: '1' }, c: { title: '2' } }) })).toEqual([]);
});

test.each<[string, Partial<Campaign>, string]>([
  [
    'too little',
    {
      variants: [
        { id: 'a', share: 0.5 },
        { id: 'b', share: 0.4 },
      ],
    },
    'variants: found shares that sum to 0.9, expected 1',
  ],
  [
    'too much with the hold-out',
    { variants: halves, hold_out: 0.1 },
    'variants: found shares that sum to 1.1, with hold_out 0.1, expected 1',
  ],
  [
    'everybody held out',
    { hold_out: 1, locales: locales() },
    'hold_out: found everybody held out, expected less than 1: nobody would get the push',
  ],
  [
    'one variant',
    { variants: [{ id: 'a', share: 1 }], locales: locales() },
    'variants: found one variant, expected two or more, or no such key: a hold-out alone needs none',
  ],
  [
    'an id twice',
    { variants: [...halves, { id: 'a', share: 0.1 }], hold_out: 0 },
    'variants.2.id: found "a" twice, expected another id',
  ],
  [
    'no share',
    {
      variants: [
        { id: 'a', share: 1 },
        { id: 'b', share: 0 },
      ],
    },
    'variants.1.share: found 0, expected more, or no such variant',
  ],
  [
    'a locale without its text',
    { variants: halves, locales: locales() },
    'locales.en: found no text for the variant b, expected variants: { b: { title: … } }, with what it changes here',
  ],
  [
    'a text that changes nothing',
    { variants: halves, locales: locales({ b: {} }) },
    'locales.en.variants.b: found nothing that it changes, expected a title, a body, or another key',
  ],
  [
    'an unknown variant',
    { variants: halves, locales: locales({ b: { title: 'Ho' }, c: { title: 'Hu' } }) },
    'locales.en.variants.c: found "c", expected a variant of the campaign: b',
  ],
  [
    'a text of the first one apart',
    { variants: halves, locales: locales({ a: { title: 'He' }, b: { title: 'Ho' } }) },
    'locales.en.variants.a: found "a", expected its text in the locale itself: it is the first variant',
  ],
  [
    'texts without shares',
    {},
    'locales.en.variants.b: found "b", expected the variants of the campaign with their shares first, like variants: [{ id: a, share: 0.5 }, { id: b, share: 0.5 }]',
  ],
  [
    'half an emoji in one',
    { variants: halves, locales: locales({ b: { title: '\ud83d' } }) },
    'locales.en.variants.b.title: found half an emoji',
  ],
  [
    'nothing to see in one',
    { variants: halves, locales: locales({ b: { title: ' ', body: ' ' } }) },
    'locales.en.variants.b: found a title and a text without anything to see',
  ],
  [
    'an image of one that is no https address',
    { variants: halves, locales: locales({ b: { image: 'http://x.example/a.jpg' } }) },
    'locales.en.variants.b.image: found "http://x.example/a.jpg"',
  ],
  [
    'buttons of one without a category',
    { variants: halves, locales: locales({ b: { actions: [{ id: 'x', title: 'X', link: 'l://x' }] } }) },
    'locales.en.variants.b.actions: found buttons without apns.category',
  ],
])('found: %s', (_what, own, fault) => {
  expect(faultsOf(own).join('\n')).toContain(fault);
});

test('a runbook whose shares are wrong is not loaded, and each fault names its line', () => {
  const text = readFileSync(new URL('../library/in-plain-sight.yaml', import.meta.url), 'utf8')
    .replace('{ id: plain, share: 0.45 }', '{ id: plain, share: 0.5 }')
    .replace('variants: { question: { title: "Five minutes today?" } }', 'sound: gong')
    .replace('{ question: { title: "Heute fünf Minuten?" } }', '{ qestion: { title: "Heute fünf Minuten?" } }');
  const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
  const loaded = loadRunbook(text, 'plan.yaml');
  const said = loaded.ok ? [] : loaded.problems.map(describeProblem);
  expect(said.map((problem) => problem.replace(/^(plan\.yaml:\d+):\d+/, '$1'))).toEqual([
    `plan.yaml:${lineOf('variants:\n')} campaign.variants: found shares that sum to 1.05, with hold_out 0.1, expected 1`,
    `plan.yaml:${lineOf('en:\n')} campaign.locales.en: found no text for the variant question, expected variants: { question: { title: … } }, with what it changes here`,
    `plan.yaml:${lineOf('{ qestion')} campaign.locales.de.variants: found no text for the variant question, expected variants: { question: { title: … } }, with what it changes here`,
    `plan.yaml:${lineOf('{ qestion')} campaign.locales.de.variants.qestion: found "qestion", expected a variant of the campaign: question`,
  ]);
});
