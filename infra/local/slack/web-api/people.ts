import { z } from 'zod';
import { APP, TEAM } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import { boolArg, limitArg, method, noArgs, page } from './method.ts';
import { BOT_PROFILE } from './shown-message.ts';

/** Who and where: users, teams, bots, user groups (none exist here), and the app itself. */
export const peopleMethods = {
  'auth.test': method({
    scope: null,
    limit: 'none',
    args: noArgs,
    run: ({ baseUrl }) => ({
      url: `${baseUrl()}/`,
      team: TEAM.name,
      user: APP.name,
      team_id: TEAM.id,
      user_id: APP.botUserId,
      bot_id: APP.botId,
      is_enterprise_install: false,
    }),
  }),
  'apps.connections.open': method({
    scope: 'connections:write',
    token: 'app',
    limit: 'sockets',
    args: noArgs,
    run: ({ socketUrl }) => ({ url: socketUrl() }),
  }),
  'users.info': method({
    scope: 'users:read',
    limit: 'tier4',
    args: z.object({ user: z.string(), include_locale: boolArg.default(false) }),
    run: ({ state }, { user, include_locale: withLocale }) => ({
      user: { ...state.user(user), ...(withLocale ? { locale: 'en-US' } : {}) },
    }),
  }),
  'users.list': method({
    scope: 'users:read',
    limit: 'tier2',
    args: z.object({ cursor: z.string().optional(), limit: limitArg }),
    run: ({ state }, args) => {
      const { items, next } = page([...state.users.values()], (one) => one.id, args.cursor, args.limit);
      return { members: items, cache_ts: Math.floor(state.nowMs() / 1000), response_metadata: { next_cursor: next } };
    },
  }),
  'users.profile.get': method({
    scope: 'users.profile:read',
    limit: 'tier4',
    args: z.object({ user: z.string().default(APP.botUserId) }),
    run: ({ state }, args) => ({ profile: state.user(args.user).profile }),
  }),
  'usergroups.list': method({
    scope: 'usergroups:read',
    limit: 'tier2',
    args: noArgs,
    run: () => ({ usergroups: [] }),
  }),
  'usergroups.users.list': method({
    scope: 'usergroups:read',
    limit: 'tier2',
    args: z.object({ usergroup: z.string() }),
    run: () => {
      throw new SlackError('no_such_subteam');
    },
  }),
  'team.info': method({
    scope: 'team:read',
    limit: 'tier3',
    args: noArgs,
    run: ({ baseUrl }) => ({
      team: { ...TEAM, email_domain: 'example.com', url: `${baseUrl()}/`, icon: { image_default: true } },
    }),
  }),
  'bots.info': method({
    scope: 'users:read',
    limit: 'tier3',
    args: z.object({ bot: z.string().default(APP.botId) }),
    run: (_context, args) => {
      if (args.bot !== APP.botId) throw new SlackError('bot_not_found');
      return { bot: BOT_PROFILE };
    },
  }),
};
