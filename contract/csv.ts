/**
 * CSV by RFC 4180 in UTF-8, for programs, and harmless to a spreadsheet. A cell that one would take for a formula, and one that begins with an apostrophe,
 * has an apostrophe before it: whoever reads it by program takes one off. The same behind each semicolon, tab and line end in a cell, where a spreadsheet
 * with another separator than the comma begins the next (OWASP, CSV injection). No BOM: most libraries take it for a part of the first column's name.
 */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');

/** Where a formula may begin, before what begins one, full-width forms too, which a Japanese Excel takes as well; and a cell that begins with what is trimmed away. */
// oxlint-disable-next-line no-control-regex
const BEGINS_FORMULA = /(?<=^|[;\t\r\n])(?=['=+\-@＝＋－＠])|^(?=[\0\t\r\n])/g;

function cell(value: string | number): string {
  const text = typeof value === 'string' ? value.replaceAll(BEGINS_FORMULA, "'") : String(value);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
