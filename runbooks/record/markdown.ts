/*
 * Whoever can write in the channel chooses these texts, up to 40,000 characters, and whoever makes a page of them waits: what begins with a run of
 * characters begins at the run's first one (`(?<!…)`), or every place in a long run would be tried, one after the other.
 */

/** Foreign text in a Markdown table: one row stays one row, and nothing becomes markup, mathematics, an entity or a hidden direction. */
export function escape(text: string): string {
  return (
    text
      .replaceAll(/(?<!\s)\s*\n\s*/g, ' ⏎ ')
      // Control characters, and marks that turn the reading direction of what follows.
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
      .replaceAll(/&(?=#?\w+;)/g, '&amp;')
      .replaceAll(/[\\|*_`[\]<>~^$]/g, (mark) => `\\${mark}`)
  );
}

/** An address up to what can't be in one, or what people close a sentence with. */
// oxlint-disable-next-line no-control-regex
const ADDRESS = /(https?:\/\/[^\s<>"“”„«»|\\^`{}\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+)/i;
const CLOSES = /(?<![.,;:!?'’*_~…、。，；：！？）」』)\]])[.,;:!?'’*_~…、。，；：！？）」』)\]]+$/;
/** What opens one within it closes it there, too: …/Push_(sport) */
const CLOSES_BUT_BRACKETS = /(?<![.,;:!?'’*_~…、。，；：！？）」』])[.,;:!?'’*_~…、。，；：！？）」』]+$/;

/**
 * The same in a file: an address is a link of its own. Bare, GitHub makes one of it up to the next space, with a closing quote in it, and with the
 * backslashes before its underscores, so that it leads nowhere.
 */
export const escapeLinked = (text: string): string =>
  text
    .split(ADDRESS)
    .map((part, at) => (at % 2 === 0 ? escape(part) : linked(part)))
    .join('');

function linked(found: string): string {
  const closing = (/[([]/.test(found) ? CLOSES_BUT_BRACKETS : CLOSES).exec(found)?.[0] ?? '';
  const address = found.slice(0, found.length - closing.length);
  return `<${address.replaceAll(/(&#?\w+);/g, '$1%3B')}>${escape(closing)}`;
}

/**
 * The line under a table's head, `dashes` of each column; `isFigure`: whose column is aligned at its end. Pandoc makes columns as wide as their dashes
 * are many; everybody else lets that be.
 */
export const underHead = (dashes: readonly number[], isFigure: (at: number) => boolean = () => false): string =>
  `|${dashes.map((count, at) => `${'-'.repeat(count)}${isFigure(at) ? ':' : ''}|`).join('')}`;

/** More of a column's text goes over several lines. */
const DASHES_MOST = 40;
/** A column has this part of the width at least, or its words are cut. */
const SHARE_LEAST = 1 / 12;

/** Dashes by what stands in the columns. */
export function dashesFor(rows: readonly (readonly string[])[]): number[] {
  const longest = (rows[0] ?? []).map((_, at) =>
    rows.reduce((most, cells) => Math.max(most, Math.min(cells[at]?.length ?? 0, DASHES_MOST)), 3),
  );
  const least = Math.ceil(longest.reduce((sum, one) => sum + one, 0) * SHARE_LEAST);
  return longest.map((one) => Math.max(one, least));
}
