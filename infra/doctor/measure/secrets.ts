import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { emptyFields } from '../../secret-fields.ts';
import type { Asked } from '../judge/line.ts';
import type { FoundSecret, KeptSecret } from '../judge/secrets.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';

const NONE = /^ResourceNotFound/;

/** What is known of a secret. With `isRead` its value is looked at here and goes nowhere; without, it never leaves AWS. */
export async function findSecret(
  { secrets, ask }: DoctorClients,
  { name, arn: id = name, fields }: KeptSecret,
  isRead: boolean,
): Promise<Asked<FoundSecret | null>> {
  const described = await ask('secretsmanager:DescribeSecret', (abortSignal) =>
    orNull(secrets.send(new DescribeSecretCommand({ SecretId: id }), { abortSignal }), NONE),
  );
  if (!described.ok || described.value === null) return described as Asked<null>;
  const { DeletedDate: deleted, VersionIdsToStages: stages = {}, KmsKeyId: kmsKey = null } = described.value;
  const found = {
    deletedAtMs: deleted?.getTime() ?? null,
    hasValue: Object.values(stages).some((one) => one.includes('AWSCURRENT')),
    lacks: null,
    kmsKey,
  };
  if (!isRead || found.deletedAtMs !== null || !found.hasValue) return { ok: true, value: found };
  return ask('secretsmanager:GetSecretValue', async (abortSignal) => {
    const { SecretString: text = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: id }), {
      abortSignal,
    });
    return { ...found, lacks: emptyFields(text, fields) };
  });
}
