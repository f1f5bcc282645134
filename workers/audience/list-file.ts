import { readFile } from 'node:fs/promises';
import { AudienceError } from './errors.ts';

/** One entry per line, blank lines and a header line (`user`, `token`) left out. Throws INPUT_MISSING. */
export async function readList(path: string, what: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AudienceError('INPUT_MISSING', `${path}: found no readable file, expected ${what}, one per line`, { cause });
  });
  const entries = text.replace(/^\uFEFF/, '').split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return /^"?(user|user_id|token)"?$/i.test(entries[0] ?? '') ? entries.slice(1) : entries;
}
