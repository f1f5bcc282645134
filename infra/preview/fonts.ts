import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { create } from 'fontkit';
import type { Font, GlyphRun } from 'fontkit';
import { decompress } from 'wawoff2';

/**
 * The fonts of a picture: from packages, because a container has none (docs/facts.md#container-fonts), each cut into files by
 * ranges of characters. Only those files are read that have a character of the text.
 */

export type Weight = 400 | 700;
const WEIGHTS: readonly Weight[] = [400, 700];

/** A package's table of its files, and the ranges of characters in each. */
interface Family {
  folder: string;
  name: string;
  parts: { part: string; from: number; to: number }[];
}

const require = createRequire(import.meta.url);

const TEXT = require.resolve('@fontsource-variable/inter/unicode.json');
const ARABIC = require.resolve('@fontsource-variable/noto-sans-arabic/unicode.json');
const HEBREW = require.resolve('@fontsource-variable/noto-sans-hebrew/unicode.json');
const DEVANAGARI = require.resolve('@fontsource-variable/noto-sans-devanagari/unicode.json');
const THAI = require.resolve('@fontsource-variable/noto-sans-thai/unicode.json');
const JAPANESE = require.resolve('@fontsource-variable/noto-sans-jp/unicode.json');
const CHINESE = require.resolve('@fontsource-variable/noto-sans-sc/unicode.json');
const KOREAN = require.resolve('@fontsource-variable/noto-sans-kr/unicode.json');
const EMOJI = require.resolve('twemoji-colr-font/twemoji.woff2');
const REST: Record<Weight, string> = {
  400: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  700: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
};

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
export const graphemes = (text: string): string[] => Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);

const IS_EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator}/u;
/** They leave nothing on the screen, and take the font of what they stand beside. */
const UNSEEN = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

/** Says whether a sign is text or picture. */
const VARIATION = /[\uFE0E\uFE0F]/g;

type Fitting = Record<Weight, Font>;
interface Found {
  fonts: Fitting;
  form: string;
}
/** What was read and unpacked already, by file: one for the pictures of several locales. */
export type FontFiles = Map<string, Fitting>;

export class Fonts {
  /** Characters that none of the fonts has. */
  readonly missing = new Set<string>();
  readonly #byGrapheme = new Map<string, Found>();
  readonly #rest: Fitting;
  readonly #files: FontFiles;

  private constructor(rest: Fitting, files: FontFiles) {
    this.#rest = rest;
    this.#files = files;
  }

  /** Those for the characters of a text in this locale: many signs are drawn otherwise in Chinese, Japanese and Korean. */
  static async forText(text: string, locale: string, files: FontFiles): Promise<Fonts> {
    const rest = files.get('rest') ?? { 400: unpacked(REST[400]), 700: unpacked(REST[700]) };
    files.set('rest', rest);
    const fonts = new Fonts(rest, files);
    const families = familiesFor(locale).map(familyOf);
    for (const grapheme of new Set(graphemes(text))) {
      if (UNSEEN.test(grapheme)) continue;
      const found = await foundFor(grapheme, families, files);
      if (found !== null) fonts.#byGrapheme.set(grapheme, found);
      else if (!rest[400].hasGlyphForCodePoint(grapheme.codePointAt(0) ?? 0)) fonts.missing.add(grapheme);
    }
    return fonts;
  }

  /** `beside`: the font of the character before. */
  fontOf(grapheme: string, weight: Weight, beside: Font | null): Font {
    // A space as wide as a picture is none.
    if (beside !== null && beside !== this.#files.get(EMOJI)?.[400] && UNSEEN.test(grapheme)) return beside;
    return (this.#byGrapheme.get(grapheme)?.fonts ?? this.#rest)[weight];
  }

  /** The character as its font takes it. */
  formOf(grapheme: string): string {
    return this.#byGrapheme.get(grapheme)?.form ?? grapheme.replaceAll(VARIATION, '');
  }
}

function familiesFor(locale: string): string[] {
  const east = [JAPANESE, CHINESE, KOREAN];
  const own = { zh: CHINESE, ko: KOREAN }[locale.split('-')[0] ?? ''] ?? JAPANESE;
  return [TEXT, ARABIC, HEBREW, DEVANAGARI, THAI, own, ...east.filter((one) => one !== own)];
}

async function foundFor(grapheme: string, families: readonly Family[], files: FontFiles): Promise<Found | null> {
  const codePoint = grapheme.codePointAt(0) ?? 0;
  const bare = grapheme.replaceAll(VARIATION, '');
  const open = async (file: string): Promise<Fitting> => {
    const fonts = files.get(file) ?? (await opened(file));
    files.set(file, fonts);
    return fonts;
  };
  if (IS_EMOJI.test(grapheme)) {
    const fonts = await open(EMOJI);
    // One picture, however many code points it is made of; else the parts are drawn as text.
    const form = [grapheme, bare].find((one) => shape(fonts[400], one).glyphs.length === 1);
    if (form !== undefined && fonts[400].hasGlyphForCodePoint(codePoint)) return { fonts, form };
  }
  for (const { folder, name, parts } of families) {
    for (const { part, from, to } of parts) {
      if (codePoint < from || codePoint > to) continue;
      const fonts = await open(join(folder, `${name}-${part}-wght-normal.woff2`));
      if (fonts[400].hasGlyphForCodePoint(codePoint)) return { fonts, form: bare };
    }
  }
  return null;
}

/**
 * Glyphs of a text in one direction. Of pictures each code point is given apart: fontkit takes a sign and the mark that it is a
 * picture for one, and then no longer knows the family, flag or keycap that they begin.
 */
export function shape(font: Font, text: string, direction: 'ltr' | 'rtl' = 'ltr'): GlyphRun {
  const glyphs = IS_EMOJI.test(text)
    ? Array.from(text, (one) => font.glyphForCodePoint(one.codePointAt(0) ?? 0))
    : text;
  return font.layout(glyphs as string, undefined, undefined, undefined, direction);
}

const unpacked = (file: string): Font => create(readFileSync(file)) as Font;

/** fontkit sets a weight only where the file is not packed as WOFF2. */
async function opened(file: string): Promise<Fitting> {
  const font = create(Buffer.from(await decompress(readFileSync(file)))) as Font;
  const [regular = font, bold = font] = file === EMOJI ? [] : WEIGHTS.map((wght) => font.getVariation({ wght }));
  return { 400: regular, 700: bold };
}

function familyOf(table: string): Family {
  const folder = dirname(table);
  const ranges = JSON.parse(readFileSync(table, 'utf8')) as Record<string, string>;
  return {
    folder: join(folder, 'files'),
    name: basename(folder),
    parts: Object.entries(ranges).flatMap(([part, text]) =>
      text.split(',').map((range) => {
        const [from = '', to = from] = range.trim().replace('U+', '').split('-');
        return { part: part.replaceAll(/[[\]]/g, ''), from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) };
      }),
    ),
  };
}
