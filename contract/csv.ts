/**
 * CSV by RFC 4180, for programs and for spreadsheets alike. A cell that a spreadsheet would take for a formula, and one that begins with an apostrophe,
 * has an apostrophe before it: whoever reads it by program takes one off.
 */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');

function cell(value: string | number): string {
  const text = typeof value === 'string' && /^['=+\-@\t\r\n]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
