import { randomUUID } from 'node:crypto';
import type { RecordStore } from '../../infra/aws/record-store.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';

/** The record of a simulated day: one entry for each sequence, as the real one promises it. Nobody writes in its channel. */
export function memoryRecord(): RecordStore {
  const records = new Map<string, Entry[]>();
  const of = (launchId: string): Entry[] => {
    const entries = records.get(launchId) ?? [];
    records.set(launchId, entries);
    return entries;
  };
  return {
    append: async (launchId, head, entry, { signer = null } = {}) => {
      // So that two bots that decide at once are at the same entry, and one of them loses it.
      await Promise.resolve();
      const entries = of(launchId);
      const sealed = sealEntry(launchId, head, entry, { token: randomUUID(), signer });
      if (sealed.seq !== entries.length + 1) return { won: false };
      entries.push(sealed);
      return { won: true, entry: sealed };
    },
    readAfter: async (launchId, afterSeq) => of(launchId).slice(afterSeq),
    appendMessage: async () => ({ won: false }),
    messagesAfter: async () => [],
  };
}
