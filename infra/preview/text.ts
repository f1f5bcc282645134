import bidiFactory from 'bidi-js';
import type { Bidi } from 'bidi-js';
import type { Font, Glyph, GlyphPosition } from 'fontkit';
import { graphemes, shape } from './fonts.ts';
import type { Fonts, Weight } from './fonts.ts';

/**
 * Text as paths: broken into lines and cut where a phone cuts it, from right to left where it reads so, each character in the
 * first font that has it. So no font is needed where the picture is drawn, and every width is the true one.
 */

export interface Style {
  size: number;
  weight: Weight;
}

export interface SetText {
  /** SVG in `currentColor`, with its first baseline at 0 0; a line that reads from right to left ends at `width`. */
  svg: string;
  lines: number;
  /** Something of it did not fit. */
  isCut: boolean;
}

/** Characters in one font and one direction. */
interface Run {
  text: string;
  font: Font;
  level: number;
}

interface Shaped {
  glyphs: Glyph[];
  positions: GlyphPosition[];
  scale: number;
  width: number;
}

/** The package is the function itself; its types have it as `default`. */
const bidi = (bidiFactory as unknown as () => Bidi)();

/** Lines may break beside these without a space. */
const BREAKS_ANYWHERE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const PUNCTUATION = /^[\p{P}\p{S}\p{M}]+$/u;

export class TextSetter {
  readonly #fonts: Fonts;
  readonly #locale: string;

  constructor(fonts: Fonts, locale: string) {
    this.#fonts = fonts;
    this.#locale = locale;
  }

  set(text: string, width: number, most: number, style: Style): SetText {
    const base = this.#baseOf(text);
    const { lines, isCut } = this.#lines(text.trim(), width, most, style, base);
    const svg = lines.map((line, at) => this.#draw(line, base, width, at * style.size * LINE_HEIGHT, style)).join('');
    return { svg, lines: lines.length, isCut };
  }

  /** 1: it reads from right to left. By its first letter, as phones do it. */
  #baseOf(text: string): number {
    return bidi.getEmbeddingLevels(text).paragraphs[0]?.level ?? 0;
  }

  #lines(text: string, width: number, most: number, style: Style, base: number): { lines: string[]; isCut: boolean } {
    const fits = (line: string): boolean => this.#width(line.trimEnd(), base, style) <= width;
    const lines: string[] = [];
    const left = text
      .split(/\r?\n/)
      .flatMap((line, at) => (at === 0 ? this.#units(line) : ['\n', ...this.#units(line)]));
    let line = '';
    for (let unit = left.shift(); unit !== undefined; unit = left.shift()) {
      if (unit !== '\n' && (fits(line + unit) || unit.trim() === '')) {
        line += unit;
        continue;
      }
      if (unit !== '\n' && line === '') {
        // A word that is wider than a line is broken between characters.
        const [head, tail] = this.#head(unit, fits);
        line = head;
        if (tail !== '') left.unshift(tail);
        continue;
      }
      if (lines.length === most - 1)
        return { lines: [...lines, this.#cut(line, [unit, ...left].join(''), fits)], isCut: true };
      lines.push(line.trimEnd());
      line = '';
      if (unit !== '\n') left.unshift(unit.trimStart());
    }
    return { lines: [...lines, line.trimEnd()], isCut: false };
  }

  /** What stays together: a word with the marks behind it; the spaces between. */
  #units(text: string): string[] {
    const units: string[] = [];
    for (const { segment } of new Intl.Segmenter(this.#locale, { granularity: 'word' }).segment(text)) {
      const last = units.at(-1);
      const joins =
        last !== undefined &&
        last.trim() !== '' &&
        segment.trim() !== '' &&
        (PUNCTUATION.test(segment) || !(BREAKS_ANYWHERE.test(last) || BREAKS_ANYWHERE.test(segment)));
      if (joins) units[units.length - 1] = last + segment;
      else units.push(segment);
    }
    return units;
  }

  /** As much of a word as fits, at least one character. */
  #head(word: string, fits: (text: string) => boolean): [head: string, tail: string] {
    const parts = graphemes(word);
    let count = 1;
    while (count < parts.length && fits(parts.slice(0, count + 1).join(''))) count += 1;
    return [parts.slice(0, count).join(''), parts.slice(count).join('')];
  }

  #cut(line: string, rest: string, fits: (text: string) => boolean): string {
    const parts = graphemes(`${line}${rest.replaceAll('\n', ' ')}`);
    let count = parts.length;
    // From the line's own length on: what follows it did not fit.
    count = Math.min(count, graphemes(line).length + 40);
    while (count > 1 && !fits(`${parts.slice(0, count).join('').trimEnd()}…`)) count -= 1;
    return `${parts.slice(0, count).join('').trimEnd()}…`;
  }

  #runs(line: string, base: number, weight: Weight): Run[] {
    const { levels } = bidi.getEmbeddingLevels(line, base === 1 ? 'rtl' : 'ltr');
    const runs: Run[] = [];
    let at = 0;
    for (const part of graphemes(line)) {
      const level = levels[at] ?? base;
      at += part.length;
      const last = runs.at(-1);
      const font = this.#fonts.fontOf(part, weight, last?.font ?? null);
      const form = this.#fonts.formOf(part);
      if (last !== undefined && last.font === font && last.level === level) last.text += form;
      else runs.push({ text: form, font, level });
    }
    return inOrder(runs);
  }

