import { App } from '@slack/bolt';
import type { AppOptions } from '@slack/bolt';
import { startWorkspace } from './start.ts';
import type { Workspace, WorkspaceOptions } from './start.ts';

/** Fixed credentials for tests; real ones never look like this. */
export const SECRETS = {
  botToken: 'xoxb-local-bot',
  appToken: 'xapp-local-app',
  signingSecret: 'local-signing-secret',
};

/** For tests of what the stand-in can do besides what our app asks for. */
export const EVERY_SCOPE = [
  'app_mentions:read',
  'bookmarks:read',
  'bookmarks:write',
  'canvases:write',
  'channels:history',
  'channels:join',
  'channels:manage',
  'channels:read',
  'chat:write',
  'commands',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'pins:read',
  'pins:write',
  'reactions:read',
  'reactions:write',
  'team:read',
  'usergroups:read',
  'users.profile:read',
  'users:read',
];

export function startTestWorkspace(options: Partial<WorkspaceOptions> = {}): Promise<Workspace> {
  return startWorkspace({ dataDir: null, ...SECRETS, ...options });
}

/** A real Bolt app on Socket Mode against the workspace, not yet started. */
export function socketApp(workspace: Workspace, options: AppOptions = {}): App {
  const logger = {
    debug: silent,
    info: silent,
    warn: silent,
    error: silent,
    setLevel: silent,
    getLevel: () => 'error' as never,
    setName: silent,
  };
  return new App({
    token: SECRETS.botToken,
    appToken: SECRETS.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: workspace.apiUrl },
    logger,
    ...options,
  });
}

function silent(): void {
  // Bolt's own words about failures that a test causes on purpose would only confuse its reader.
}

/** A person who uses the client API as the page does. */
export function person(workspace: Workspace, as: string) {
  const send = async (
    method: string,
    path: string,
    body: object,
  ): Promise<Record<string, never> & { ok: boolean; error?: string }> => {
    const answer = await fetch(`${workspace.url}/client/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as, ...body }),
    });
    return (await answer.json()) as Record<string, never> & { ok: boolean; error?: string };
  };
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${workspace.url}/client/${path}${path.includes('?') ? '&' : '?'}as=${as}`)).json()) as T;
  return {
    send,
    get,
    say: (text: string, channel = 'C0WARROOM') => send('POST', 'messages', { channel, text }),
    go: (text: string, command = '/go') => send('POST', 'commands', { channel: 'C0WARROOM', command, text }),
    press: (ts: string, actionId: string, extra: object = {}) =>
      send('POST', 'actions', { channel: 'C0WARROOM', ts, action_id: actionId, ...extra }),
    submit: (viewId: string, values: object) => send('POST', `views/${viewId}/submit`, { values }),
    messages: async () => (await get<{ messages: RoomMessage[] }>('channels/C0WARROOM/messages')).messages,
    views: async () => (await get<{ views: RoomView[] }>('views')).views,
  };
}

export interface RoomMessage {
  ts: string;
  text: string;
  user?: string;
  bot_id?: string;
  html: string;
  blocks: Record<string, unknown>[];
  edited: boolean;
  pinned: boolean;
  ephemeralTo?: string;
  files: { name: string; url: string }[];
}
export interface RoomView {
  id: string;
  title: { text: string };
  html: string;
  errors: Record<string, string>;
  state: { values: Record<string, Record<string, Record<string, unknown>>> };
}

/** Waits until the condition holds; fails after the deadline with what was being waited for. */
export async function until<T>(what: string, look: () => T | Promise<T>, deadlineMs = 20_000): Promise<NonNullable<T>> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<T>;
    if (Date.now() > endMs) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
