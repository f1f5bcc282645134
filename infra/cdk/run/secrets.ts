import { Aws } from 'aws-cdk-lib';
import { Secret as TaskSecret } from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * What a deployment keeps in Secrets Manager, as `<name>/<id>`, and the variables that a task gets from it. Each is made by hand
 * before the first deployment, because a template that made it would hold a value, and put it back over a newer one. A secret with
 * several fields is JSON, so that what belongs together (a key and its id) is changed together.
 */
const SECRETS = {
  'slack-socket': ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
  'slack-http': ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'],
  'bot-keys': ['GOBUTTON_BOT_KEY', 'GOBUTTON_WORKER_PUBLIC_KEYS'],
  'worker-keys': ['GOBUTTON_WORKER_KEY', 'GOBUTTON_BOT_PUBLIC_KEYS'],
  apns: ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID'],
  google: ['GOOGLE_SERVICE_ACCOUNT'],
} as const;

type SecretId = keyof typeof SECRETS;

/** Those that a worker reads anew while it runs, by the variable that tells it where. */
export const PROVIDER_SECRETS = {
  GOBUTTON_APNS_SECRET_ARN: 'apns',
  GOBUTTON_GOOGLE_SECRET_ARN: 'google',
} as const satisfies Record<string, SecretId>;

/** The one that the bot reads anew: of its way to hear from Slack. */
export const slackSecrets = (receive: 'socket' | 'http') =>
  ({ GOBUTTON_SLACK_SECRET_ARN: `slack-${receive}` }) as const satisfies Record<string, SecretId>;

export const secretName = (deployment: string, id: SecretId): string => `${deployment}/${id}`;

/** Without the six characters that AWS adds: it finds a secret of its own account by the rest (docs/facts.md#secret-partial-arn). */
export const secretArns = (
  place: { name: string; region: string; account: string },
  secrets: Readonly<Record<string, SecretId>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secrets).map(([variable, id]) => [
      variable,
      `arn:${Aws.PARTITION}:secretsmanager:${place.region}:${place.account}:secret:${secretName(place.name, id)}`,
    ]),
  );

/** Secrets as a task takes them. Its execution role may read these, and no others. */
export function taskSecrets(scope: Construct, name: string, ids: readonly SecretId[]): Record<string, TaskSecret> {
  return Object.fromEntries(
    ids.flatMap((id) => {
      const secret: ISecret = Secret.fromSecretNameV2(scope, `secret-${id}`, secretName(name, id));
      // What Google gives is a file, and is kept as it is.
      return SECRETS[id].map((field): [string, TaskSecret] => [
        field,
        TaskSecret.fromSecretsManager(secret, id === 'google' ? undefined : field),
      ]);
    }),
  );
}
