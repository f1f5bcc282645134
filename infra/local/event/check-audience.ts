import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../child.ts';
import { keepEvent } from './local-event.ts';
import type { LocalEvent } from './local-event.ts';

/** An audience that somebody brings. `options`: what `npm run audience -- compile` takes besides. */
export interface OwnAudience {
  file: string;
  options: readonly string[];
  /** Also one that rejects much, or falls back on another language for many. */
  accept: boolean;
}

/**
 * Compiles it as it will be compiled for the launch, into a folder that is removed again, with its summary or its problems on
 * the terminal. Throws AUDIENCE_REFUSED if it can't be used.
 */
export async function checkAudience(event: LocalEvent, audience: OwnAudience, dataDir: string): Promise<void> {
  const folder = join(dataDir, 'check');
  try {
    const runbooks = await keepEvent(event, folder);
    const args = [
      'compile',
      audience.file,
      ...audience.options,
      '--runbook',
      join(runbooks, `${event.runbook.id}.yaml`),
      '--out',
      join(folder, 'audience'),
      ...(audience.accept ? [] : ['--strict']),
    ];
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(projectRoot, 'workers/audience/cli.ts'), ...args],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new Error(
        `AUDIENCE_REFUSED --audience: ${audience.file} can't be used as it is, see above; nothing was started`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
