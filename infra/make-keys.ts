import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { publicHalf } from './aws/keyring.ts';

/** `npm run keys -- [--out DIR]`: a key for the bots and one for the workers, and the lines of their environments. Replaces nothing. */

const { values } = parseArgs({ options: { out: { type: 'string', default: 'keys' } } });
const dir = resolve(values.out);
await mkdir(dir, { recursive: true, mode: 0o700 });

async function made(name: string): Promise<{ file: string; publicKey: string }> {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const file = join(dir, `gobutton-${name}-key.pem`);
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return { file, publicKey: publicHalf(privateKey) };
}

try {
  const [bot, worker] = [await made('bot'), await made('worker')];
  process.stdout.write(`# Bot:
GOBUTTON_BOT_KEY_FILE=${bot.file}
GOBUTTON_WORKER_PUBLIC_KEYS=${worker.publicKey}
# Worker:
GOBUTTON_WORKER_KEY_FILE=${worker.file}
GOBUTTON_BOT_PUBLIC_KEYS=${bot.publicKey}
# Both files are readable by you alone. Give each process its own file and none of the other's.
`);
} catch (error) {
  process.stderr.write(`keys: ${error instanceof Error ? error.message : String(error)}\nkeys: expected a folder without gobutton-bot-key.pem and gobutton-worker-key.pem; name another with --out\n`);
  process.exitCode = 1;
}
