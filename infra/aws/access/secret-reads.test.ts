import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECRET_IDS, secretName } from '../../cdk/secret-names.ts';
import { localCloudForTests } from '../../local/cloud/for-tests.ts';
import { LOCAL_ACCOUNT } from '../../local/principals.ts';
import { placeOf } from '../clients.ts';
import { secretReader } from '../secret-reader.ts';
import { PROCESSES } from './permissions.ts';
import { policyOf, sidOf } from './policy.ts';
import { SECRET_READS } from './secret-reads.ts';

const names = { ...LOCAL_ACCOUNT, providerSecrets: ['superbowl/apns'], slackSecrets: ['superbowl/slack-socket-mode'] };
const principals = PROCESSES.map((name) => ({ name, accessKeyId: `KEY${name}`, statements: policyOf(name, names) }));
const arn = (name: string) => `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}`;
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let client: SecretsManagerClient;

beforeAll(async () => {
  local = await localCloudForTests({ principals });
  client = new SecretsManagerClient(placeOf(local.config));
  for (const Name of ['superbowl/apns', 'superbowl/apns-other', 'superbowl/slack-socket-mode'])
    await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }));
});
afterAll(async () => {
  client.destroy();
  await local.stop();
});
const readerOf = (process: string) => secretReader({ ...local.config, endpoint: local.localCloud.urlFor(process) });

test('a worker reads the newest value of its own secrets, the bot that of its own, and nobody else any', async () => {
  const read = readerOf('worker');
  expect(await read(arn('superbowl/apns'))).toBe('one');
  await client.send(new PutSecretValueCommand({ SecretId: 'superbowl/apns', SecretString: 'two' }));
  expect(await read(arn('superbowl/apns'))).toBe('two');
  await expect(read(arn('superbowl/apns-other'))).rejects.toThrow(
    /^arn:.*apns-other can't be read: AccessDeniedException User: .* not authorized to perform: secretsmanager:GetSecretValue/,
  );
  for (const process of PROCESSES.filter((one) => one !== 'worker'))
    await expect(readerOf(process)(arn('superbowl/apns'))).rejects.toThrow('AccessDeniedException');
  expect(await readerOf('bot')(arn('superbowl/slack-socket-mode'))).toBe('one');
  await expect(read(arn('superbowl/slack-socket-mode'))).rejects.toThrow('AccessDeniedException');
  for (const process of ['worker', 'bot'] as const) {
    const used = new Set(local.localCloud.access().used[process]);
    for (const { action, on } of SECRET_READS[process])
      for (const kind of on) expect(used).toContain(`${sidOf(kind)} ${action}`);
  }
  expect(policyOf('worker', LOCAL_ACCOUNT).map(({ Sid }) => Sid)).not.toContain('ProviderSecrets');
});

test('no secret of ours ends as its ARN would: one that does is not found by what tasks are given', async () => {
  await client.send(new CreateSecretCommand({ Name: 'superbowl/slack-socket', SecretString: 'one' }));
  await expect(secretReader(local.config)(arn('superbowl/slack-socket'))).rejects.toThrow('ResourceNotFoundException');
  expect(SECRET_IDS.filter((id) => /-.{6}$/.test(secretName('superbowl', id)))).toEqual([]);
});

test('a secret that is not there, one of another region and a service that throttles are named as such', async () => {
  const read = secretReader(local.config);
  await expect(read(arn('superbowl/none'))).rejects.toThrow(
    "superbowl/none can't be read: ResourceNotFoundException Secrets Manager can't find the specified secret.",
  );
  await expect(read(arn('superbowl/apns').replace('us-east-1', 'eu-west-1'))).rejects.toThrow(
    'ResourceNotFoundException',
  );
  local.localCloud.weather.set('down');
  await expect(read(arn('superbowl/apns'))).rejects.toThrow(/can't be read: InternalFailure/);
  local.localCloud.weather.set('throttled');
  // One in three is: the client tries again.
  expect(await read(arn('superbowl/apns'))).toBe('two');
  local.localCloud.weather.set('fair');
});

test('one that does not answer is given up, and said to', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const read = secretReader({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1' }, 200);
  await expect(read(arn('superbowl/apns'))).rejects.toThrow("superbowl/apns can't be read: no answer within 0.2 s");
  silent.closeAllConnections();
  silent.close();
});
