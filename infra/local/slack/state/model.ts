/**
 * What the workspace knows. The shapes are Slack's own (snake_case), so that a message read from the
 * state is the message of a payload; only files keep their bytes elsewhere.
 */

export type Json = Record<string, unknown>;

export interface User {
  id: string;
  team_id: string;
  name: string;
  real_name: string;
  deleted: boolean;
  is_bot: boolean;
  is_admin: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  tz: string;
  updated: number;
  profile: { real_name: string; display_name: string; title: string; email?: string; bot_id?: string };
}

export interface Channel {
  id: string;
  name: string;
  is_channel: true;
  is_private: boolean;
  is_archived: boolean;
  is_general: boolean;
  is_ext_shared: false;
  created: number;
  creator: string;
  topic: { value: string; creator: string; last_set: number };
  purpose: { value: string; creator: string; last_set: number };
  members: string[];
  /** The app's direct messages with this person. */
  im_with?: string;
}

export interface Message {
  type: 'message';
  channel: string;
  ts: string;
  user: string;
  team: string;
  text: string;
  subtype?: string;
  /** Of a tombstone. */
  hidden?: true;
  bot_id?: string;
  app_id?: string;
  client_msg_id?: string;
  blocks?: Json[];
  files?: FileRecord[];
  edited?: { user: string; ts: string };
  metadata?: { event_type: string; event_payload: Json };
  thread_ts?: string;
  reply_count?: number;
  latest_reply?: string;
  reply_users?: string[];
  reactions?: { name: string; users: string[]; count: number }[];
  pinned?: { by: string; atS: number };
}

/** Seen by one person only, never part of history, gone after a restart - as in Slack. */
export interface Ephemeral {
  channel: string;
  ts: string;
  /** The person who sees it. */
  to: string;
  text: string;
  blocks?: Json[];
}

export interface FileRecord {
  id: string;
  created: number;
  timestamp: number;
  name: string;
  title: string;
  mimetype: string;
  filetype: string;
  user: string;
  size: number;
  mode: 'hosted';
  is_external: false;
  is_public: boolean;
  url_private: string;
  url_private_download: string;
  permalink: string;
  alt_txt?: string;
}

/** A tab of a channel. `file`: what it holds now. */
export interface Canvas {
  id: string;
  channel_id: string;
  title: string;
  file: string;
  /** Who made it. */
  user: string;
}

export interface Bookmark {
  id: string;
  channel_id: string;
  title: string;
  link: string;
  emoji: string;
  type: 'link';
  date_created: number;
  date_updated: number;
  rank: string;
}

/** A modal (or home) that is open for one person. `previous` is the view below it in the stack. */
export interface View {
  id: string;
  team_id: string;
  type: 'modal' | 'home';
  title?: Json;
  submit?: Json | null;
  close?: Json | null;
  blocks: Json[];
  private_metadata: string;
  callback_id: string;
  external_id: string;
  state: { values: Record<string, Record<string, Json>> };
  hash: string;
  clear_on_close: boolean;
  notify_on_close: boolean;
  root_view_id: string;
  previous_view_id: string | null;
  app_id: string;
  bot_id: string;
  app_installed_team_id: string;
}

export interface OpenView {
  view: View;
  user: string;
  /** Answers of the last submission: block id -> what is wrong with it. */
  errors: Record<string, string>;
  /** While the app thinks about a submission. */
  response_urls: Json[];
}

/** What happened in the workspace: the page's stream and the app's events both follow from these. */
export type Change =
  | { kind: 'message'; message: Message }
  | { kind: 'message_changed'; message: Message; previous: Message; by: string; visible: boolean }
  | { kind: 'message_deleted'; channel: string; ts: string; previous: Message }
  | { kind: 'ephemeral'; ephemeral: Ephemeral }
  | { kind: 'ephemeral_deleted'; channel: string; ts: string; to: string }
  | { kind: 'member_joined'; channel: string; user: string; inviter: string | null }
  | { kind: 'channel_changed'; channel: string }
  | { kind: 'user_changed'; user: User }
  | { kind: 'reaction_added' | 'reaction_removed'; channel: string; ts: string; user: string; name: string }
  | { kind: 'view_opened' | 'view_updated'; user: string; viewId: string }
  | { kind: 'view_closed'; user: string; viewId: string }
  | { kind: 'presence'; connected: boolean };

/** A field that should be a word or a number, as text; anything else is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
