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
  return new Html(
    parts
      .map(
        (part, index) => `${part.replaceAll(/\n\s*/g, '')}${index < values.length ? shown(values[index] ?? '') : ''}`,
      )
      .join(''),
  );
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

const escaped = (text: string): string =>
  text
    // Control characters but for line ends, and marks that turn the reading direction of what follows.
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
    .replaceAll(/[&<>"']/g, (mark) => ENTITY[mark] ?? mark);

/** A value as data inside a script element: nothing in it ends the element. */
export const jsonIn = (value: unknown): Html => new Html(JSON.stringify(value).replaceAll('<', '\\u003c'));
