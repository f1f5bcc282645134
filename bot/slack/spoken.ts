import { z } from 'zod';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';

/** What people said, out of Slack's message events. Bots, joins, topics and link previews are no speech. */

/** Half an emoji no reader of an export takes (docs/facts.md#json-surrogates). */
export const whole = z
  .string()
  .nullish()
  .transform((given) => given?.toWellFormed());

/** What is not there Slack leaves out, or names with `null` or nothing in it, as it does with the `bot_id` of a person's file. */
const word = whole.transform((given) => given || undefined);

const written = z.looseObject({
  ts: z.string(),
  user: word,
  bot_id: word,
  text: word,
  subtype: word,
  files: z.array(z.looseObject({ name: whole })).nullish(),
  edited: z.looseObject({ ts: z.string() }).nullish(),
  thread_ts: word,
});

const event = z.discriminatedUnion('subtype', [
  z.looseObject({
    subtype: z.literal('message_changed'),
    ts: z.string(),
    message: written,
    previous_message: written.nullish(),
  }),
  z.looseObject({
    subtype: z.literal('message_deleted'),
    ts: z.string(),
    deleted_ts: z.string(),
    previous_message: written.nullish(),
  }),
]);

const SPEECH: ReadonlySet<string | undefined> = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

export type Spoken = Omit<ChannelMessage, 'permalink'>;

/** Null: nothing that a person said. */
export function spoken(raw: unknown): Spoken | null {
  const changed = event.safeParse(raw);
  if (changed.success) return changed.data.subtype === 'message_changed' ? edited(changed.data) : deleted(changed.data);
  const plain = written.safeParse(raw);
  if (!plain.success || !isSpeech(plain.data)) return null;
  return saidNew(plain.data);
}

/**
 * What a message of the channel's history says. Its words before an edit Slack shows to nobody, so an edited message is its edit.
 * Null: nothing that a person said.
 */
export function standing(raw: unknown): Spoken | null {
  const { success, data } = written.safeParse(raw);
  if (!success || !isSpeech(data)) return null;
  return data.edited ? saidAnew(data, data.edited.ts) : saidNew(data);
}

const reaction = z.looseObject({
  type: z.enum(['reaction_added', 'reaction_removed']),
  user: z.string(),
  reaction: z.string(),
  item: z.looseObject({ type: z.literal('message'), channel: z.string(), ts: z.string() }),
  event_ts: z.string(),
});

/** A reaction in a channel; null: to something else than a message. */
export function reacted(raw: unknown): { channelId: string; name: string; said: Spoken } | null {
  const { success, data } = reaction.safeParse(raw);
  if (!success) return null;
  const { user, event_ts: ts, item } = data;
  const name = markName(data.reaction);
  return {
    channelId: item.channel,
    name,
    said: markOf({ ts, user, atMs: msOf(ts), mark: { of: item.ts, name, on: data.type === 'reaction_added' } }),
  };
}

/** The tone of a skin says nothing else. */
export const markName = (name: string): string => name.split('::')[0] ?? name;

export const markOf = (given: Required<Pick<Spoken, 'ts' | 'user' | 'atMs' | 'mark'>>): Spoken => ({
  ...given,
  text: '',
  edits: null,
  deleted: false,
  files: [],
});

const MARKS = ['pushpin', 'round_pushpin', 'stopwatch'];

/** The reactions that are marks in this launch. */
export const marksOf = ({ marks }: Pick<Runbook, 'marks'>): readonly string[] => marks ?? MARKS;

type Written = z.output<typeof written>;

const saidNew = (message: Written): Spoken => ({
  ts: message.ts,
  user: message.user ?? '',
  text: message.text ?? '',
  atMs: msOf(message.ts),
  edits: null,
  deleted: false,
  files: names(message.files ?? []),
  thread: threadOf(message),
});

const saidAnew = (message: Written, at: string): Spoken => ({
  ...saidNew(message),
  ts: at,
  atMs: msOf(at),
  edits: message.ts,
});

/** The first message of a thread is in it, and no reply. */
const threadOf = ({ ts, thread_ts: thread }: Written): string | null =>
  thread === undefined || thread === ts ? null : thread;

function edited({
  message,
  previous_message: before,
  ts,
}: Extract<z.output<typeof event>, { subtype: 'message_changed' }>): Spoken | null {
  // The first message of a thread is not deleted while it has replies: Slack puts a tombstone of its own in its place.
  if (message.subtype === 'tombstone') return gone(before, message.ts, ts);
  // Slack sends the same event when it adds a link preview: no `edited`, same text.
  if (!isSpeech(message) || (before && before.text === message.text)) return null;
  return saidAnew(message, message.edited?.ts ?? ts);
}

function deleted({
  previous_message: before,
  deleted_ts: edits,
  ts,
}: Extract<z.output<typeof event>, { subtype: 'message_deleted' }>): Spoken | null {
  return gone(before, edits, ts);
}

/** Of what was no speech nothing is gone: a bot's post, and a tombstone whose last reply was deleted. */
function gone(before: Written | null | undefined, edits: string, ts: string): Spoken | null {
  if (before && !isSpeech(before)) return null;
  return { ts, user: before?.user ?? '', text: '', atMs: msOf(ts), edits, deleted: true, files: [] };
}

function isSpeech(message: Written): boolean {
  return message.bot_id === undefined && message.user !== undefined && SPEECH.has(message.subtype);
}

/** Slack's ts is seconds with six decimals. */
const msOf = (ts: string): number => Math.round(Number(ts) * 1_000);

const names = (files: readonly { name?: string | null | undefined }[]): string[] =>
  files.map((file) => file.name ?? 'file');
