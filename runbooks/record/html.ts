/**
 * HTML whose every value is text unless it is HTML itself: foreign text becomes neither markup nor an attribute of its own,
 * and turns no reading direction but its own (whatever shows it stands in an element with `dir` or in `bdi`).
 */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Html | readonly Html[];

/** Line ends of the source, with the indentation behind them, are not in the result. */
export function markup(parts: TemplateStringsArray, ...values: Value[]): Html {
  const flat = flatOf(parts);
  let text = flat[0] ?? '';
  for (const [index, value] of values.entries()) text += shown(value) + (flat[index + 1] ?? '');
  return new Html(text);
}

/** Of each template once: a page has tens of thousands of rows. */
const FLAT = new WeakMap<TemplateStringsArray, string[]>();

function flatOf(parts: TemplateStringsArray): string[] {
  const known = FLAT.get(parts) ?? parts.map((part) => part.replaceAll(/\n\s*/g, ''));
  FLAT.set(parts, known);
  return known;
}

/** What somebody wrote, within a sentence of ours: its reading direction is its own. */
export const foreign = (text: string): Html => markup`<bdi>${text}</bdi>`;

/** Texts that stand in the page as they are: the page's own style and script, never what somebody wrote. */
export const trusted = (text: string): Html => new Html(text);

function shown(value: Value): string {
  if (value instanceof Html) return value.text;
  return typeof value === 'object' ? value.map(({ text }) => text).join('') : escaped(String(value));
}

const ENTITY: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Control characters but for line ends, and marks that turn the reading direction of what follows. */
// oxlint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (text: string): string =>
  text.replaceAll(HIDDEN, ' ').replaceAll(/[&<>"']/g, (mark) => ENTITY[mark] ?? mark);

/** A value as data inside a script element: nothing in it ends the element. */
export const jsonIn = (value: unknown): Html => new Html(JSON.stringify(value).replaceAll('<', '\\u003c'));

interface HtmlFileParts {
  title: string;
  style: string;
  /** Null: the file runs nothing. */
  script: string | null;
  /** sha256 in base64: the file wears and runs nothing but what has this hash. */
  sha256: (text: string) => string;
  /** It asks the server that gave it for news. */
  isLive?: boolean;
  body: Html;
}

/** One file that needs nothing else, and may load nothing. */
export function htmlFile({ title, style, script, sha256, isLive = false, body }: HtmlFileParts): string {
  const runs = script === null ? '' : ` script-src 'sha256-${sha256(script)}';`;
  const asks = isLive ? " connect-src 'self';" : '';
  const policy = `default-src 'none';${runs}${asks} style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
    <html lang="en"><head>
    <meta charset="utf-8">
    <meta http-equiv="content-security-policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <style>${trusted(style)}</style>
    </head>
    ${body}</html>`.text;
}
