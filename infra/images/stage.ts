import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { contentsOf, IMAGES, isImageName, packageFolders } from './contents.ts';
import type { ImageName, Lock } from './contents.ts';

/**
 * Puts together the file system of an image, on the machine and architecture that it is for:
 *
 *   node infra/images/stage.ts worker FOLDER
 *
 * from the project's folder, after `npm ci --omit=dev`. No base image: Node, the libraries that it is linked to, and what the image's
 * entries import. There is no shell and no package manager in it, and one line to read when somebody asks what is.
 */

const USER = 1_000;
/** What nobody reads at run time. */
const UNREAD = /(?:\.d\.[cm]?ts|\.map|\.md|\.markdown)$|\/(?:dist-types|include|share)$/;
/** Native parts that a package brings for all platforms, each in a folder of its own. */
const PREBUILT = /\/prebuilds\/([^/]+)$/;

export function stage(root: string, name: ImageName, out: string): void {
  const { entries, reads } = IMAGES[name];
  const { files, packages } = contentsOf(root, entries);
  const app = join(out, 'app');
  const copy = (path: string) => {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    cpSync(join(root, path), join(app, path), { recursive: true });
  };
  for (const path of ['package.json', 'LICENSE', ...files, ...reads]) copy(path);

  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock };
  const cpu = process.arch === 'arm64' ? 'arm64' : 'x64';
  for (const folder of packageFolders(lock, packages.keys(), { cpu })) {
    const from = join(root, folder);
    // Optional, and not for this platform.
    if (!existsSync(from)) continue;
    cpSync(from, join(app, folder), {
      recursive: true,
      // What lies in its own node_modules is named by the lock itself, if it is needed.
      filter: (path) =>
        !UNREAD.test(path) &&
        (path === from || basename(path) !== 'node_modules') &&
        (PREBUILT.exec(path)?.[1] ?? `linux-${cpu}`) === `linux-${cpu}`,
    });
  }
  stageNode(root, out, cpu);
  // Where a read-only root is mounted over: a runtime can't make them.
  for (const folder of ['etc', 'tmp', 'proc', 'dev', 'sys']) mkdirSync(join(out, folder), { recursive: true });
  chmodSync(join(out, 'tmp'), 0o1777);
  for (const file of ['etc/hosts', 'etc/hostname', 'etc/resolv.conf']) writeFileSync(join(out, file), '');
  writeFileSync(join(out, 'etc/passwd'), `gobutton:x:${USER}:${USER}::/app:/sbin/nologin\n`);
  writeFileSync(join(out, 'etc/group'), `gobutton:x:${USER}:\n`);
  writeFileSync(join(out, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** The Node that the lock names, and the libraries that it and the native parts of packages are linked to. Its certificates and time zones are in it. */
function stageNode(root: string, out: string, cpu: string): void {
  const node = join(root, 'node_modules', `node-linux-${cpu}`, 'bin/node');
  const place = (from: string, to: string) => {
    mkdirSync(dirname(join(out, to)), { recursive: true });
    // What a link stands for.
    copyFileSync(from, join(out, to));
  };
  place(node, 'usr/local/bin/node');
  const native = readdirSync(join(out, 'app'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:node|so)(?:\.\d+)*$/.test(path))
    .map((path) => join(out, 'app', path));
  for (const file of [node, ...native])
    // One that came with its package is found beside it.
    for (const path of librariesOf(file)) if (!path.startsWith(out)) place(path, path);
}

function librariesOf(file: string): string[] {
  const linked = execFileSync('ldd', [file], { encoding: 'utf8' });
  if (linked.includes('not found')) throw new Error(`LIBRARY_MISSING ${file}: ${linked}`);
  return [...linked.matchAll(/(?:=>\s*)?(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [name = '', out = ''] = positionals;
  if (!isImageName(name) || out === '') {
    process.stderr.write(`usage: node infra/images/stage.ts ${Object.keys(IMAGES).join('|')} FOLDER\n`);
    process.exit(2);
  }
  stage(process.cwd(), name, out);
}
