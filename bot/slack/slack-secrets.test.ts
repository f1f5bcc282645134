import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '@slack/bolt';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Env } from '../../infra/environment.ts';
import { person, SECRETS, startTestWorkspace, until } from '../../infra/local/slack/for-tests.ts';
import type { Workspace } from '../../infra/local/slack/start.ts';
import { TEAM } from '../../infra/local/slack/state/seed.ts';
import { WatchedSecret } from '../../infra/watched-secret.ts';
import { FORM, pressBody, signedPost, startRig } from '../../test/bot-rig.ts';
import type { Signed } from '../../test/bot-rig.ts';
import { parseSlackSecrets } from '../config.ts';
import { SocketReceivers } from '../receivers/sockets.ts';
import { createClient, slackLogger } from './slack-client.ts';
import { tokenOf, watchedSlackSecrets } from './slack-secrets.ts';
import type { WatchedSlackSecrets } from './slack-secrets.ts';
import { fixedToken } from './slack-token.ts';

const log = pino({ level: 'silent' });
const logger = slackLogger(log);
const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:superbowl/slack-socket-mode';
const neverAsked = () => Promise.reject(new Error('not asked'));
const given = { SLACK_BOT_TOKEN: SECRETS.botToken, SLACK_APP_TOKEN: SECRETS.appToken };
const renewed = { botToken: 'xoxb-renewed', appToken: 'xapp-renewed', signingSecret: 'renewed-signing-secret' };

let workspace: Workspace;
let dir = '';
beforeAll(async () => {
  workspace = await startTestWorkspace({ rateLimits: false });
  dir = await mkdtemp(join(tmpdir(), 'slack-secrets-'));
});
afterAll(async () => {
  await workspace.stop();
  await rm(dir, { recursive: true });
});
beforeEach(() => workspace.admin.renew(SECRETS));

const inFile = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), `${text}\n`);
  return join(dir, name);
};
const filesNow = async ({ botToken, appToken }: { botToken: string; appToken: string }) => ({
  SLACK_BOT_TOKEN_FILE: await inFile('bot-token', botToken),
  SLACK_APP_TOKEN_FILE: await inFile('app-token', appToken),
});

interface Place {
  reads?: (arn: string) => Promise<string>;
  teamId?: string | null;
  apiUrl?: string;
}
function watched(env: Env, { reads = neverAsked, teamId = TEAM.id, apiUrl = workspace.apiUrl }: Place = {}) {
  const parsed = parseSlackSecrets(env);
  if (!parsed.ok) throw new Error('no secrets to start with');
  const secrets = watchedSlackSecrets({
    config: { apiUrl, receive: { mode: 'socket', connections: 2 }, secrets: parsed.secrets, secretName: null },
    reread: { env, valueOf: reads, apartMs: 0 },
    teamId: () => teamId,
    log,
  });
  onTestFinished(() => secrets.close());
  return secrets;
}
const botTokenOf = (secrets: WatchedSlackSecrets) => tokenOf(secrets, ({ botToken }) => botToken);

test('a bot token that was made anew is read from its file when Slack refuses the old one, and the same client goes on', async () => {
  const secrets = watched(await filesNow(SECRETS));
  const client = createClient(botTokenOf(secrets), workspace.apiUrl, logger);
  expect((await client.auth.test()).ok).toBe(true);
  workspace.admin.renew({ botToken: renewed.botToken });
  await filesNow({ ...SECRETS, botToken: renewed.botToken });
  await expect(client.auth.test()).rejects.toThrow('invalid_auth');
  await until('the new token', () => secrets.current().botToken === renewed.botToken);
  expect((await client.auth.test()).ok).toBe(true);
  await expect(createClient(fixedToken(SECRETS.botToken), workspace.apiUrl, logger).auth.test()).rejects.toThrow(
    'invalid_auth',
  );
});

test('both tokens are taken from one secret of Secrets Manager', async () => {
  const secrets = watched(
    { ...given, GOBUTTON_SLACK_SECRET_ARN: ARN },
    {
      reads: async (arn) => {
        expect(arn).toBe(ARN);
        return JSON.stringify({ SLACK_BOT_TOKEN: renewed.botToken, SLACK_APP_TOKEN: renewed.appToken });
      },
    },
  );
  workspace.admin.renew(renewed);
  await secrets.look();
  expect(secrets.current()).toEqual({ botToken: renewed.botToken, appToken: renewed.appToken, signingSecret: null });
});

