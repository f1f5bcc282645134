import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { scriptArguments } from '../command-line/command-line.ts';
import { visibleLines } from '../visible.ts';
import { publicHalf } from './keyring.ts';

const USAGE = `npm run keys -- [--out DIR]
  --out DIR   folder of the two new key files (default keys); files that are there stay
`;

/** `npm run keys -- [--out DIR]`: a key for the bots and one for the workers, and the lines of their environments. Replaces nothing. */

async function made(dir: string, name: string): Promise<{ file: string; publicKey: string }> {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const file = join(dir, `gobutton-${name}-key.pem`);
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return { file, publicKey: publicHalf(privateKey) };
}

async function main(out: string): Promise<void> {
  const dir = resolve(out);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const [bot, worker] = [await made(dir, 'bot'), await made(dir, 'worker')];
  process.stdout.write(`# Bot:
GOBUTTON_BOT_KEY_FILE=${visibleLines(bot.file)}
GOBUTTON_WORKER_PUBLIC_KEYS=${worker.publicKey}
# Worker:
GOBUTTON_WORKER_KEY_FILE=${visibleLines(worker.file)}
GOBUTTON_BOT_PUBLIC_KEYS=${bot.publicKey}
# Both files are readable by you alone. Give each process its own file and none of the other's.
`);
}

try {
  await main(scriptArguments(USAGE, { out: { type: 'string', default: 'keys' } }).values.out);
} catch (error) {
  const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
  process.stderr.write(
    `keys: ${visibleLines(error instanceof Error ? error.message : String(error))}\n${isThere ? 'keys: expected a folder without gobutton-bot-key.pem and gobutton-worker-key.pem; name another with --out\n' : `\n${USAGE}`}`,
  );
  process.exitCode = 1;
}
