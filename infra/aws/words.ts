import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Box } from '../../runbooks/record/rows.ts';
import type { Objects } from './objects.ts';
import { sha256 } from './sha256.ts';

/**
 * What people wrote in a launch's channel, so that it can be deleted and its chain still holds: the chain has it encrypted, and the keys lie
 * in the bucket, apart. Without its key a box is what it was to the chain, also in every backup of the table, and nobody reads it again.
 * Each instance writes with a key that is there, so one deletion is for all of them, and what is written after it has a key of its own.
 * S3 lets a key go so many days after it was written, and with it all that it has sealed; so none seals for longer than a day.
 */
export interface Words {
  seal(launchId: string, text: string): Promise<Box>;
  /** In their order. Null: its key was deleted, or it is not what was sealed. */
  open(launchId: string, boxes: readonly Box[]): Promise<(string | null)[]>;
  /** Names of the keys of a launch that are there. */
  keys(launchId: string): Promise<string[]>;
  /** What these have sealed is not opened here any more, and nothing more is sealed with them. */
  retire(keys: readonly string[]): void;
  /** Deletes these keys, for good. */
  forget(launchId: string, keys: readonly string[]): Promise<void>;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A message is readable for `data.keep_days` less this, at least. */
const SEALS_FOR_MS = 86_400_000;
/** Opening so many holds the process for a few milliseconds. */
const PORTION = 500;

const folderOf = (launchId: string): string => `launches/${launchId}/words/`;

interface Key {
  secret: Buffer;
  /** When it was written. */ atMs: number;
}

/** `nowMs`: default the system's clock. */
export function createWords(objects: Objects, nowMs: () => number = Date.now): Words {
  /** By launch: what was read or made, and still lies there. */
  const known = new Map<string, Map<string, Key>>();
  /** A key's name is the hash of its secret: no launch has another one's. */
  const retired = new Set<string>();

  /** One list a look, so that what was deleted is gone for us too; an object is read once, since its name is its hash. */
  async function keysOf(launchId: string): Promise<Map<string, Key>> {
    const folder = folderOf(launchId);
    const there = await objects.list(folder);
    const before = known.get(launchId);
    const found = await Promise.all(
      there.map(async ({ key, writtenAtMs = 0 }): Promise<[string, Key] | null> => {
        const name = key.slice(folder.length);
        if (retired.has(name)) return null;
        const kept = before?.get(name);
        if (kept !== undefined) return [name, kept];
        const secret = await objects.get(key);
        return secret !== null && secret.length === KEY_BYTES && sha256(secret) === name
          ? [name, { secret: Buffer.from(secret), atMs: writtenAtMs }]
          : null;
      }),
    );
    const keys = new Map(found.filter((one) => one !== null));
    known.set(launchId, keys);
    return keys;
  }

  async function keyFor(launchId: string): Promise<[string, Buffer]> {
    const keys = await keysOf(launchId);
    for (const [name, { secret, atMs }] of keys) if (nowMs() - atMs < SEALS_FOR_MS) return [name, secret];
    const secret = randomBytes(KEY_BYTES);
    const name = sha256(secret);
    await objects.put(`${folderOf(launchId)}${name}`, secret);
    keys.set(name, { secret, atMs: nowMs() });
    return [name, secret];
  }

  return {
    async seal(launchId, text) {
      const [key, secret] = await keyFor(launchId);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(Buffer.from(launchId));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { key, sealed: sealed.toString('base64') };
    },
    async open(launchId, boxes) {
      if (boxes.length === 0) return [];
      const keys = await keysOf(launchId);
      const opened: (string | null)[] = [];
      for (const box of boxes) {
        opened.push(textIn(launchId, box, keys));
        if (opened.length % PORTION === 0) await turn();
      }
      return opened;
    },
    async keys(launchId) {
      const folder = folderOf(launchId);
      return (await objects.list(folder)).map(({ key }) => key.slice(folder.length));
    },
    retire(keys) {
      for (const key of keys) retired.add(key);
    },
    async forget(launchId, keys) {
      this.retire(keys);
      await Promise.all(keys.map((key) => objects.remove(`${folderOf(launchId)}${key}`)));
    },
  };
}

/** A box of a table that somebody else has written to may hold anything: the chain says so, and all others are read. */
function textIn(launchId: string, box: Box, keys: ReadonlyMap<string, Key>): string | null {
  try {
    const secret = keys.get(box.key)?.secret;
    if (secret === undefined) return null;
    const bytes = Buffer.from(box.sealed, 'base64');
    const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(launchId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
