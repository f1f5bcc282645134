import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();

/**
 * A folder that is gone when `work` has ended, however it ends. A compile of millions of rows spills more than a gigabyte, so it
 * is also removed when the process exits in the middle of the work (a command's Ctrl-C).
 */
export async function withTemporaryFolder<T>(prefix: string, work: (folder: string) => Promise<T>): Promise<T> {
  // In one turn: an exit between a folder that is made and one that is known would leave it.
  const folder = mkdtempSync(join(tmpdir(), prefix));
  if (open.size === 0) process.on('exit', removeAll);
  open.add(folder);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    open.delete(folder);
    if (open.size === 0) process.off('exit', removeAll);
  }
}

function removeAll(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
}
