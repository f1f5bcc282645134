import { expect, test } from 'vitest';
import { otherThanAsked } from './data-folder.ts';
import type { AskedAnew, Prepared } from './data-folder.ts';

const SAMPLE: Prepared = { launchId: 'superbowl-2027-01-01', devices: 200_000 };
const OWN: Prepared = {
  launchId: 'sale-2027-01-01',
  devices: null,
  runbook: { file: '/e/sale.yaml', source: 'a1' },
  audience: '/e/list.csv',
};
const NOTHING: AskedAnew = { devices: null, runbook: null, audience: null, compress: null };

test('what stands in the folder goes on when nothing else, or the very same, is asked for', () => {
  expect(otherThanAsked(SAMPLE, NOTHING, '/d')).toBeNull();
  expect(otherThanAsked(SAMPLE, { ...NOTHING, devices: 200_000 }, '/d')).toBeNull();
  expect(otherThanAsked(OWN, NOTHING, '/d')).toBeNull();
  expect(
    otherThanAsked(OWN, { ...NOTHING, runbook: { file: '/e/sale.yaml', source: 'a1' }, audience: '/e/list.csv' }, '/d'),
  ).toBeNull();
});

test.each<[string, Prepared, Partial<AskedAnew>, RegExp]>([
  [
    'another size',
    SAMPLE,
    { devices: 5_000 },
    /^--devices: found 5,000, expected 200,000, the size of the launch in \/d; add --fresh/,
  ],
  [
    'a size of an own audience',
    OWN,
    { devices: 5_000 },
    /^--devices: found 5,000, expected nothing: the audience of the launch/,
  ],
  [
    'a runbook in place of the sample',
    SAMPLE,
    { runbook: { file: '/e/x.yaml', source: 'b' } },
    /^--runbook: found \/e\/x.yaml, expected nothing: the sample of the launch/,
  ],
  [
    'another runbook',
    OWN,
    { runbook: { file: '/e/x.yaml', source: 'b' } },
    /^--runbook: found \/e\/x.yaml, expected \/e\/sale.yaml, that of the launch/,
  ],
  [
    'a runbook that was changed since',
    OWN,
    { runbook: { file: '/e/sale.yaml', source: 'b' } },
    /^--runbook: found \/e\/sale.yaml changed since .* a launch keeps its runbook; add --fresh/,
  ],
  [
    'another list',
    OWN,
    { audience: '/e/other.csv' },
    /^--audience: found \/e\/other.csv, expected \/e\/list.csv: .*--launch sale-2027-01-01; or add --fresh/,
  ],
  [
    'a list in place of a made-up one',
    SAMPLE,
    { audience: '/e/list.csv' },
    /^--audience: found \/e\/list.csv, expected nothing/,
  ],
  ['another pace', OWN, { compress: 60 }, /^--compress: found it for a launch that stands in \/d/],
])('%s is refused: the launch stays as it is', (_, before, asked, expected) => {
  expect(otherThanAsked(before, { ...NOTHING, ...asked }, '/d')).toMatch(expected);
});
