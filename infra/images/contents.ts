import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** What an image must hold is computed from what its entries import, types left out: nothing is listed by hand, and nothing else is in it. */

export type ImageName = 'bot' | 'worker' | 'audience';

interface Image {
  entries: readonly string[];
  /** The first process, in exec form: whatever stands before it would lose the drain (docs/facts.md#node-as-pid-1). */
  command: readonly string[];
  /** Files that are read and not imported. */
  reads: readonly string[];
}

/** The entrypoint of each. By its whole path: the image has no shell, and who starts it may know no PATH. */
export const NODE = '/usr/local/bin/node';

export const IMAGES: Record<ImageName, Image> = {
  bot: {
    entries: ['bot/main.ts', 'bot/cli.ts'],
    command: ['bot/main.ts'],
    reads: ['runbooks/library', 'infra/slack/manifest.yaml'],
  },
  worker: {
    entries: ['workers/main.ts', 'workers/probe/cli.ts'],
    // As `npm run worker` has it.
    command: ['--max-semi-space-size=4', 'workers/main.ts'],
    reads: [],
  },
  audience: { entries: ['workers/audience/cli.ts'], command: ['workers/audience/cli.ts'], reads: ['runbooks/library'] },
};

export const isImageName = (name: string): name is ImageName => Object.hasOwn(IMAGES, name);

export interface Contents {
  /** From the project's root, sorted. */
  files: string[];
  /** Names of packages that are imported, and the first file that does. */
  packages: Map<string, string>;
}

const IMPORTS = [
  // The last line of a statement of several begins with the brace.
  /^(?:import|export|\})[^"'\n]*\bfrom\s*["']([^"'\n]+)["']/gm,
  /^import\s*["']([^"'\n]+)["']/gm,
  /\bimport\(\s*["']([^"'\n]+)["']\s*\)/g,
  /\brequire\.resolve\(\s*["'`]([^"'`\n]+)["'`]/g,
  // A thread's file, say.
  /\bnew URL\(\s*["'](\.[^"'\n]+)["']\s*,\s*import\.meta\.url/g,
];

/** Everything that the entries import, directly or not. Throws IMPORT_MISSING for a file that is not there. */
export function contentsOf(root: string, entries: readonly string[]): Contents {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const left = [...entries];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const name of importsOf(readFileSync(join(root, file), 'utf8'), file)) {
      if (name.startsWith('node:')) continue;
      if (!name.startsWith('.')) {
        const found = packageName(name);
        if (!packages.has(found)) packages.set(found, file);
        continue;
      }
      const target = relative(root, join(root, dirname(file), name));
      if (/\.[a-z]+$/.test(target)) {
        if (!existsSync(join(root, target))) throw new Error(`IMPORT_MISSING ${file} imports ${target}`);
        left.push(target);
      }
    }
  }
  return { files: [...files].toSorted(), packages };
}

function importsOf(source: string, file: string): string[] {
  if (!/\.(?:ts|mjs|js)$/.test(file)) return [];
  // Comments may speak of imports, and types are none.
  const text = (file.endsWith('.ts') ? stripTypeScriptTypes(source) : source)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');
  return IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

const packageName = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dev?: boolean;
}
export type Lock = Record<string, Locked>;

export interface Platform {
  cpu: 'x64' | 'arm64';
}

/** Folders of node_modules that these packages need on Linux with glibc, by the lock. Throws PACKAGE_MISSING for one that the lock doesn't have. */
export function packageFolders(lock: Lock, names: Iterable<string>, { cpu }: Platform): string[] {
  const folders = new Set<string>();
  const left: { from: string; name: string; isNeeded: boolean }[] = [...names].map((name) => ({
    from: '',
    name,
    isNeeded: true,
  }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const folder = folderOf(lock, next.from, next.name);
    const found = folder === null ? undefined : lock[folder];
    if (folder === null || found === undefined) {
      if (next.isNeeded)
        throw new Error(`PACKAGE_MISSING ${next.name}, of ${next.from || 'gobutton'}, is not in the lock`);
      continue;
    }
    if (folders.has(folder) || !isFor(found, cpu)) continue;
    folders.add(folder);
    const add = (those: Record<string, string> | undefined, isNeeded: boolean) => {
      for (const name of Object.keys(those ?? {})) left.push({ from: folder, name, isNeeded });
    };
    add(found.dependencies, true);
    add(found.optionalDependencies, false);
    add(found.peerDependencies, false);
  }
  return [...folders].toSorted();
}

/** As Node looks it up: beside the package, then in every folder above. */
function folderOf(lock: Lock, from: string, name: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock[path] !== undefined) return path;
    if (folder === '') return null;
  }
}

function isFor({ os, cpu, libc }: Locked, own: string): boolean {
  const takes = (list: string[] | undefined, value: string) =>
    list === undefined ||
    list.includes(value) ||
    (list.every((one) => one.startsWith('!')) && !list.includes(`!${value}`));
  return takes(os, 'linux') && takes(cpu, own) && takes(libc, 'glibc');
}
