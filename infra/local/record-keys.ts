import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { publicHalf, readPrivateKey } from '../aws/keyring.ts';

/** The environment of the local bot and the local workers: each has its own key, and the other's public half. */
export interface RecordKeyEnv {
  bot: Record<string, string>;
  worker: Record<string, string>;
}

/** Reads the keys of local records from `file` (0600), and makes those that are missing. They outlive a restart, as the launches that they signed do. */
export async function ensureRecordKeys(file: string): Promise<RecordKeyEnv> {
  const texts = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Record<string, string>,
    () => ({}) as Record<string, string>,
  );
  const bot = keyOf(texts['bot']);
  const worker = keyOf(texts['worker']);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ bot: privateText(bot), worker: privateText(worker) }), { mode: 0o600 });
  const publics = { GOBUTTON_BOT_PUBLIC_KEYS: publicHalf(bot), GOBUTTON_WORKER_PUBLIC_KEYS: publicHalf(worker) };
  return {
    bot: { ...publics, GOBUTTON_BOT_KEY: privateText(bot) },
    worker: { ...publics, GOBUTTON_WORKER_KEY: privateText(worker) },
  };
}

function keyOf(text = ''): KeyObject {
  const read = readPrivateKey(text);
  return read.ok ? read.key : generateKeyPairSync('ed25519').privateKey;
}

function privateText(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
