import type { HeaderField } from '../../h2/hpack-decoder.ts';

/** Retry-After as ms from now, in seconds or as a date (RFC 9110 section 10.2.3), which is read by the answer's own clock where it has one. Null: none, or not readable. */
export function retryAfterMs(fields: readonly HeaderField[], nowMs: number = Date.now()): number | null {
  const value = fieldOf(fields, 'retry-after');
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // Date.parse makes a date of nearly anything.
  const atMs = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) return null;
  const theirsMs = Date.parse(fieldOf(fields, 'date') ?? '');
  return Math.max(0, atMs - (Number.isNaN(theirsMs) ? nowMs : theirsMs));
}

function fieldOf(fields: readonly HeaderField[], name: string): string | null {
  return fields.find(([one]) => one === name)?.[1].trim() ?? null;
}
