import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Objects } from '../../../infra/aws/objects.ts';

/** Objects as files below a folder, keys as paths. A put is seen whole or not at all, and only by the owner: there are tokens in it. */
export function folderObjects(folder: string): Objects {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    const path = resolve(root, ...key.split('/'));
    if (!path.startsWith(root + sep)) throw new Error(`KEY_OUTSIDE ${key}: expected a key inside ${root}`);
    return path;
  };
  return {
    async put(key, body) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const beginning = `${path}.${process.pid}.part`;
      await writeFile(beginning, body, { mode: 0o600 });
      await rename(beginning, path);
    },
    async get(key, signal) {
      try {
        return await readFile(pathOf(key), signal === undefined ? {} : { signal });
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async list(prefix) {
      try {
        const names = await readdir(root, { recursive: true, withFileTypes: true });
        const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
        const keys = files
          .map((path) => ({ path, key: relative(root, path).split(sep).join('/') }))
          .filter(({ key }) => key.startsWith(prefix) && !key.endsWith('.part'))
          .sort((a, b) => (a.key < b.key ? -1 : 1));
        return await Promise.all(keys.map(async ({ path, key }) => ({ key, bytes: (await stat(path)).size })));
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
