import { readFile, stat } from 'node:fs/promises';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { LoadedRunbook } from '../../runbooks/playbook/load.ts';

/** UTF-8 takes four bytes a character at most; what is larger isn't even read. `loadRunbook` counts the characters. */
const BYTES_MOST = 2_000_000;

/** A runbook from its file; `name` is what problems call it. Never rejects: what can't be read is a problem of that file. */
export async function readRunbookFile(path: string, name = path): Promise<{ text: string; loaded: LoadedRunbook }> {
  const no = (found: string, expected: string) => ({
    text: '',
    loaded: { ok: false as const, problems: [{ file: name, line: 1, column: 1, path: '', found, expected }] },
  });
  try {
    const there = await stat(path);
    // A pipe would be waited for without end.
    if (!there.isFile()) return no('no file but something else of that name', 'a file');
    if (there.size > BYTES_MOST)
      return no(
        `${there.size.toLocaleString('en-US')} bytes`,
        'a runbook, which is much smaller: is this the right file?',
      );
    const text = await readFile(path, 'utf8');
    return { text, loaded: loadRunbook(text, name) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    return no(
      `a file that can't be read (${typeof code === 'string' ? code : 'unknown error'})`,
      'one that can be read',
    );
  }
}
