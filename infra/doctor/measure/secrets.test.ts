import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { localCloudForTests } from '../../local/cloud/for-tests.ts';
import { judgeSecret } from '../judge/secrets.ts';
import { doctorClients } from './aws-clients.ts';
import { findSecret } from './secrets.ts';

test('a secret under a KMS key of one’s own is not called well: who reads it needs a right that the stacks do not give', async () => {
  const local = await localCloudForTests();
  const clients = doctorClients(local.config, 5_000);
  try {
    const key = 'arn:aws:kms:us-east-1:000000000000:key/1';
    const kept = { name: 'superbowl/apns', fields: ['APNS_KEY'], readers: ['worker'] };
    const line = async (isRead = false) =>
      judgeSecret(kept, 'us-east-1', await findSecret(clients, kept, isRead), null);
    await clients.secrets.send(
      new CreateSecretCommand({ Name: 'superbowl/apns', SecretString: '{"APNS_KEY":"x"}', KmsKeyId: key }),
    );
    expect(await line(true)).toMatchObject({
      state: 'unknown',
      found: `there, under the KMS key ${key}`,
      fix: expect.stringContaining(
        `Allow kms:Decrypt on ${key} to the execution role and the task role of worker`,
      ) as string,
    });
    // What is wrong for sure goes before what is not known.
    await clients.secrets.send(new PutSecretValueCommand({ SecretId: 'superbowl/apns', SecretString: '{}' }));
    expect(await line(true)).toMatchObject({ state: 'wrong', found: 'a value without APNS_KEY' });
    expect(await line()).toMatchObject({ state: 'unknown' });
  } finally {
    clients.destroy();
    await local.stop();
  }
});
