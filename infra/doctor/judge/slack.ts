import { about, failureWords, listed, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

export interface FoundToken {
  team: string;
  bot: string | null;
  /** As Slack's answers carry them in `x-oauth-scopes`. */
  scopes: readonly string[];
}

/** Slack's own words for a token that is worth nothing. */
const BAD_TOKEN: Record<string, string> = {
  invalid_auth: 'Slack does not know this token',
  not_authed: 'no token was given',
  token_expired: 'the token has expired',
  token_revoked: 'the token was revoked',
  account_inactive: 'the app was removed from the workspace, or its user deactivated',
  not_allowed_token_type: 'it is a token of another kind',
};
const APP_PAGE = 'https://api.slack.com/apps';

/** Null: `failure` is about something else. */
const badToken = (asked: Asked<unknown>): string | null => (asked.ok ? null : (BAD_TOKEN[asked.failure.code] ?? null));

export function judgeToken(asked: Asked<FoundToken>): Line {
  const [id, title] = ['slack.token', 'Slack bot token'];
  const line = about(id, title);
  const needed = 'the bot token of the installed app';
  const bad = badToken(asked);
  if (bad !== null)
    return line.wrong({
      found: bad,
      needed,
      fix: `Copy the Bot User OAuth Token from ${APP_PAGE}, your app, OAuth & Permissions, into SLACK_BOT_TOKEN`,
    });
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { bot, team } = asked.value;
  return bot === null
    ? line.wrong({
        found: `a person's token of ${team}`,
        needed,
        fix: 'SLACK_BOT_TOKEN must be the one that begins with xoxb-',
      })
    : line.ok({ found: `@${bot} in ${team}`, needed });
}

export function judgeScopes(manifest: readonly string[], asked: Asked<FoundToken>): Line | null {
  // A token that is worth nothing has no scopes to speak of.
  if (!asked.ok) return null;
  const line = about('slack.scopes', 'Scopes of the Slack app');
  const { scopes } = asked.value;
  const needed = `the ${manifest.length} of infra/slack/manifest.yaml`;
  const missing = manifest.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return line.ok({ found: `all ${manifest.length}`, needed });
  return line.wrong({
    found: `without ${listed(missing)}`,
    needed,
    fix: `Put infra/slack/manifest.yaml in at ${APP_PAGE}, your app, App Manifest; then install the app anew`,
  });
}

/** `asked` null: HTTP mode, which has none. */
export function judgeAppToken(asked: Asked<true> | null): Line {
  const [id, title] = ['slack.app-token', 'Slack app-level token'];
  const line = about(id, title);
  const needed = 'one with connections:write, in socket mode';
  if (asked === null) return line.ok({ found: 'HTTP mode, which has none', needed });
  if (asked.ok) return line.ok({ found: 'Slack gives it a socket', needed });
  const bad = badToken(asked) ?? (asked.failure.code === 'missing_scope' ? 'it has no connections:write' : null);
  if (bad === null) return unasked(id, title, needed, asked.failure);
  return line.wrong({
    found: bad,
    needed,
    fix: `Make one with connections:write at ${APP_PAGE}, your app, Basic Information, App-Level Tokens, and put it into SLACK_APP_TOKEN`,
  });
}

export interface FoundChannel {
  name: string;
  isMember: boolean;
  isArchived: boolean;
  isShared: boolean;
}

/** `channelId` null: nobody has named one. */
export function judgeChannel(channelId: string | null, asked: Asked<FoundChannel> | null): Line {
  const [id, title] = ['slack.channel', 'War room'];
  const line = about(id, title);
  const needed = 'a channel of this workspace alone, with the bot in it';
  if (channelId === null || asked === null)
    return line.unknown({
      found: 'no channel was named',
      needed,
      fix: 'Name it: --channel C0123456789, or --launch ID',
    });
  if (!asked.ok) {
    if (['channel_not_found', 'invalid_arguments'].includes(asked.failure.code))
      return line.wrong({
        found: `${channelId} is no channel that the bot can see`,
        needed,
        fix: 'Correct the channel; in a private one type `/invite @gobutton` first',
      });
    if (asked.failure.code === 'missing_scope')
      return line.wrong({ found: failureWords(asked.failure), needed, fix: 'See the scopes of the app' });
    return unasked(id, title, needed, asked.failure);
  }
  const { name, isMember, isArchived, isShared } = asked.value;
  if (isArchived) return line.wrong({ found: `#${name} is archived`, needed, fix: 'Unarchive it, or take another' });
  if (isShared)
    return line.wrong({
      found: `#${name} is shared with another company`,
      needed,
      fix: 'Take a channel of your own: nobody fires from a shared one',
    });
  if (!isMember)
    return line.wrong({ found: `the bot is not in #${name}`, needed, fix: `Type \`/invite @gobutton\` in #${name}` });
  return line.ok({ found: `#${name}`, needed });
}

/** What became of the accounts of a roster; null: Slack knows nobody by this id. */
export type FoundPerson = { id: string; who: string; asked: Asked<'active' | 'deactivated' | 'guest' | 'app' | null> };

export function judgePeople(people: readonly FoundPerson[]): Line | null {
  if (people.length === 0) return null;
  const [id, title] = ['slack.people', 'Slack accounts of the roster'];
  const line = about(id, title);
  const needed = 'active members of the workspace';
  const off = people.flatMap(({ who, asked, id: slackId }) =>
    asked.ok && asked.value !== 'active' ? [`${who} (${slackId}): ${asked.value ?? 'nobody by this id'}`] : [],
  );
  if (off.length > 0)
    return line.wrong({
      found: listed(off, 4),
      needed,
      fix: 'Correct `slack` of these people in the runbook, or `/go people`',
    });
  const failed = people.find(({ asked }) => !asked.ok)?.asked;
  if (failed !== undefined && !failed.ok) return unasked(id, title, needed, failed.failure);
  return line.ok({ found: `${people.length} active`, needed });
}
