import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether the packages are those of `package-lock.json`: after a `git pull` they may not be, and a process that ends at its
 * first import says little of why. Plain JavaScript without a package, so that it can say so when none is there.
 */

/** What npm writes down of what it installed lies beside it, in the lock's own form. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * Null: as they should be, or there is no lock to go by. What only tests need, or only another machine, may be absent.
 * @param {string} root
 * @returns {string | null}
 */
export function moduleProblem(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  if (wanted === null) return null;
  const installed = packagesOf(join(root, INSTALLED));
  if (installed === null) return 'The packages are not installed. Run `npm install`, then try again.';
  const stale = Object.entries(wanted).filter(([path, { version, dev, optional, devOptional, link }]) => {
    if (path === '' || link === true) return false;
    const found = installed[path];
    if (found === undefined) return dev !== true && optional !== true && devOptional !== true;
    return found.version !== version;
  });
  const [first] = stale;
  if (first === undefined) return null;
  const [path, { version }] = first;
  const found = installed[path]?.version ?? 'none';
  const others = stale.length === 1 ? '' : `, and ${stale.length - 1} more`;
  return `The packages are not those of package-lock.json: ${path.replace(/^.*node_modules\//, '')} ${version} is wanted, and ${found} is installed${others}. Run \`npm install\`, then try again.`;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, link?: boolean }> | null}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const problem = moduleProblem(join(import.meta.dirname, '..'));
  if (problem !== null) {
    process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}
