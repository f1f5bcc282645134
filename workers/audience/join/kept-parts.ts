import { z } from 'zod';
import type { Objects } from '../../../infra/aws/objects.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import type { DeviceRow } from './device-rows.ts';

/** What a part of the users came to; stored after its rows, so that where it is, they are. */
const partDone = z.strictObject({
  users: z.number(),
  withoutDevice: z.number(),
  items: z.number(),
  rows: z.number(),
  /** Fields that some row of it has. */
  seen: z.array(z.string()),
  atMs: z.number(),
});
export type PartDone = z.output<typeof partDone>;

/** As it is stored: with the length of its rows, by which they are known to be whole. */
const keptDone = partDone.extend({ bytes: z.number() });

/** Devices move on: what was read longer ago than this is read again. */
export const KEPT_FOR_MS = 6 * 3_600_000;

/**
 * The joined rows, part by part, beside the audiences that they become: `joins/<id>/00042.ndjson` and, when it is whole, `00042.json`.
 * The id is of everything that the rows depend on but the table's own content, so another list or mapping never continues here.
 */
export function keptParts(objects: Objects, given: unknown) {
  const prefix = `joins/${sha256(JSON.stringify(given)).slice(0, 24)}/`;
  const name = (part: number) => `${prefix}${String(part).padStart(5, '0')}`;
  return {
    prefix,

    async put(part: number, rows: readonly DeviceRow[], done: PartDone): Promise<void> {
      const body = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      const kept = Buffer.from(JSON.stringify({ ...done, bytes: body.length }));
      await objects.put(`${name(part)}.ndjson`, body, 'application/x-ndjson');
      await objects.put(`${name(part)}.json`, kept, 'application/json');
    },

    /** By part. What is older than KEPT_FOR_MS, or not whole, does not count: it is read from the table again. */
    async done(nowMs: number): Promise<Map<number, PartDone>> {
      const found = new Map<number, PartDone>();
      const listed = new Map((await objects.list(prefix)).map(({ key, bytes }) => [key, bytes]));
      for (const key of listed.keys()) {
        const part = /\/(\d+)\.json$/.exec(key)?.[1];
        const stored = part === undefined ? null : await objects.get(key);
        const kept = stored === null ? null : keptIn(stored);
        if (kept === null || listed.get(`${name(Number(part))}.ndjson`) !== kept.bytes) continue;
        const { bytes: _, ...done } = kept;
        if (nowMs - done.atMs <= KEPT_FOR_MS) found.set(Number(part), done);
      }
      return found;
    },

    async rows(part: number): Promise<Uint8Array> {
      const bytes = await objects.get(`${name(part)}.ndjson`);
      if (bytes === null) throw new Error(`JOIN_PART_LOST ${name(part)}.ndjson`);
      return bytes;
    },

    async remove(): Promise<void> {
      for (const { key } of await objects.list(prefix)) await objects.remove(key);
    },
  };
}

/** Null: somebody else's, or cut off. */
function keptIn(stored: Uint8Array): z.output<typeof keptDone> | null {
  try {
    return keptDone.parse(JSON.parse(Buffer.from(stored).toString()));
  } catch {
    return null;
  }
}
