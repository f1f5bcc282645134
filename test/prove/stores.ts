import type { Claim } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Appended, RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { botKeyring, workerKeyring } from '../keys.ts';
import { MemoryClaims } from '../memory-claims.ts';
import { LAUNCH_ID } from '../properties/scene.ts';
import type { Assumption } from './config.ts';
import type { Io } from './sandbox.ts';

/** What lies in the stores: values that never change, so that any number of states can share them. */
export interface Stored {
  entries: readonly Entry[];
  claims: ReadonlyMap<string, Claim>;
}

type Role = 'bot' | 'worker';
const keyrings = { bot: botKeyring(), worker: workerKeyring() };
/** Where the record ends that was read or written last: its signatures were made here, one by one, and need no second look. */
const checked = new Map<string, { seq: number; hash: string }>();
export const keyringOf = (role: Role) => ({ ...keyrings[role], verified: checked });

const sealed = new Map<string, Entry>();

/** The next entry, signed. The same decision at the same place is the same entry: a search meets it again and again. */
export function seal(head: Head, entry: NewEntry, role: Role): Entry {
  const key = `${role} ${head.hash} ${JSON.stringify(entry)}`;
  let made = sealed.get(key);
  if (made === undefined) {
    made = sealEntry(LAUNCH_ID, head, entry, { token: role, signer: keyrings[role].signer });
    sealed.set(key, made);
  }
  return made;
}

/** Operations of a process on the stores, by name: performed on what is stored, at once. */
export async function perform(
  stored: Stored,
  kind: string,
  args: readonly unknown[],
  drop: readonly Assumption[] = [],
): Promise<{ stored: Stored; value: unknown }> {
  if (kind === 'record.read') return { stored, value: stored.entries.slice(args[0] as number) };
  if (kind === 'record.append') {
    const [head, entry, role] = args as [Head, NewEntry, Role];
    if (head.seq !== stored.entries.length) return { stored, value: { won: false } satisfies Appended };
    const added = seal(head, entry, role);
    return {
      stored: { ...stored, entries: [...stored.entries, added] },
      value: { won: true, entry: added } satisfies Appended,
    };
  }
  const claims = new MemoryClaims();
  for (const [key, claim] of stored.claims) claims.items.set(key, claim);
  if (kind === 'claims.read') return { stored, value: await claims.read(args[0] as string[]) };
  const [key] = args as [string];
  const before = stored.claims.get(key);
  if (before !== undefined) claims.items.set(key, structuredClone(before));
  const given = without(drop, kind, args, claims);
  const method = kind.slice('claims.'.length) as 'claim' | 'takeOver' | 'renew' | 'handOn' | 'account' | 'close';
  const value = await (claims[method] as (...all: unknown[]) => Promise<unknown>).apply(claims, given);
  return {
    stored:
      JSON.stringify(claims.items.get(key)) === JSON.stringify(before) ? stored : { ...stored, claims: claims.items },
    value,
  };
}

/** The same operation in a store that does not look at what it should. */
function without(
  drop: readonly Assumption[],
  kind: string,
  args: readonly unknown[],
  { items }: MemoryClaims,
): unknown[] {
  const [key, second, ...rest] = args as [string, ...unknown[]];
  const standing = items.get(key);
  if (kind === 'claims.claim' && drop.includes('claim-if-absent')) items.delete(key);
  if (kind === 'claims.takeOver' && drop.includes('take-over-as-seen')) return [key, standing, ...rest];
  if (kind === 'claims.account' && drop.includes('account-by-token')) return [key, standing?.token, ...rest];
  return [key, second, ...rest];
}

/** The stores as a process meets them: every call is an operation of the search. */
export function recordFor(io: Pick<Io, 'call'>, role: Role): RecordStore {
  return {
    append: async (_launchId, head, entry) => {
      const appended = (await io.call('record.append', head, entry, role)) as Appended;
      if (appended.won) checked.set(LAUNCH_ID, appended.entry);
      return appended;
    },
    readAfter: async (_launchId, afterSeq) => {
      const entries = (await io.call('record.read', afterSeq)) as Entry[];
      const last = entries.at(-1);
      if (last !== undefined) checked.set(LAUNCH_ID, last);
      return entries;
    },
    appendMessage: () => Promise.reject(new Error('NO_CHANNEL_HERE')),
    messagesAfter: () => Promise.reject(new Error('NO_CHANNEL_HERE')),
  };
}

export function claimsFor(io: Pick<Io, 'call'>): ClaimStore {
  const asked =
    (method: keyof ClaimStore) =>
    (...args: readonly unknown[]) =>
      io.call(`claims.${method}`, ...args) as Promise<never>;
  return {
    claim: asked('claim'),
    takeOver: asked('takeOver'),
    renew: asked('renew'),
    handOn: asked('handOn'),
    account: asked('account'),
    close: asked('close'),
    read: asked('read'),
  };
}

/** The stores without a search: every call is performed at once. `stored` is what stands after it. */
export class Directly {
  stored: Stored;
  #last: Promise<unknown> = Promise.resolve();

  constructor(stored: Stored) {
    this.stored = stored;
  }

  /** One after the other, as they are made. */
  call(kind: string, ...args: unknown[]): Promise<unknown> {
    const mine = this.#last.then(async () => {
      const { stored, value } = await perform(this.stored, kind, args);
      this.stored = stored;
      return value;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
