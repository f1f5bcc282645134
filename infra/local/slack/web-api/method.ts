import { z } from 'zod';
import type { FileVault } from '../state/file-vault.ts';
import type { Json } from '../state/model.ts';
import { SlackError } from '../state/slack-error.ts';
import type { Triggers } from '../state/triggers.ts';
import type { Views } from '../state/views.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import type { Limit } from './rate-limits.ts';

/** What the methods of the Web API work on. */
export interface WebApiContext {
  state: WorkspaceState;
  views: Views;
  triggers: Triggers;
  files: FileVault;
  /** `http://127.0.0.1:PORT` */
  baseUrl: () => string;
  /** A socket URL with a one-time ticket, for apps.connections.open. */
  socketUrl: () => string;
  /** 0: messages can be changed for ever. Else older ones answer `edit_window_closed`. */
  editWindowMs: number;
  /** The app is sold outside the Marketplace, so it reads a page of 15 messages a minute. */
  isSold: boolean;
}

export interface Method {
  /** The bot scope it needs; null for none. `app` methods want an app-level token instead. */
  scope: string | null;
  token: 'bot' | 'app';
  limit: Limit;
  args: z.ZodType;
  run: (context: WebApiContext, args: never) => Json | Promise<Json>;
}

/** Declares one method; answers what Slack answers besides `ok`. Refusals are thrown as SlackError. */
export function method<Args extends z.ZodType>(definition: {
  scope: string | null;
  limit: Limit;
  token?: 'bot' | 'app';
  args: Args;
  run: (context: WebApiContext, args: z.infer<Args>) => Json | Promise<Json>;
}): Method {
  return { token: 'bot', ...definition };
}

/** Form-encoded calls carry lists and objects as JSON text, numbers and booleans as words. */
export const jsonArg = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch (error) {
      return error instanceof SyntaxError ? NOT_JSON : value;
    }
  }, schema);

/** Stands for text that should have been JSON; no schema accepts it. */
const NOT_JSON = Symbol('not JSON');

export const boolArg = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean(),
);
export const intArg = z.preprocess(
  (value) => (typeof value === 'string' && value !== '' ? Number(value) : value),
  z.int(),
);
export const limitArg = intArg.pipe(z.int().min(1).max(1000)).default(100);
export const noArgs = z.object({});
export const jsonObject = z.record(z.string(), z.unknown());

/** Cursor pages over a list that has a stable key per item, and from which nothing is taken away. */
export function page<T>(
  items: T[],
  keyOf: (item: T) => string,
  cursor: string | undefined,
  limit: number,
): { items: T[]; next: string } {
  const key = cursor === undefined || cursor === '' ? null : Buffer.from(cursor, 'base64').toString();
  const from = key === null ? 0 : items.findIndex((item) => keyOf(item) === key);
  if (from === -1) throw new SlackError('invalid_cursor');
  const next = items[from + limit];
  return {
    items: items.slice(from, from + limit),
    next: next === undefined ? '' : Buffer.from(keyOf(next)).toString('base64'),
  };
}
