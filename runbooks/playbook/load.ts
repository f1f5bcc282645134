import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { checkReferences } from './references.ts';
import { runbook as runbookSchema, type Runbook } from './schema.ts';

/** One thing that is wrong, with the place in the file (1-based). */
export interface RunbookProblem {
  file: string;
  line: number;
  column: number;
  /** Dotted path in the YAML, e.g. `phases.0.steps.2.at`. Empty for the file as a whole. */
  path: string;
  found: string;
  expected: string;
}

export type LoadedRunbook = { ok: true; runbook: Runbook } | { ok: false; problems: RunbookProblem[] };

type Path = readonly (string | number)[];

/**
 * YAML text to a checked runbook, or every problem at once. Pure: the caller reads the file; `file` is only
 * used in messages.
 */
export function loadRunbook(text: string, file: string): LoadedRunbook {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };

  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({ ...at(error.pos[0]), path: '', found: error.message, expected: 'valid YAML' })),
    };
  }

  numbersAsWritten(document);
  const value: unknown = document.toJS();
  const parsed = runbookSchema.safeParse(value);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.flatMap((issue): RunbookProblem[] => {
        const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
        // An unknown key is reported at the key itself, not at the map around it.
        if (issue.code === 'unrecognized_keys') {
          return issue.keys.map((key) => ({
            ...at(offsetOf(document, [...path, key])), path: [...path, key].join('.'), found: `unknown field "${key}"`,
            // In a map in braces a comma ends the number: `{ to: 4,000 }` is 4, and a field 000.
            expected: /^\d{3}$/.test(key) ? 'a number without a comma, like 600000 or 600k: between braces a comma ends it' : 'one of the documented fields',
          }));
        }
        return [{ ...at(offsetOf(document, path)), path: path.join('.'), found: shown(valueAt(value, path)), expected: expectation(issue.message) }];
      }),
    };
  }

  const problems = checkReferences(parsed.data).map(({ path, found, expected }) => ({
    ...at(offsetOf(document, path)), path: path.join('.'), found, expected,
  }));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, runbook: parsed.data };
}

/** YAML reads `10.000` as 10, `1e3` as 1,000 and `010` as 10. What isn't plain stays as it was written, for the schema to judge. */
export function numbersAsWritten(document: Document): void {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'number' && node.source !== undefined && !/^-?(0|[1-9]\d*)(\.\d{1,2})?$/.test(node.source)) node.value = node.source;
    },
  });
}

/** `file:line:column path: found …, expected …`, one line a problem. */
export function describeProblem(problem: RunbookProblem): string {
  const where = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${problem.file}:${problem.line}:${problem.column}${where} found ${problem.found}, expected ${problem.expected}`;
}

/** Where a path stands; for a missing field the nearest place around it that exists. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const here = path.slice(0, length);
    const parent = length === 0 ? undefined : document.getIn(here.slice(0, -1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(here.at(-1)));
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = length === 0 ? document.contents : document.getIn(here, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Zod's sentence without its own prefix, so that "expected" is not said twice. */
function expectation(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/^expected /, '').replace(/, received .*$/, '');
}
