import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

interface Locked {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  resolved?: string;
}

const readJson = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), 'utf8'));

test('the lock has every package that npm ci looks for on any platform, and names no registry', async () => {
  const { packages } = (await readJson('package-lock.json')) as { packages: Record<string, Locked> };
  // As Node looks it up: beside the package, then in every folder above.
  const isThere = (from: string, name: string): boolean => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
      if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
      if (folder === '') return false;
    }
  };
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !isThere(path, name))
      .map((name) => `${path || 'gobutton'} → ${name}`),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(packages).length).toBeGreaterThan(500);
  expect(
    Object.entries(packages)
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => path),
  ).toEqual([]);
});

test('the lock is that of package.json', async () => {
  const wanted = (await readJson('package.json')) as Locked;
  const { packages } = (await readJson('package-lock.json')) as { packages: Record<string, Locked> };
  const parts = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
  expect(parts.map((part) => packages['']?.[part])).toEqual(parts.map((part) => wanted[part]));
});
