import type { Scalar } from 'yaml';

/**
 * Text that people will read, and what YAML does to it when it stands without quotes: ` #` begins a comment, so that
 * `body: Watch now #BigGame` goes out as "Watch now"; & * and ! at its start are an anchor, an alias and a tag; lines are
 * joined. Nobody sees that in a review of the file, so all of it is refused in such texts, and in those alone: comments
 * elsewhere, and after quoted text, are fine.
 */

export interface CopyProblem {
  offset: number;
  found: string;
  expected: string;
}

/** Fields that hold sentences. Names and ids are left out: a comment after them is a comment. */
const SENTENCES = new Set([
  'title',
  'subtitle',
  'body',
  'say',
  'help',
  'backup',
  'summary',
  'on_halt',
  'playbook',
  'deep_link',
  'link',
  'image',
  // `color: #58cc02` is a comment, and no color.
  'color',
  'sound',
  'reference',
]);

export function isCopy(path: readonly (string | number)[]): boolean {
  if (path[0] === 'campaign' && (path[1] === 'data' || path[1] === 'locales') && path.length > 2) return true;
  const last = path.at(-1);
  return typeof last === 'string' && SENTENCES.has(last);
}

export function aliasAsCopy(name: string): Omit<CopyProblem, 'offset'> {
  return {
    found: `the alias *${name} in place of a text`,
    expected: `the text itself; if it begins with *, in quotes: ${quoted(`*${name}`)}`,
  };
}

/** `keyOffset`: where the field's name begins; a comment further right belongs to the text, one below the name does not. */
export function copyProblem(text: string, node: Scalar, keyOffset: number | null): CopyProblem | null {
  const [start, end] = node.range ?? [0, 0];
  const isPlain = node.type === 'PLAIN';
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  if (isPlain && node.anchor !== undefined) {
    return {
      offset: keyOffset ?? start,
      found: `the anchor &${node.anchor} in front of a text`,
      expected: `the text in quotes: ${quoted(`&${node.anchor} ${node.source ?? ''}`)}`,
    };
  }
  if (!isBlock && text.slice(start, end).includes('\n')) {
    return {
      offset: start,
      found: 'a text over several lines, which YAML joins into one',
      expected: 'one line, or a block after | (keeps line breaks) or > (joins lines)',
    };
  }
  if (!isPlain && !isBlock) return null;
  const comment = commentAfter(text, end, keyOffset, isBlock);
  if (comment === null) return null;
  const cut = text.slice(comment, lineEnd(text, comment)).trimEnd();
  const kept = isPlain ? (node.source ?? '') : '';
  if (isBlock)
    return {
      offset: comment,
      found: `${quoted(cut)}, which YAML takes for a comment`,
      expected: 'it indented like the text above if it belongs to it, else further left than the text and its field',
    };
  return {
    offset: comment,
    found:
      kept === ''
        ? `nothing: YAML takes ${quoted(cut)} for a comment`
        : `text that YAML cuts after ${quoted(kept)}: it takes ${quoted(cut)} for a comment`,
    // What closes the braces around it is no part of the text.
    expected: `the text in quotes: ${quoted(`${kept} ${cut}`.trim().replace(/\s*[}\]],?$/, ''))}`,
  };
}

/** Where a comment begins that looks like a part of the text: on its line, or on a line below that is indented further than the field. */
function commentAfter(text: string, end: number, keyOffset: number | null, isBlock: boolean): number | null {
  // A block's range ends behind its last line break.
  const sameLine = isBlock ? null : /^[ \t]*#/.exec(text.slice(end, lineEnd(text, end)));
  if (sameLine !== null) return end + sameLine[0].length - 1;
  const below = /^\s*/.exec(text.slice(end, end + 4_096))?.[0] ?? '';
  const at = end + below.length;
  if (text[at] !== '#' || keyOffset === null) return null;
  return column(text, at) > column(text, keyOffset) ? at : null;
}

const lineEnd = (text: string, from: number): number =>
  text.indexOf('\n', from) === -1 ? text.length : text.indexOf('\n', from);
const column = (text: string, at: number): number => (at === 0 ? 0 : at - (text.lastIndexOf('\n', at - 1) + 1));
const quoted = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
