import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createClients } from '../infra/aws/clients.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { entryHash } from '../infra/aws/seal.ts';
import { ENTRY_VERSION } from '../runbooks/launch/entries.ts';
import type { Entry } from '../runbooks/launch/entries.ts';
import { signedText } from '../runbooks/launch/signers.ts';
import { botKeyring } from './keys.ts';

/** An entry of a newer version, as its bot would write it: chained, and signed by the key that this record trusts. */
export async function appendNewer(
  { record }: Pick<Cloud, 'record'>,
  endpoint: string,
  launchId: string,
): Promise<void> {
  const last = (await record.readAfter(launchId, 0)).at(-1);
  if (last === undefined) throw new Error('RECORD_EMPTY');
  const { hash: prev, sig: _, ...rest } = last;
  const { signer } = botKeyring();
  const unsealed = {
    ...rest,
    v: ENTRY_VERSION + 1,
    kind: 'SomethingNewer',
    seq: last.seq + 1,
    prev,
    token: 'newer',
    key: signer?.key ?? '',
  };
  const hash = entryHash(unsealed as unknown as Entry);
  const entry = { ...unsealed, hash, sig: signer?.sign(signedText(hash)) ?? '' };
  const clients = createClients({ endpoint, region: 'us-east-1', tablePrefix: 'gobutton', bucket: 'gobutton' });
  await clients.dynamo.send(
    new PutItemCommand({
      TableName: 'gobutton-record',
      Item: {
        launchId: { S: launchId },
        seq: { N: String(entry.seq) },
        token: { S: entry.token },
        hash: { S: hash },
        body: { S: JSON.stringify(entry) },
      },
    }),
  );
  clients.destroy();
}
