import type { Logger } from 'pino';
import { unusableConfig } from '../../infra/environment.ts';
import type { Env } from '../../infra/environment.ts';
import { rereads } from '../../infra/secret-fields.ts';
import { WatchedSecret } from '../../infra/watched-secret.ts';
import { parseSlackSecrets, SLACK_SECRETS } from '../config.ts';
import type { BotConfig, SlackSecrets } from '../config.ts';
import { createOnceClient, slackLogger } from './slack-client.ts';
import { slackErrorCode } from './slack-fault.ts';
import { fixedToken } from './slack-token.ts';
import type { SlackToken } from './slack-token.ts';

export type WatchedSlackSecrets = WatchedSecret<SlackSecrets>;

export interface SlackPlaces {
  config: BotConfig['slack'];
  /** Where the secrets are read anew, and how often at most (as `WatchedSecret`); null: nowhere, as in tests of everything else. */
  reread: { env: Env; valueOf: (arn: string) => Promise<string>; apartMs?: number } | null;
  /** Whose workspace the bot is in; null: not known yet. */
  teamId: () => string | null;
  log: Logger;
}

/**
 * Tokens and signing secret, read anew where they live (docs/aws.md#a-secret-that-changes) by the rules of the start. A token is met
 * before it is used: one that Slack refuses, or of another workspace, would silence a bot that works. The signing secret can't be met:
 * Slack alone signs with it, and with nothing else from the moment of its change (docs/facts.md#slack-signing-secret-change).
 */
export function watchedSlackSecrets({ config, reread, teamId, log }: SlackPlaces): WatchedSlackSecrets {
  const { receive, apiUrl, secrets: first } = config;
  const logger = slackLogger(log);
  const now = reread && rereads({ ...reread, arn: 'GOBUTTON_SLACK_SECRET_ARN', names: SLACK_SECRETS[receive.mode] });

  async function meetBotToken(token: string): Promise<void> {
    const { team, team_id: found } = await createOnceClient(fixedToken(token), apiUrl, logger)
      .auth.test()
      .catch(unmet('SLACK_BOT_TOKEN'));
    const wanted = teamId();
    if (wanted !== null && found !== wanted)
      throw new Error(
        `SLACK_BOT_TOKEN: found one of the workspace ${team ?? found ?? 'without a name'}, expected one of ${wanted}: another workspace takes a new start`,
      );
  }

  /** The address of a socket is given, and not used: those that are open stay, and the next one is opened with it. */
  async function meetAppToken(token: string): Promise<void> {
    await createOnceClient(fixedToken(token), apiUrl, logger).apps.connections.open({}).catch(unmet('SLACK_APP_TOKEN'));
  }

  async function meet(env: Env): Promise<SlackSecrets> {
    const parsed = parseSlackSecrets(env);
    if (!parsed.ok) throw unusableConfig(parsed.problems);
    const { botToken, appToken } = parsed.secrets;
    const before = secrets.current();
    if (botToken !== before.botToken) await meetBotToken(botToken);
    if (appToken !== null && appToken !== before.appToken) await meetAppToken(appToken);
    return parsed.secrets;
  }

  const secrets: WatchedSlackSecrets = new WatchedSecret({
    name: 'Slack secret',
    first,
    read: now && (async () => meet(await now())),
    log,
    ...(reread?.apartMs === undefined ? {} : { apartMs: reread.apartMs }),
  });
  return secrets;
}

/** One of them, for whoever calls Slack with it. */
export const tokenOf = (secrets: WatchedSlackSecrets, of: (secrets: SlackSecrets) => string | null): SlackToken => ({
  current: () => of(secrets.current()) ?? '',
  refused: () => secrets.refused(),
});

const unmet = (variable: string) => (error: unknown) => {
  const code = slackErrorCode(error);
  const why = code === null ? 'Slack can not be asked about it' : `Slack says ${code}`;
  throw new Error(`${variable}: found another one, and ${why}`, { cause: error });
};
