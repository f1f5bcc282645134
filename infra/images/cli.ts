import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildImages, missingTool } from './build.ts';
import { IMAGES, isImageName } from './contents.ts';

const HELP = `Images of this commit, without a daemon.

  npm run images -- build [bot] [worker] [audience] [--out .gobutton/images]
  npm run images -- test

build makes an OCI layout a name, from what is committed, with npm ci by the lock. Needs buildah (Debian: apt-get install buildah).
test builds them, and starts each as the first process of a container without rights: needs umoci and bubblewrap too.
To push one: skopeo copy oci:.gobutton/images/worker:worker docker://ACCOUNT.dkr.ecr.REGION.amazonaws.com/gobutton-worker:COMMIT
`;

const NEEDED = {
  build: ['git', 'npm', 'tar', 'buildah'],
  test: ['git', 'npm', 'tar', 'buildah', 'umoci', 'bwrap', 'ldd'],
};

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: '.gobutton/images' } },
  });
  const [command = 'help', ...names] = positionals;
  if (command !== 'build' && command !== 'test') {
    process.stdout.write(HELP);
    return command === 'help' ? 0 : 2;
  }
  const unknown = names.find((name) => !isImageName(name));
  if (unknown !== undefined) {
    process.stderr.write(`images: found ${JSON.stringify(unknown)}, expected ${Object.keys(IMAGES).join(', ')}\n`);
    return 2;
  }
  const missing = missingTool(NEEDED[command]);
  if (missing !== null) {
    process.stderr.write(
      `images: found no ${missing}, expected it to be installed (Debian: apt-get install buildah umoci bubblewrap)\n`,
    );
    return 1;
  }
  const wanted = Object.keys(IMAGES)
    .filter(isImageName)
    .filter((name) => names.length === 0 || names.includes(name));
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (command === 'build') {
    for (const { layout, name } of buildImages(wanted, resolve(values.out), say)) say(`oci:${layout}:${name}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'gobutton-images-'));
  try {
    buildImages(wanted, folder, say);
    return (
      spawnSync('npx', ['vitest', 'run', 'test/launch/images.test.ts'], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        stdio: 'inherit',
        env: { ...process.env, GOBUTTON_IMAGES: folder },
      }).status ?? 1
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
