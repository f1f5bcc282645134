import { checkedYaml } from './checked-yaml.ts';
import type { FileProblem } from './checked-yaml.ts';
import { checkReferences } from './references.ts';
import { runbook as runbookSchema } from './schema.ts';
import type { Runbook } from './schema.ts';

export type LoadedRunbook = { ok: true; runbook: Runbook } | { ok: false; problems: FileProblem[] };

/** The YAML text of a runbook, checked, or every problem at once; `file` is only used in messages. */
export function loadRunbook(text: string, file: string): LoadedRunbook {
  const read = checkedYaml(text, file, runbookSchema, checkReferences);
  return read.ok ? { ok: true, runbook: read.value } : read;
}
