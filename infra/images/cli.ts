import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandLineError, isHelpAsked, readCommandLine, wordsOf } from '../command-line/command-line.ts';
import { visibleLines } from '../visible.ts';
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

const OPTIONS = { out: { type: 'string', default: '.gobutton/images' } } as const;

/** What each command takes: its options, and whether it may be told of which images. */
const COMMANDS = {
  build: { takes: ['out'], words: 1 + Object.keys(IMAGES).length },
  test: { takes: [], words: 1 },
} as const;

function main(): number {
  const args = process.argv.slice(2);
  const [command = 'help', ...names] = wordsOf(args, OPTIONS);
  if (command === 'help' || isHelpAsked(args)) {
    process.stdout.write(HELP);
    return 0;
  }
  if (command !== 'build' && command !== 'test')
    return wrong(`found ${JSON.stringify(command)}, expected build or test`);
  let out: string;
  try {
    ({ out } = readCommandLine(args, OPTIONS, { command, ...COMMANDS[command] }).values);
  } catch (error) {
    if (error instanceof CommandLineError) return wrong(error.message);
    throw error;
  }
  const unknown = names.find((name) => !isImageName(name));
  if (unknown !== undefined)
    return wrong(`found ${JSON.stringify(unknown)}, expected ${Object.keys(IMAGES).join(', ')}`);
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
    for (const { layout, name } of buildImages(wanted, resolve(out), say)) say(`oci:${layout}:${name}`);
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

function wrong(problem: string): number {
  process.stderr.write(`${visibleLines(`images: ${problem}`)}\nnpm run images -- --help says how it is written.\n`);
  return 2;
}

process.exitCode = main();
