import { z } from 'zod';
import type { ChannelMessage } from '../../infra/aws/record-store.ts';

/** What people said, out of Slack's message events. Bots, joins, topics and link previews are no speech. */

const written = z.looseObject({
  ts: z.string(), user: z.string().optional(), bot_id: z.string().optional(), text: z.string().optional(), subtype: z.string().optional(),
  files: z.array(z.looseObject({ name: z.string().nullish() })).optional(), edited: z.looseObject({ ts: z.string() }).optional(),
});

const event = z.discriminatedUnion('subtype', [
  z.looseObject({ subtype: z.literal('message_changed'), event_ts: z.string().optional(), ts: z.string(), message: written, previous_message: written.optional() }),
  z.looseObject({ subtype: z.literal('message_deleted'), event_ts: z.string().optional(), ts: z.string(), deleted_ts: z.string(), previous_message: written.optional() }),
]);

const SPEECH: ReadonlySet<string | undefined> = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

export type Spoken = Omit<ChannelMessage, 'permalink'>;

/** Null: nothing that a person said. */
export function spoken(raw: unknown): Spoken | null {
  const changed = event.safeParse(raw);
  if (changed.success) return changed.data.subtype === 'message_changed' ? edited(changed.data) : deleted(changed.data);
  const plain = written.safeParse(raw);
  if (!plain.success || !isSpeech(plain.data)) return null;
  const { ts, user = '', text = '', files = [] } = plain.data;
  return { ts, user, text, atMs: msOf(ts), edits: null, deleted: false, files: names(files) };
}

type Written = z.output<typeof written>;

function edited({ message, previous_message: before, ts }: Extract<z.output<typeof event>, { subtype: 'message_changed' }>): Spoken | null {
  // Slack sends the same event when it adds a link preview: no `edited`, same text.
  if (!isSpeech(message) || (before !== undefined && before.text === message.text)) return null;
  const at = message.edited?.ts ?? ts;
  return { ts: at, user: message.user ?? '', text: message.text ?? '', atMs: msOf(at), edits: message.ts, deleted: false, files: names(message.files ?? []) };
}

function deleted({ previous_message: before, deleted_ts: edits, ts }: Extract<z.output<typeof event>, { subtype: 'message_deleted' }>): Spoken | null {
  if (before !== undefined && !isSpeech(before)) return null;
  return { ts, user: before?.user ?? '', text: '', atMs: msOf(ts), edits, deleted: true, files: [] };
}

function isSpeech(message: Written): boolean {
  return message.bot_id === undefined && message.user !== undefined && SPEECH.has(message.subtype);
}

/** Slack's ts is seconds with six decimals. */
const msOf = (ts: string): number => Math.round(Number(ts) * 1_000);

const names = (files: readonly { name?: string | null | undefined }[]): string[] => files.map((file) => file.name ?? 'file');
