import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { changesBlocks } from './campaign-changes.ts';

const { campaign } = sampleRunbook();
const withBody = (body: string, locales = ['en']) => ({
  ...campaign,
  locales: Object.fromEntries(locales.map((locale) => [locale, { title: 'Now', body }])),
});
const said = (after: typeof campaign) => JSON.stringify(changesBlocks(withBody('before'), after));

test('what is too long for a message is cut, and it says where all of it stands', () => {
  expect(said(withBody('x'.repeat(600)))).not.toContain('longer than fits');
  const cut = said(withBody('x'.repeat(601)));
  expect(cut).toContain('…');
  expect(cut).toContain('What ends in … is longer than fits here: the file of `/go timeline` has it all.');
});

test('so is what are too many changes', () => {
  const locales = ['en', 'de', 'fr', 'es', 'pt', 'it', 'nl', 'pl', 'sv', 'da', 'fi', 'nb', 'cs', 'sk', 'hu', 'ro'];
  expect(said(withBody('x'.repeat(599), locales))).toContain(
    'More was changed than fits here: the file of `/go timeline` has it all.',
  );
});
