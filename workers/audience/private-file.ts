import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Opens a file for writing that its owner alone may read, also where it was there before: it holds ids or tokens. */
export async function openPrivate(path: string): Promise<FileHandle> {
  const file = await open(path, 'w', 0o600);
  // A pipe or a terminal has permissions that are not ours to change.
  if ((await file.stat()).isFile()) await file.chmod(0o600);
  return file;
}
