import { checkedSource } from './checked-yaml.ts';
import type { FileProblem, LineOf } from './checked-yaml.ts';
import { merge, partsOf } from './include.ts';
import type { Included } from './include.ts';
import { checkReferences } from './references.ts';
import type { Rule } from './rules/rule.ts';
import { runbook as runbookSchema } from './schema.ts';
import type { Runbook } from './schema.ts';

/** `written`: the same as it stands in its files, put together, for who writes it anew. `lineOf`: where in them a path stands. */
export type LoadedRunbook =
  | { ok: true; runbook: Runbook; written: unknown; lineOf: LineOf }
  | { ok: false; problems: FileProblem[] };

interface Around {
  /** Texts of the files that it includes, by their path from its folder (`filesToRead`). */
  included?: Included;
  /** What else must be so where it is to be played. */
  rules?: readonly Rule[];
}

/** The YAML text of a runbook, checked, or every problem at once; `file` is only used in messages. */
export function loadRunbook(
  text: string,
  file: string,
  { included = new Map(), rules = [] }: Around = {},
): LoadedRunbook {
  const { parts, problems: ofNames } = partsOf(text, included);
  const inYaml = parts.flatMap((part) => part.read.problems.map((one) => ({ ...one, file: part.file })));
  // Of a file that is no YAML nothing is known: what is missing may stand in it.
  const isWhole = parts.every(({ read }) => read.places.size > 0) && ofNames.length === 0;
  const { value, places, problems } = isWhole ? merge(parts) : { value: undefined, places: new Map(), problems: [] };
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const read = checkedSource(
    {
      value,
      places,
      problems: [...ofNames, ...inYaml, ...problems],
      fileOf: (one) => ({
        name: one === null ? file : `${folder}${one}`,
        text: parts.find((part) => part.file === one)?.text ?? '',
      }),
    },
    runbookSchema,
    (runbook) => [...checkReferences(runbook), ...rules.flatMap((rule) => rule(runbook))],
  );
  return read.ok ? { ok: true, runbook: read.value, written: read.written, lineOf: read.lineOf } : read;
}
