import type { z } from 'zod';

/** What people read of a key: in their editor, through the JSON Schema, and in docs/runbook.md. */
interface Meaning {
  /** A sentence. */
  means: string;
  /** As it is written, e.g. in YAML: `40`, `15m`, `{ kind: credentials }`. The schema must take it. */
  example: unknown;
  /** What a number counts. Durations, times and shares have theirs already. */
  unit?: string;
  /** What it means that an optional key is not there. A default says that by itself. */
  absent?: string;
}

/** A key of the runbook with its meaning. Every key has one: a test looks. */
export function key<S extends z.ZodType>(schema: S, { means, example, ...more }: Meaning): S {
  return schema.meta({ description: means, example, ...more });
}