const other = (change: Record<string, string>) => JSON.stringify({ ...given, ...change });
test.each<[string, string, RegExp, Place?]>([
  ['no JSON', 'hunter2', /a secret of 7 characters \(not shown\), expected JSON with SLACK_BOT_TOKEN, SLACK_APP_TOKEN/],
  [
    'one token alone',
    JSON.stringify({ SLACK_BOT_TOKEN: 'xoxb-2' }),
    /SLACK_APP_TOKEN: found nothing, expected an app-/,
  ],
  [
    'a person’s token',
    other({ SLACK_BOT_TOKEN: 'xoxp-2' }),
    /SLACK_BOT_TOKEN: found a text of 6 characters \(not shown/,
  ],
  [
    'a bot token that Slack refuses',
    other({ SLACK_BOT_TOKEN: 'xoxb-2' }),
    /SLACK_BOT_TOKEN: found another one, and Slack says invalid_auth/,
  ],
  [
    'an app token that Slack refuses',
    other({ SLACK_APP_TOKEN: 'xapp-2' }),
    /SLACK_APP_TOKEN: found another one, and Slack says invalid_auth/,
  ],
  [
    'a token of another workspace',
    other({ SLACK_BOT_TOKEN: renewed.botToken }),
    /one of the workspace Goldfinch, expected one of T0OTHER: another workspace takes a new start/,
    { teamId: 'T0OTHER' },
  ],
  [
    'a token while Slack is away',
    other({ SLACK_BOT_TOKEN: renewed.botToken }),
    /Slack can not be asked about it/,
    { apiUrl: 'http://127.0.0.1:9/api/' },
  ],
])('%s changes nothing, and the reason is said', async (_, text, why, place = {}) => {
  if (text.includes(renewed.botToken)) workspace.admin.renew({ botToken: renewed.botToken });
  const secrets = watched(
    { ...given, GOBUTTON_SLACK_SECRET_ARN: ARN },
    { ...place, reads: () => Promise.resolve(text) },
  );
  await secrets.look();
  expect(secrets.problem).toMatch(why);
  expect(secrets.problem).toContain('the new Slack secret is not used, the one before stays');
  expect(secrets.problem).not.toContain('hunter2');
  expect(secrets.current()).toEqual({ botToken: SECRETS.botToken, appToken: SECRETS.appToken, signingSecret: null });
});

test('values alone are read by nobody', async () => {
  const secrets = watched(given);
  workspace.admin.renew(renewed);
  await expect(createClient(botTokenOf(secrets), workspace.apiUrl, logger).auth.test()).rejects.toThrow('invalid_auth');
  await secrets.look();
  expect([secrets.current().botToken, secrets.problem]).toEqual([SECRETS.botToken, null]);
});

test('sockets that are open stay when the app token is made anew, and the next ones are opened with it', async () => {
  const secrets = watched(await filesNow(SECRETS));
  const sockets = new SocketReceivers({
    appToken: tokenOf(secrets, ({ appToken }) => appToken),
    apiUrl: workspace.apiUrl,
    connections: 2,
    logger,
    log,
    nowMs: () => Date.now(),
  });
  const app = new App({
    authorize: async () => ({ botToken: SECRETS.botToken }),
    receiver: sockets,
    logger,
    clientOptions: { slackApiUrl: workspace.apiUrl },
  });
  app.command('/go', async ({ ack }) => ack('here'));
  onTestFinished(() => app.stop() as Promise<void>);
  await app.start();
  await until('both sockets', () => sockets.open === 2);
  workspace.admin.renew({ appToken: renewed.appToken });
  await filesNow({ ...SECRETS, appToken: renewed.appToken });
  expect(await person(workspace, 'U0ONCALL').go('help')).toMatchObject({ ok: true, response: { text: 'here' } });
  workspace.refreshConnections('cut');
  await until('a look at the file', () => secrets.current().appToken === renewed.appToken);
  await until('both sockets again', () => sockets.open === 2 && workspace.connectionCount() === 2);
});

test('a signing secret that was made anew is obeyed at once, what the old one signed is refused, and what is no secret stands in /health', async () => {
  const closed = vi.spyOn(WatchedSecret.prototype, 'close');
  onTestFinished(() => closed.mockRestore());
  let reads = 0;
  let signingSecret = 'short';
  const env = {
    SLACK_MODE: 'http',
    SLACK_BOT_TOKEN: SECRETS.botToken,
    SLACK_SIGNING_SECRET: SECRETS.signingSecret,
    GOBUTTON_SLACK_SECRET_ARN: ARN,
  };
  const valueOf = async () => {
    reads += 1;
    return JSON.stringify({ SLACK_BOT_TOKEN: SECRETS.botToken, SLACK_SIGNING_SECRET: signingSecret });
  };
  const rig = await startRig({ mode: 'http', reread: { env, valueOf, apartMs: 0 } });
  onTestFinished(() => rig.stop());
  const { launchId } = await rig.createInRecord();
  const press = async (signed: Signed) =>
    (await signedPost(rig, pressBody('U0MARKET1', 'halt.press', { launchId }), FORM, signed)).status;
  const troubles = async () =>
    ((await (await fetch(`http://127.0.0.1:${rig.bot.port}/health`)).json()) as { troubles: string[] }).troubles;

  // Whoever sends what is not signed, or long ago, has nothing read.
  expect([await press({ signature: null }), await press({ atMs: rig.nowMs() - 600_000 })]).toEqual([401, 401]);
  expect([reads, await troubles()]).toEqual([0, []]);

  rig.workspace.admin.renew({ signingSecret: renewed.signingSecret });
  expect(await press({ secret: renewed.signingSecret })).toBe(401);
  const why = await until('the trouble', async () => (await troubles())[0]);
  expect(why).toMatch(
    /^the new Slack secret is not used, the one before stays: SLACK_SIGNING_SECRET: found a text of 5/,
  );
  expect(await press({ secret: SECRETS.signingSecret })).toBe(200);

  const asked = rig.workspace.faults.calls('auth.test');
  ({ signingSecret } = renewed);
  await until('the new secret', async () => (await press({ secret: renewed.signingSecret })) === 200);
  expect([await press({ secret: SECRETS.signingSecret }), await troubles()]).toEqual([401, []]);
  // Who the bot is under the new one.
  await until('a look at who it is', () => rig.workspace.faults.calls('auth.test') > asked);
  await rig.bot.stop();
  expect(closed).toHaveBeenCalled();
});
