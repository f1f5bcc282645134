import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { publicHalf } from './aws/keyring.ts';
import { visibleLines } from './visible.ts';

/** `npm run keys -- [--out DIR]`: a key for the bots and one for the workers, and the lines of their environments. Replaces nothing. */

async function made(dir: string, name: string): Promise<{ file: string; publicKey: string }> {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const file = join(dir, `gobutton-${name}-key.pem`);
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return { file, publicKey: publicHalf(privateKey) };
}

try {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'keys' } } });
  const dir = resolve(values.out);
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
} catch (error) {
  process.stderr.write(`keys: ${visibleLines(error instanceof Error ? error.message : String(error))}\nkeys: expected a folder without gobutton-bot-key.pem and gobutton-worker-key.pem; name another with --out\n`);
  process.exitCode = 1;
}
