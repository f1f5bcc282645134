/** Rows of text as columns of one width, two spaces between them. Wide characters and emoji count as two, as a terminal draws them. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (sum, row) => row.map((cell, index) => Math.max(sum[index] ?? 0, widthOf(cell))),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => `${cell}${' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)))}`)
      .join('  ')
      .trimEnd(),
  );
}

const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u;

const widthOf = (text: string): number =>
  Array.from(SEGMENTS.segment(text), ({ segment }) => (WIDE.test(segment) ? 2 : 1)).reduce<number>((a, b) => a + b, 0);
