import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Box } from '../../runbooks/record/rows.ts';
import { KeyTree, SECRET_BYTES } from './key-tree.ts';
import type { Objects } from './objects.ts';
import { sha256 } from './sha256.ts';

/**
 * What people wrote in a launch's channel, so that it can be deleted and its chain still holds: the chain has it encrypted, and the keys lie
 * in the bucket, apart. Without its key a box is what it was to the chain, also in every backup of the table, and nobody reads it again.
 * A key lies there as a tree (key-tree.ts) that has one for each place of the chain, so one message costs no object of its own and can be deleted alone: a
 * tree without its place is put beside, then the one that has it is removed. In boxes of format 2 all messages of a day have the same key.
 * Each instance writes with a key that is there, so one deletion is for all of them, and what is written after it has a key of its own.
 * S3 lets a key go so many days after it was written, and with it all that it has sealed; so none seals for longer than a day, and none that was cut.
 */
export interface Words {
  seal(launchId: string, seq: number, text: string): Promise<Box>;
  /** In their order. Null: its key was deleted, or it is not what was sealed. */
  open(launchId: string, boxes: readonly Placed[]): Promise<(string | null)[]>;
  /** Names of the keys of a launch that are there, as boxes have them. */
  keys(launchId: string): Promise<string[]>;
  /** What these have sealed is not opened here any more, and nothing more is sealed with them. */
  retire(keys: readonly string[]): void;
  /** Deletes these keys, for good, with all that they have sealed. */
  forget(launchId: string, keys: readonly string[]): Promise<void>;
  /** Deletes what opens these boxes, for good, and nothing else. Those of format 2 have no key of their own, and stay. Done again, it does what is left to do. */
  forgetBoxes(launchId: string, boxes: readonly Placed[]): Promise<void>;
}

