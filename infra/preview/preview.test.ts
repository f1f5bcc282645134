import { expect, test } from 'vitest';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { drawPreview } from './draw.ts';
import { Fonts } from './fonts.ts';
import { drawPreviews } from './previews.ts';
import { TextSetter } from './text.ts';

const { campaign } = sampleRunbook();
const files = new Map();
const style = { size: 15, weight: 400 } as const;
const saying = (title: string, body: string, more: object = {}): Campaign => ({
  ...campaign,
  locales: { ...campaign.locales, en: { title, body, ...more } },
});
const setterFor = async (text: string, locale = 'en'): Promise<TextSetter> =>
  new TextSetter(await Fonts.forText(`${text}…`, locale, files), locale);
/** Where each path begins, from left to right as it is drawn. */
const xOf = (svg: string): number[] =>
  [...svg.matchAll(/matrix\([\d.e-]+ 0 0 -[\d.e-]+ ([\d.-]+)/g)].map(([, x]) => Number(x));

test('what a lock screen cuts is named: on iOS after four lines, on Android after one', async () => {
  const long = saying('A title that has no end and no room '.repeat(3), 'A text that has none either. '.repeat(12), {
    subtitle: 'And a subtitle that goes on for longer than the line is wide',
    image: 'https://cdn.example.com/a.jpg',
  });
  expect((await drawPreview(long, 'en', files)).cut).toEqual([
    'title on iOS',
    'subtitle on iOS',
    'text on iOS',
    'title on Android',
    'text on Android',
  ]);
});

test('words are kept whole where they fit, and lines are broken where the text has a break', async () => {
  const text = 'One two\nthree four';
  const setter = await setterFor(text);
  expect(setter.set(text, 300, 4, style)).toMatchObject({ lines: 2, isCut: false });
  expect(setter.set(text, 40, 9, style)).toMatchObject({ lines: 4, isCut: false });
  expect(setter.set(text, 300, 1, style)).toMatchObject({ lines: 1, isCut: true });
  // A word that is wider than a line, and signs between which no space stands.
  const wide = 'Donaudampfschifffahrtsgesellschaft';
  expect((await setterFor(wide)).set(wide, 60, 9, style).lines).toBeGreaterThan(3);
  const japanese = 'レッスンの時間です。誰かが見ていますよ。';
  expect((await setterFor(japanese, 'ja')).set(japanese, 100, 9, style).lines).toBeGreaterThan(2);
});

test('a text that reads from right to left ends at the right, with the figures in it from left to right', async () => {
  const hebrew = 'שלום 20:00';
  const { svg } = (await setterFor(hebrew, 'he')).set(hebrew, 300, 1, style);
  const at = xOf(svg);
  expect(at).toHaveLength(9);
  expect(Math.min(...at)).toBeGreaterThan(200);
  expect(Math.max(...at)).toBeLessThan(300);
  // Drawn from left to right: the hour, then the word.
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  const mixed = 'Go שלום now';
  expect(xOf((await setterFor(mixed)).set(mixed, 300, 1, style).svg)[0]).toBeLessThan(1);
});

test('an emoji of several parts is one picture in its colors', async () => {
  for (const one of ['👨‍👩‍👧', '❤️‍🔥', '🏳️‍🌈', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '☺️', '👍🏽']) {
    const { svg } = (await setterFor(one)).set(one, 300, 1, style);
    expect([one, new Set(xOf(svg)).size]).toEqual([one, 1]);
    expect(svg).toContain('rgb(');
  }
});

test('a character that no font has is named', async () => {
  const { missing } = await Fonts.forText('ᚠ Now 👀 見ました שלום مرحبا नमस्ते 안녕', 'en', files);
  expect([...missing]).toEqual(['ᚠ']);
});

test('pictures are drawn beside the work of the process, in their order', async () => {
  const drawn = await drawPreviews(campaign, ['pt-BR', 'en']);
  expect(drawn.map(({ locale, cut, missing }) => ({ locale, cut, missing }))).toEqual(
    ['pt-BR', 'en'].map((locale) => ({ locale, cut: [], missing: [] })),
  );
  for (const { png } of drawn) expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG');
});

test('what takes too long is given up, and what fails is said', async () => {
  await expect(drawPreviews(campaign, ['en'], 1)).rejects.toMatchObject({ code: 'PREVIEW_LATE' });
  await expect(drawPreviews(campaign, ['xx'])).rejects.toMatchObject({ code: 'LOCALE_UNKNOWN' });
});

test('Chinese of either script is drawn with the signs of its locale, and nothing of it is missing', async () => {
  const texts = {
    'zh-Hant': '體驗課程今晚開始，臺灣與香港：龜鬱麵廳裡裏嚐齣攪',
    'zh-Hans': '体验课程今晚开始，台湾与香港：龟郁面厅里尝出搅',
  };
  for (const [locale, body] of Object.entries(texts)) {
    const locales = { ...campaign.locales, [locale]: { title: body.slice(0, 4), body } };
    expect(await drawPreview({ ...campaign, locales }, locale, files)).toMatchObject({ locale, missing: [] });
  }
});
