import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IMAGES, NODE } from './contents.ts';
import type { ImageName } from './contents.ts';
import { stage } from './stage.ts';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** Without a daemon and without root over other people's processes: a folder of layers, and no container is started. */
const BUILDAH = { BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' };

export interface Built {
  name: ImageName;
  /** An OCI layout: `oci:FOLDER:NAME` for umoci, skopeo and `buildah push`. */
  layout: string;
  bytes: number;
}

/** What is missing here to build; null: nothing. */
export function missingTool(tools: readonly string[]): string | null {
  return (
    tools.find((tool) => {
      try {
        execFileSync('which', [tool], { stdio: 'ignore' });
        return false;
      } catch {
        return true;
      }
    }) ?? null
  );
}

/**
 * Builds images from the present commit, with `npm ci` by the lock: what is not committed is not in them. Takes a minute or two; needs the
 * registry, buildah and tar. `say` gets a line for each step.
 */
export function buildImages(names: readonly ImageName[], out: string, say: (line: string) => void): Built[] {
  const version = git('rev-parse', '--short=12', 'HEAD');
  if (git('status', '--porcelain', '--untracked-files=no') !== '')
    say('IMAGE_NOT_COMMITTED: what is not committed is left out');
  const work = mkdtempSync(join(tmpdir(), 'gobutton-images-'));
  try {
    const source = join(work, 'source');
    mkdirSync(source);
    execFileSync('sh', ['-c', 'git -C "$1" archive HEAD | tar -x -C "$2"', 'sh', projectRoot, source]);
    say(`${version}: npm ci`);
    // What npm has fetched before it takes as it is: each package must fit its hash in the lock.
    execFileSync('npm', ['ci', '--prefer-offline', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: source,
      stdio: 'pipe',
    });
    return names.map((name) => {
      const root = join(work, name);
      stage(source, name, root);
      const bytes = bytesOf(root);
      say(`${name}: ${(bytes / 1e6).toFixed(0)} MB`);
      const layout = commit(name, root, out, version, work);
      rmSync(root, { recursive: true });
      return { name, layout, bytes };
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function commit(name: ImageName, root: string, out: string, version: string, work: string): string {
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run')];
  const buildah = (...args: string[]) =>
    execFileSync('buildah', [...store, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...BUILDAH },
    }).trim();
  const container = buildah('from', 'scratch');
  buildah('copy', '--quiet', container, root, '/');
  const variables = [`GOBUTTON_VERSION=${version}`, 'NODE_ENV=production', 'HEALTH_HOST=0.0.0.0', 'BOT_HOST=0.0.0.0'];
  buildah(
    'config',
    '--entrypoint',
    JSON.stringify([NODE, ...IMAGES[name].command]),
    '--cmd',
    '',
    '--workingdir',
    '/app',
    '--user',
    '1000:1000',
    '--stop-signal',
    'SIGTERM',
    // A volume that is mounted there takes its owner and mode from the image's (docs/facts.md#fargate-volumes).
    '--volume',
    '/tmp',
    ...variables.flatMap((variable) => ['--env', variable]),
    '--label',
    `org.opencontainers.image.revision=${version}`,
    container,
  );
  mkdirSync(out, { recursive: true });
  const layout = join(out, name);
  rmSync(layout, { recursive: true, force: true });
  buildah('commit', '--quiet', '--rm', '--format', 'oci', container, `oci:${layout}:${name}`);
  return layout;
}

const git = (...args: string[]) => execFileSync('git', ['-C', projectRoot, ...args], { encoding: 'utf8' }).trim();

function bytesOf(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** Lays the file system of a built image open, for a look or a run. */
export function unpackImage(layout: string, name: ImageName, to: string): string {
  execFileSync('umoci', ['unpack', '--image', `${layout}:${name}`, to], { stdio: 'pipe' });
  return join(to, 'rootfs');
}