/** A box in its place of the chain. */
export interface Placed {
  seq: number;
  box: Box;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A message is readable for `data.keep_days` less this, at least. */
const SEALS_FOR_MS = 86_400_000;
/** Opening so many holds the process for a few milliseconds. */
const PORTION = 500;

const folderOf = (launchId: string): string => `launches/${launchId}/words/`;

interface Key {
  /** As boxes name it. Of a tree that was cut there may be two, until what was cut is removed. */ name: string;
  /** When it was written. */ atMs: number;
  /** One secret for all that it has sealed: format 2. */ opens: Buffer | KeyTree;
}

/** `nowMs`: default the system's clock. */
export function createWords(objects: Objects, nowMs: () => number = Date.now): Words {
  /** By launch, by the object's path in its folder: what was read or made, and still lies there. */
  const known = new Map<string, Map<string, Key>>();
  /** A key's name is the hash of its secret: no launch has another one's. */
  const retired = new Set<string>();

  /** One list a look, so that what was deleted is gone for us too; an object is read once, since its path has its hash. */
  async function keysOf(launchId: string): Promise<Map<string, Key>> {
    const folder = folderOf(launchId);
    const there = await objects.list(folder);
    const before = known.get(launchId);
    const found = await Promise.all(
      there.map(async ({ key, writtenAtMs = 0 }): Promise<[string, Key] | null> => {
        const path = key.slice(folder.length);
        const kept = before?.get(path);
        if (kept !== undefined) return [path, kept];
        const bytes = await objects.get(key);
        const opens = bytes === null ? null : keyIn(path, Buffer.from(bytes));
        return opens === null ? null : [path, { name: nameIn(path), atMs: writtenAtMs, opens }];
      }),
    );
    const keys = new Map(found.filter((one) => one !== null));
    known.set(launchId, keys);
    return keys;
  }

  /** Of them, those that were not given up. */
  const usable = async (launchId: string): Promise<Key[]> =>
    [...(await keysOf(launchId)).values()].filter(({ name }) => !retired.has(name));

  async function keyFor(launchId: string): Promise<[string, KeyTree]> {
    for (const { name, atMs, opens } of await usable(launchId))
      if (opens instanceof KeyTree && opens.name !== null && nowMs() - atMs < SEALS_FOR_MS) return [name, opens];
    const secret = randomBytes(SECRET_BYTES);
    const [name, tree] = [sha256(secret), KeyTree.of(secret)];
    known.get(launchId)?.set(await put(launchId, name, tree), { name, atMs: nowMs(), opens: tree });
    return [name, tree];
  }

  async function put(launchId: string, name: string, tree: KeyTree): Promise<string> {
    const { bytes } = tree;
    const path = `${name}/${sha256(bytes)}`;
    await objects.put(`${folderOf(launchId)}${path}`, bytes, 'application/json');
    return path;
  }

  const remove = (launchId: string, path: string) => objects.remove(`${folderOf(launchId)}${path}`);

  return {
    async seal(launchId, seq, text) {
      const [key, tree] = await keyFor(launchId);
      const secret = tree.keyOf(seq);
      if (secret === null) throw new Error(`WORDS_NO_PLACE: no key for message ${seq} of ${launchId}`);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(boundTo(launchId, seq));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { key, sealed: sealed.toString('base64') };
    },
    async open(launchId, boxes) {
      if (boxes.length === 0) return [];
      const keys = Map.groupBy(await usable(launchId), ({ name }) => name);
      const opened: (string | null)[] = [];
      for (const box of boxes) {
        opened.push(textIn(launchId, box, keys));
        if (opened.length % PORTION === 0) await turn();
      }
      return opened;
    },
    async keys(launchId) {
      const folder = folderOf(launchId);
      return [...new Set((await objects.list(folder)).map(({ key }) => nameIn(key.slice(folder.length))))];
    },
    retire(keys) {
      for (const key of keys) retired.add(key);
    },
    async forget(launchId, keys) {
      this.retire(keys);
      const folder = folderOf(launchId);
      const paths = (await objects.list(folder)).map(({ key }) => key.slice(folder.length));
      await Promise.all(paths.filter((path) => keys.includes(nameIn(path))).map((path) => remove(launchId, path)));
    },
    async forgetBoxes(launchId, boxes) {
      const gone = Map.groupBy(boxes, ({ box }) => box.key);
      // Somebody else who does the same at the moment, or was cut off, may have left a tree that has ours, without theirs: what all of them give is kept,
      // and it is looked at again until there is one.
      for (;;) {
        const trees = [...(await keysOf(launchId))].flatMap(([path, { name, opens }]) =>
          gone.has(name) && opens instanceof KeyTree ? { path, name, tree: opens } : [],
        );
        const cut = [...Map.groupBy(trees, ({ name }) => name)].flatMap(([name, same]) => {
          const seqs = (gone.get(name) ?? []).map(({ seq }) => seq);
          const isDone = same.length === 1 && same.every(({ tree }) => !seqs.some((seq) => tree.holds(seq)));
          return isDone ? [] : { name, same, seqs };
        });
        if (cut.length === 0) return;
        for (const { name, same, seqs } of cut) {
          const tree = same.map((one) => one.tree).reduce((one, other) => one.inCommon(other));
          const kept = await put(launchId, name, tree.without(seqs));
          for (const { path } of same) if (path !== kept) await remove(launchId, path);
        }
      }
    },
  };
}

const nameIn = (path: string): string => path.split('/', 1)[0] ?? path;
/** A box opens in its own place of its own chain alone. */
const boundTo = (launchId: string, seq: number): Buffer => Buffer.from(`${launchId}\n${seq}`);

/** Null: it is not what its path says. */
function keyIn(path: string, bytes: Buffer): Key['opens'] | null {
  const [name = '', hash] = path.split('/');
  if (hash === undefined) return bytes.length === SECRET_BYTES && sha256(bytes) === name ? bytes : null;
  const tree = sha256(bytes) === hash ? KeyTree.read(bytes) : null;
  return tree === null || (tree.name ?? name) === name ? tree : null;
}

/** A box of a table that somebody else has written to may hold anything: the chain says so, and all others are read. */
function textIn(launchId: string, { seq, box }: Placed, keys: ReadonlyMap<string, readonly Key[]>): string | null {
  for (const { opens } of keys.get(box.key) ?? []) {
    const isTree = opens instanceof KeyTree;
    const secret = isTree ? opens.keyOf(seq) : opens;
    const text =
      secret === null ? null : opened(box.sealed, secret, isTree ? boundTo(launchId, seq) : Buffer.from(launchId));
    if (text !== null) return text;
  }
  return null;
}

function opened(sealed: string, secret: Buffer, beside: Buffer): string | null {
  try {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, NONCE_BYTES))
      .setAAD(beside)
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