  #shape({ text, font, level }: Run, size: number): Shaped {
    const isRight = level % 2 === 1;
    const shown = isRight ? Array.from(text, (one) => bidi.getMirroredCharacter(one) ?? one).join('') : text;
    const { glyphs, positions, advanceWidth } = shape(font, shown, isRight ? 'rtl' : 'ltr');
    const scale = size / font.unitsPerEm;
    return { glyphs, positions, scale, width: advanceWidth * scale };
  }

  #width(line: string, base: number, { size, weight }: Style): number {
    return this.#runs(line, base, weight).reduce((sum, run) => sum + this.#shape(run, size).width, 0);
  }

  #draw(line: string, base: number, width: number, y: number, { size, weight }: Style): string {
    const shaped = this.#runs(line, base, weight).map((run) => this.#shape(run, size));
    let x = base === 1 ? width - shaped.reduce((sum, one) => sum + one.width, 0) : 0;
    const paths: string[] = [];
    for (const { glyphs, positions, scale } of shaped) {
      for (const [at, glyph] of glyphs.entries()) {
        const { xAdvance = 0, xOffset = 0, yOffset = 0 } = positions[at] ?? {};
        paths.push(glyphSvg(glyph, x + xOffset * scale, y - yOffset * scale, scale));
        x += xAdvance * scale;
      }
    }
    return paths.join('');
  }
}

export const LINE_HEIGHT = 1.3;

/** Rule L2 of the bidirectional algorithm, over runs: from the highest level down, what stands at it or above is turned around. */
function inOrder(runs: Run[]): Run[] {
  const order = [...runs];
  const levels = runs.map(({ level }) => level);
  for (let level = Math.max(0, ...levels); level >= 1; level--) {
    for (let from = 0; from < order.length; from++) {
      let to = from;
      while (to < order.length && (order[to]?.level ?? 0) >= level) to += 1;
      if (to > from + 1) order.splice(from, to - from, ...order.slice(from, to).toReversed());
      if (to > from) from = to;
    }
  }
  return order;
}

/** Of a font with colors a glyph is layers, each with its own. */
interface ColorGlyph extends Glyph {
  layers?: { glyph: Glyph; color: { red: number; green: number; blue: number; alpha: number } }[];
}

function glyphSvg(glyph: ColorGlyph, x: number, y: number, scale: number): string {
  const at = `transform="matrix(${number(scale)} 0 0 ${number(-scale)} ${number(x)} ${number(y)})"`;
  const layers = glyph.layers ?? [];
  if (layers.length === 0) return path(glyph, at, 'currentColor');
  return layers
    .map((layer) => {
      const { red, green, blue, alpha } = layer.color;
      return path(layer.glyph, at, `rgb(${red},${green},${blue})" fill-opacity="${number(alpha / 255)}`);
    })
    .join('');
}

function path(glyph: Glyph, at: string, fill: string): string {
  const d = glyph.path.toSVG();
  return d === '' ? '' : `<path ${at} fill="${fill}" d="${d}"/>`;
}

const number = (value: number): string => String(Math.round(value * 100_000) / 100_000);
