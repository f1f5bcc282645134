import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What an image's version may be, so that it stays short and can stand in a message as it is. */
export const VERSION_SHAPE = /^[\w.+-]{1,60}$/;

/**
 * Which gobutton this is: the commit. An image says it by GOBUTTON_VERSION, a clone by git. Null: neither does, and then it
 * is compared with nothing.
 */
export function ownVersion(env: Readonly<Record<string, string | undefined>>, root = ROOT): string | null {
  const said = env['GOBUTTON_VERSION'] ?? '';
  if (said !== '') return VERSION_SHAPE.test(said) ? said : null;
  try {
    const text = execFileSync('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2_000,
      // A hook of git runs with the variables of its own repository.
      env: { PATH: env['PATH'] ?? '', GIT_CEILING_DIRECTORIES: fileURLToPath(new URL('../..', import.meta.url)) },
    }).trim();
    return VERSION_SHAPE.test(text) ? text : null;
  } catch {
    // No git, or no clone: an archive that somebody unpacked.
    return null;
  }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
