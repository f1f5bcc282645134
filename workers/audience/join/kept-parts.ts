import type { Objects } from '../../../infra/aws/objects.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import type { DeviceRow } from './device-rows.ts';

/** What a part of the users came to; stored after its rows, so that where it is, they are. */
export interface PartDone {
  users: number;
  withoutDevice: number;
  items: number;
  rows: number;
  /** Fields that some row of it has. */
  seen: string[];
  atMs: number;
}

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
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      await objects.put(`${name(part)}.ndjson`, Buffer.from(text), 'application/x-ndjson');
      await objects.put(`${name(part)}.json`, Buffer.from(JSON.stringify(done)), 'application/json');
    },

    /** By part. Older ones than KEPT_FOR_MS don't count. */
    async done(nowMs: number): Promise<Map<number, PartDone>> {
      const found = new Map<number, PartDone>();
      for (const { key } of await objects.list(prefix)) {
        const part = /\/(\d+)\.json$/.exec(key)?.[1];
        const bytes = part === undefined ? null : await objects.get(key);
        if (bytes === null) continue;
        const done = JSON.parse(Buffer.from(bytes).toString()) as PartDone;
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
