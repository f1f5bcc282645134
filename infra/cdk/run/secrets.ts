import { Aws } from 'aws-cdk-lib';
import { Secret as TaskSecret } from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { secretName, SECRETS, WHOLE } from '../secret-names.ts';
import type { SecretId } from '../secret-names.ts';

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
      return SECRETS[id].map((field): [string, TaskSecret] => [
        field,
        TaskSecret.fromSecretsManager(secret, WHOLE.has(id) ? undefined : field),
      ]);
    }),
  );
}
