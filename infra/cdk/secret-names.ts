/**
 * What a deployment keeps in Secrets Manager, as `<name>/<id>`, and the variables that a task gets from it. Each is made by hand
 * before the first deployment, because a template that made it would hold a value, and put it back over a newer one. A secret with
 * several fields is JSON, so that what belongs together (a key and its id) is changed together. None may end in a dash and six
 * characters: behind an ARN these would be taken for the six that AWS adds (docs/facts.md#secret-partial-arn).
 */
export const SECRETS = {
  'slack-socket-mode': ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
  'slack-http': ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'],
  'bot-keys': ['GOBUTTON_BOT_KEY', 'GOBUTTON_WORKER_PUBLIC_KEYS'],
  'worker-keys': ['GOBUTTON_WORKER_KEY', 'GOBUTTON_BOT_PUBLIC_KEYS'],
  apns: ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID'],
  'pagerduty-routing-key': ['GOBUTTON_PAGERDUTY_KEY'],
  webhooks: ['GOBUTTON_WEBHOOKS'],
  google: ['GOOGLE_SERVICE_ACCOUNT'],
} as const;

export type SecretId = keyof typeof SECRETS;
export const SECRET_IDS = Object.keys(SECRETS) as SecretId[];

/** Those that a worker reads anew while it runs, by the variable that tells it where. */
export const PROVIDER_SECRETS = {
  GOBUTTON_APNS_SECRET_ARN: 'apns',
  GOBUTTON_GOOGLE_SECRET_ARN: 'google',
} as const satisfies Record<string, SecretId>;

export const SLACK_SECRET = { socket: 'slack-socket-mode', http: 'slack-http' } as const satisfies Record<
  string,
  SecretId
>;

/** The one that the bot reads anew: of its way to hear from Slack. */
export const slackSecrets = (receive: 'socket' | 'http') =>
  ({ GOBUTTON_SLACK_SECRET_ARN: SLACK_SECRET[receive] }) as const satisfies Record<string, SecretId>;

export const secretName = (deployment: string, id: SecretId): string => `${deployment}/${id}`;

/** By process, the names of those that it reads anew. */
export const rereadSecrets = ({ name, bot }: { name: string; bot: { receive: 'socket' | 'http' } }) => {
  const named = (secrets: Readonly<Record<string, SecretId>>) =>
    Object.values(secrets).map((id) => secretName(name, id));
  return { worker: named(PROVIDER_SECRETS), bot: named(slackSecrets(bot.receive)) };
};

/** Those with one value, which is the whole of them: what Google gives is a file, and is kept as it is. */
export const WHOLE: ReadonlySet<SecretId> = new Set(['google', 'pagerduty-routing-key', 'webhooks']);
