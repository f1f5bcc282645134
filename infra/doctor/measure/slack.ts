import { readFileSync } from 'node:fs';
import { WebClient } from '@slack/web-api';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Asked } from '../judge/line.ts';
import type { FoundChannel, FoundPerson, FoundToken } from '../judge/slack.ts';
import type { Ask } from './ask.ts';

/** Slack is asked and told nothing: no message, no socket. */

const MANIFEST = new URL('../../slack/manifest.yaml', import.meta.url);
const manifest = z.looseObject({
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
});

/** The scopes that the app is installed with: the manifest is their one list. */
export function manifestScopes(): string[] {
  return manifest.parse(parse(readFileSync(MANIFEST, 'utf8'))).oauth_config.scopes.bot;
}

export interface SlackAccess {
  /** Null: Slack's own. */
  apiUrl: string | null;
  botToken: string;
  /** Null: HTTP mode. */
  appToken: string | null;
}

/** One try; a 429 is an answer. */
/** For what goes on after a question was given up. */
const TIMEOUT_MS = 5_000;

function clientFor(token: string, apiUrl: string | null): WebClient {
  return new WebClient(token, {
    ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: SILENT,
  });
}

const nothing = () => undefined;
const SILENT = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => 'error' as never,
  setName: nothing,
};

export function findToken({ botToken, apiUrl }: SlackAccess, ask: Ask): Promise<Asked<FoundToken>> {
  return ask('slack auth.test', async () => {
    const { team = '', user, bot_id: botId, response_metadata: about } = await clientFor(botToken, apiUrl).auth.test();
    return { team, bot: botId === undefined ? null : (user ?? botId), scopes: about?.scopes ?? [] };
  });
}

/** The address of a socket is given and not used. */
export function findAppToken({ appToken, apiUrl }: SlackAccess, ask: Ask): Promise<Asked<true>> | null {
  if (appToken === null) return null;
  return ask('slack apps.connections.open', async () => {
    await clientFor(appToken, apiUrl).apps.connections.open({});
    return true as const;
  });
}

export function findChannel(
  { botToken, apiUrl }: SlackAccess,
  ask: Ask,
  channel: string,
): Promise<Asked<FoundChannel>> {
  return ask('slack conversations.info', async () => {
    const { channel: found } = await clientFor(botToken, apiUrl).conversations.info({ channel });
    return {
      name: found?.name ?? channel,
      isMember: found?.is_member === true,
      isArchived: found?.is_archived === true,
      isShared: found?.is_ext_shared === true || found?.is_pending_ext_shared === true,
    };
  });
}

/** users.info is Tier 4, more than a hundred a minute (docs/facts.md#slack-tiers). */
const PEOPLE_MOST = 40;

export function findPeople(
  { botToken, apiUrl }: SlackAccess,
  ask: Ask,
  roster: readonly { name: string; slack: readonly string[] }[],
): Promise<FoundPerson[]> {
  const client = clientFor(botToken, apiUrl);
  const accounts = roster.flatMap(({ name, slack }) => slack.map((id) => ({ who: name, id }))).slice(0, PEOPLE_MOST);
  return Promise.all(
    accounts.map(async ({ who, id }) => ({
      who,
      id,
      asked: await ask('slack users.info', async () => {
        try {
          const { user } = await client.users.info({ user: id });
          if (user?.deleted === true) return 'deactivated' as const;
          if (user?.is_bot === true) return 'app' as const;
          return user?.is_restricted === true || user?.is_ultra_restricted === true || user?.is_stranger === true
            ? ('guest' as const)
            : ('active' as const);
        } catch (error) {
          const code = (error as { data?: { error?: string } }).data?.error;
          if (code === 'user_not_found' || code === 'user_not_visible') return null;
          throw error;
        }
      }),
    })),
  );
}
