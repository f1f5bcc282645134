import { DocumentStore } from './document-store.ts';
import { shortId, slackId, TimestampClock } from './ids.ts';
import type { Bookmark, Canvas, Change, Channel, Ephemeral, FileRecord, Json, Message, User } from './model.ts';
import { APP, TEAM } from './seed.ts';
import type { Seed } from './seed.ts';
import { SlackError } from './slack-error.ts';

/** Ephemeral messages kept per workspace for the page; older ones are forgotten. */
const EPHEMERALS_KEPT = 200;

/**
 * The one place where people, channels, messages, files and bookmarks live and change. Every change is
 * stored (see DocumentStore) and then told to the listeners, in order.
 */
export class WorkspaceState {
  readonly users = new Map<string, User>();
  readonly channels = new Map<string, Channel>();
  readonly files = new Map<string, FileRecord>();
  readonly bookmarks = new Map<string, Bookmark>();
  readonly canvases = new Map<string, Canvas>();
  #messages = new Map<string, Map<string, Message>>();
  #ephemerals: Ephemeral[] = [];
  #listeners = new Set<(change: Change) => void>();
  #store: DocumentStore;
  #clock: TimestampClock;
  readonly nowMs: () => number;

  constructor(options: { dataDir: string | null; seed: Seed; nowMs: () => number }) {
    this.nowMs = options.nowMs;
    this.#store = new DocumentStore(options.dataDir);
    for (const user of [...options.seed.users, ...this.#store.all<User>('user')]) this.users.set(user.id, user);
    const channels = options.seed.channels.map((one) => structuredClone(one));
    for (const channel of [...channels, ...this.#store.all<Channel>('channel')]) this.channels.set(channel.id, channel);
    for (const file of this.#store.all<FileRecord>('file')) this.files.set(file.id, file);
    for (const bookmark of this.#store.all<Bookmark>('bookmark')) this.bookmarks.set(bookmark.id, bookmark);
    for (const canvas of this.#store.all<Canvas>('canvas')) this.canvases.set(canvas.id, canvas);
    let lastTs = '0.000000';
    for (const message of this.#store.all<Message>('message')) {
      this.#channelMessages(message.channel).set(message.ts, message);
      if (Number(message.ts) > Number(lastTs)) lastTs = message.ts;
    }
    this.#clock = new TimestampClock(lastTs);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  user(id: string): User {
    const user = this.users.get(id);
    if (user === undefined) throw new SlackError('user_not_found');
    return user;
  }

  channel(idOrName: string): Channel {
    const name = idOrName.replace(/^#/, '');
    const channel = this.channels.get(idOrName) ?? [...this.channels.values()].find((one) => one.name === name);
    if (channel === undefined) throw new SlackError('channel_not_found');
    return channel;
  }

  /** All messages of a channel, oldest first; thread replies included. */
  messages(channelId: string): Message[] {
    return [...this.#channelMessages(channelId).values()];
  }

  message(channelId: string, ts: string): Message {
    const message = this.#channelMessages(channelId).get(ts);
    if (message === undefined) throw new SlackError('message_not_found');
    return message;
  }

  ephemerals(channelId: string, to: string): Ephemeral[] {
    return this.#ephemerals.filter((one) => one.channel === channelId && one.to === to);
  }

  nextTs(): string {
    return this.#clock.next(this.nowMs());
  }

  post(
    draft: { channel: string; user: string; text: string } & Partial<Omit<Message, 'type' | 'ts' | 'team'>>,
  ): Message {
    const message: Message = { type: 'message', ts: this.nextTs(), team: TEAM.id, ...draft };
    if (message.blocks !== undefined) message.blocks = withGeneratedIds(message.blocks);
    if (message.thread_ts !== undefined) this.#countReply(message.channel, message.thread_ts, message);
    this.#save(message);
    this.tell({ kind: 'message', message });
    return message;
  }

  /** Replaces fields of a message. `visible` false is for changes that carry no "(edited)" mark and no event, such as a pin. */
  change(message: Message, fields: Partial<Message>, options: { by: string; visible: boolean }): Message {
    const next: Message = { ...message, ...fields };
    if (fields.blocks !== undefined) next.blocks = withGeneratedIds(fields.blocks);
    return this.replace(message, next, options);
  }

  replace(message: Message, next: Message, options: { by: string; visible: boolean }): Message {
    this.#save(next);
    this.tell({ kind: 'message_changed', message: next, previous: message, ...options });
    return next;
  }

  /** The first message of a thread leaves a tombstone while it has replies, which is an edit by Slack itself and goes with the last reply. */
  remove(message: Message): void {
    const isThread = message.subtype !== TOMBSTONE && (message.reply_count ?? 0) > 0;
    if (isThread) this.replace(message, tombstoneOf(message), { by: SLACKBOT, visible: true });
    else this.#forget(message);
    const parent =
      message.thread_ts === undefined || message.thread_ts === message.ts
        ? undefined
        : this.#channelMessages(message.channel).get(message.thread_ts);
    if (parent === undefined) return;
    const left = { ...parent, reply_count: Math.max(0, (parent.reply_count ?? 0) - 1) };
    if (parent.subtype === TOMBSTONE && left.reply_count === 0) this.#forget(parent);
    else this.replace(parent, left, { by: message.user, visible: false });
  }

  #forget(message: Message): void {
    this.#channelMessages(message.channel).delete(message.ts);
    this.#store.delete('message', `${message.channel}/${message.ts}`);
    this.tell({ kind: 'message_deleted', channel: message.channel, ts: message.ts, previous: message });
  }

  postEphemeral(draft: Omit<Ephemeral, 'ts'>): Ephemeral {
    const ephemeral: Ephemeral = { ...draft, ts: this.nextTs() };
    if (ephemeral.blocks !== undefined) ephemeral.blocks = withGeneratedIds(ephemeral.blocks);
    this.#ephemerals.push(ephemeral);
    if (this.#ephemerals.length > EPHEMERALS_KEPT) this.#ephemerals.shift();
    this.tell({ kind: 'ephemeral', ephemeral });
    return ephemeral;
  }

  changeEphemeral(ephemeral: Ephemeral, fields: { text: string; blocks?: Json[] }): void {
    const next: Ephemeral = { channel: ephemeral.channel, ts: ephemeral.ts, to: ephemeral.to, text: fields.text };
    if (fields.blocks !== undefined) next.blocks = withGeneratedIds(fields.blocks);
    this.#ephemerals = this.#ephemerals.map((one) => (one === ephemeral ? next : one));
    this.tell({ kind: 'ephemeral', ephemeral: next });
  }

  removeEphemeral(ephemeral: Ephemeral): void {
    this.#ephemerals = this.#ephemerals.filter((one) => one !== ephemeral);
    this.tell({ kind: 'ephemeral_deleted', channel: ephemeral.channel, ts: ephemeral.ts, to: ephemeral.to });
  }

  saveChannel(channel: Channel): void {
    this.channels.set(channel.id, channel);
    this.#store.put('channel', channel.id, channel);
    this.tell({ kind: 'channel_changed', channel: channel.id });
  }

  join(channel: Channel, user: string, inviter: string | null): void {
    if (channel.members.includes(user)) return;
    channel.members.push(user);
    this.saveChannel(channel);
    this.tell({ kind: 'member_joined', channel: channel.id, user, inviter });
  }

  /** An admin removes the app from a channel. */
  leave(channel: Channel, user: string): void {
    this.saveChannel({ ...channel, members: channel.members.filter((one) => one !== user) });
  }

  saveUser(user: User): void {
    this.users.set(user.id, user);
    this.#store.put('user', user.id, user);
    this.tell({ kind: 'user_changed', user });
  }

  saveFile(file: FileRecord): void {
    this.files.set(file.id, file);
    this.#store.put('file', file.id, file);
  }

  saveBookmark(bookmark: Bookmark): void {
    this.bookmarks.set(bookmark.id, bookmark);
    this.#store.put('bookmark', bookmark.id, bookmark);
    this.tell({ kind: 'channel_changed', channel: bookmark.channel_id });
  }

  removeBookmark(bookmark: Bookmark): void {
    this.bookmarks.delete(bookmark.id);
    this.#store.delete('bookmark', bookmark.id);
    this.tell({ kind: 'channel_changed', channel: bookmark.channel_id });
  }

  /** Null: it is deleted. */
  saveCanvas({ id, channel_id: channel }: Canvas, canvas: Canvas | null): void {
    if (canvas === null) this.canvases.delete(id);
    else this.canvases.set(id, canvas);
    this.#store.put('canvas', id, canvas);
    this.tell({ kind: 'channel_changed', channel });
  }

  /** Where the app's direct messages to this person stand. */
  directChannel(userId: string): Channel {
    const user = this.users.get(userId);
    if (user === undefined || user.is_bot || user.deleted) throw new SlackError('channel_not_found');
    const standing = [...this.channels.values()].find((one) => one.im_with === userId);
    return (
      standing ??
      this.#newChannel(`${APP.name}-${user.name}`, true, { im_with: userId, members: [APP.botUserId, userId] })
    );
  }

  newChannel(name: string, isPrivate: boolean): Channel {
    return this.#newChannel(name, isPrivate, {});
  }

  #newChannel(name: string, isPrivate: boolean, more: Partial<Channel>): Channel {
    const nowS = Math.floor(this.nowMs() / 1000);
    const empty = { value: '', creator: '', last_set: 0 };
    const channel: Channel = {
      id: slackId(more.im_with === undefined ? 'C' : 'D'),
      name,
      is_channel: true,
      is_private: isPrivate,
      is_archived: false,
      is_general: false,
      is_ext_shared: false,
      created: nowS,
      creator: APP.botUserId,
      topic: { ...empty },
      purpose: { ...empty },
      members: [APP.botUserId],
      ...more,
    };
    this.saveChannel(channel);
    return channel;
  }

  #countReply(channelId: string, threadTs: string, reply: Message): void {
    const parent = this.#channelMessages(channelId).get(threadTs);
    if (parent === undefined) return;
    const users = new Set([...(parent.reply_users ?? []), reply.user]);
    this.change(
      parent,
      { reply_count: (parent.reply_count ?? 0) + 1, latest_reply: reply.ts, reply_users: [...users] },
      { by: reply.user, visible: false },
    );
  }

  #save(message: Message): void {
    this.#channelMessages(message.channel).set(message.ts, message);
    this.#store.put('message', `${message.channel}/${message.ts}`, message);
  }

  #channelMessages(channelId: string): Map<string, Message> {
    let messages = this.#messages.get(channelId);
    if (messages === undefined) this.#messages.set(channelId, (messages = new Map()));
    return messages;
  }
}

const TOMBSTONE = 'tombstone';
const SLACKBOT = 'USLACKBOT';

function tombstoneOf({ channel, ts, team, reply_count = 0, latest_reply = '', reply_users = [] }: Message): Message {
  return {
    type: 'message',
    subtype: TOMBSTONE,
    hidden: true,
    channel,
    ts,
    thread_ts: ts,
    team,
    user: SLACKBOT,
    text: 'This message was deleted.',
    reply_count,
    latest_reply,
    reply_users,
  };
}

/** Slack fills in the ids that an app left out, so that every element can be named in a payload. */
export function withGeneratedIds(blocks: Json[]): Json[] {
  return blocks.map((block) => {
    const next: Json = { ...block, block_id: block['block_id'] ?? shortId() };
    if (Array.isArray(block['elements']) && block['type'] === 'actions')
      next['elements'] = block['elements'].map(withActionId);
    if (isObject(block['accessory']) && block['accessory']['type'] !== 'image')
      next['accessory'] = withActionId(block['accessory']);
    if (isObject(block['element'])) next['element'] = withActionId(block['element']);
    return next;
  });
}

function withActionId(element: unknown): unknown {
  return isObject(element) ? { ...element, action_id: element['action_id'] ?? shortId() } : element;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
