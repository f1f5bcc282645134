/** Foreign text in a Markdown table: one row stays one row, and nothing becomes markup, an entity or a hidden direction. */
export function escape(text: string): string {
  return (
    text
      .replaceAll(/\s*\n\s*/g, ' ⏎ ')
      // Control characters, and marks that turn the reading direction of what follows.
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
      .replaceAll(/&(?=#?\w+;)/g, '&amp;')
      .replaceAll(/[\\|*_`[\]<>~]/g, (mark) => `\\${mark}`)
  );
}
