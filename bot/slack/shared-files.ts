import { z } from 'zod';
import { standing, whole } from './spoken.ts';

/** A file that a person attached to a message. */
export interface SharedFile {
  /** The ts of the message. */
  of: string;
  user: string;
  id: string;
  name: string;
  type: string;
  /** Null: Slack doesn't say. */
  bytes: number | null;
  /** Null: there is nothing to fetch. */
  url: string | null;
  /** Slack's word for where it lies: `hosted`, `external`, `tombstone` … */
  mode: string;
}

const word = z.string().nullish();
const message = z.looseObject({
  ts: z.string(),
  files: z.array(
    z.looseObject({
      id: z.string(),
      name: whole,
      mimetype: whole,
      size: z.number().nullish(),
      mode: word,
      url_private: word,
      url_private_download: word,
    }),
  ),
});

/** What hangs on a message of a person, as an event or the history tells of it. */
export function sharedFiles(raw: unknown): SharedFile[] {
  const said = standing(raw);
  const { success, data } = message.safeParse(raw);
  if (said === null || !success) return [];
  return data.files.map((file) => ({
    of: data.ts,
    user: said.user,
    id: file.id,
    name: file.name ?? 'file',
    type: file.mimetype ?? '',
    bytes: file.size ?? null,
    url: file.url_private_download ?? file.url_private ?? null,
    mode: file.mode ?? 'hosted',
  }));
}
