import { CST, Lexer } from 'yaml';
import { textFault } from './text-faults.ts';

/** A place in the YAML text and what is wrong there; `path` is empty where the structure isn't known yet. */
export interface YamlProblem {
  offset: number;
  path: (string | number)[];
  found: string;
  expected: string;
}

/**
 * What a runbook may be at most, looked at before anything builds a tree of it: the YAML library recurses, and some
 * shapes of a few kilobytes take it seconds or end the process (20,000 characters of `- - - …`). The example runbook has
 * 5,600 characters and 1,850 tokens; with 150 languages it would stay under a third of these.
 */
export const YAML_CHARACTERS_MOST = 262_144;
const TOKENS_MOST = 30_000;
const DEPTH_MOST = 40;
/** Columns of indentation. */
const INDENT_MOST = 200;

const ONCE_MORE = 'a runbook, which is much smaller: is this the right file?';

/** The first reason not to read this text at all, or null. Takes milliseconds for any text. */
export function boundsProblem(text: string): YamlProblem | null {
  if (text.length > YAML_CHARACTERS_MOST)
    return at(
      0,
      `${text.length.toLocaleString('en-US')} characters`,
      `at most ${YAML_CHARACTERS_MOST.toLocaleString('en-US')}: ${ONCE_MORE}`,
    );
  if (text.includes('\u0000')) return at(0, 'NUL characters: this looks like UTF-16', 'a file in UTF-8');
  const fault = textFault(text);
  if (fault !== null) return at(fault.index, fault.found, fault.expected);
  const mark = text.indexOf('\uFEFF', 1);
  if (mark >= 0)
    return at(mark, 'an invisible byte order mark (U+FEFF) inside the file', 'none: delete it and type the line again');
  const carriage = /\r(?!\n)/.exec(text);
  if (carriage !== null)
    return at(
      carriage.index,
      'a carriage return without a line feed',
      'lines that end in a line feed: save the file with Unix line ends',
    );
  const blank = /^ *(?=[\u00A0\u2007\u202F])[\u00A0\u2007\u202F ]+(?:- |[A-Za-z_][\w-]*:(?: |\r?$))/m.exec(text);
  if (blank !== null)
    return at(
      blank.index,
      'a no-break space in the indentation, which looks like a space and is none',
      'plain spaces: a web page or a chat has changed them in copying',
    );
  return structureProblem(text);
}

/** Tokens, nesting and anchors, from the lexer alone: it neither recurses nor builds anything. */
function structureProblem(text: string): YamlProblem | null {
  let offset = 0;
  let tokens = 0;
  let flow = 0;
  /** Indicators of one line that each open a level: `- - -`, `? ? ?`. */
  let opened = 0;
  let isLineStart = true;
  let anchored = false;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    // Marks that the lexer adds; they stand for no text.
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar') {
      if (type === 'scalar') anchored = false;
      continue;
    }
    tokens += 1;
    if (tokens > TOKENS_MOST)
      return at(offset, `more than ${TOKENS_MOST.toLocaleString('en-US')} YAML tokens`, ONCE_MORE);
    switch (type) {
      case 'newline':
        isLineStart = true;
        opened = 0;
        break;
      case 'flow-map-start':
      case 'flow-seq-start':
        flow += 1;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        // The library takes longer with each.
        if (flow === 0)
          return at(offset, `${token} that closes nothing`, 'none; text with brackets or braces belongs in quotes');
        flow -= 1;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        if (flow === 0) opened += 1;
        break;
      case 'anchor':
        // Each further one takes the library longer than the one before.
        if (anchored)
          return at(
            offset,
            `a second anchor, ${clipped(token)}`,
            'one at most; text that begins with & belongs in quotes',
          );
        anchored = true;
        break;
      case 'directive-line':
        return at(
          offset,
          `the directive ${clipped(token)}`,
          'none: a runbook is plain YAML 1.2; text that begins with % belongs in quotes',
        );
      default:
        break;
    }
    if (type !== 'space' && type !== 'newline' && type !== 'anchor') anchored = false;
    if (isLineStart && type === 'space' && token.length > INDENT_MOST && flow === 0) return deep(offset);
    if (flow > DEPTH_MOST || opened > DEPTH_MOST) return deep(offset);
    if (type !== 'newline') isLineStart = false;
    offset += token.length;
  }
  return null;
}

const at = (offset: number, found: string, expected: string): YamlProblem => ({ offset, path: [], found, expected });
const deep = (offset: number): YamlProblem =>
  at(offset, `nesting deeper than ${DEPTH_MOST} levels`, 'the fields of a runbook, which nest 6 levels deep');
const clipped = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
