import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Measured } from '../../runbooks/launch/entries.ts';
import type { Signer } from './keyring.ts';
import { itemsOf } from './table-items.ts';
import { vouch } from './vouched.ts';
import type { Vouched } from './vouched.ts';

/** A measurement of one launch is none of another. */
const signedText = (launchId: string, body: string): string => `${launchId}\n${body}`;

/** What gates were measured to be, one item each: an instance that measures some doesn't take away what another one has measured. */
export function createGateStore({ dynamo, table }: { dynamo: DynamoDBClient; table: string }) {
  return {
    async put(launchId: string, measured: readonly Measured[], signer: Signer | null): Promise<void> {
      await Promise.all(
        measured.map(async (one) => {
          const body = JSON.stringify(one);
          const { key, sig } = vouch('gate', signedText(launchId, body), signer);
          await dynamo.send(
            new PutItemCommand({
              TableName: table,
              Item: {
                pk: { S: `gates/${launchId}` },
                sk: { S: one.gate },
                body: { S: body },
                ...(key === '' ? {} : { key: { S: key }, sig: { S: sig } }),
              },
            }),
          );
        }),
      );
    },

    async all(launchId: string, isOurs: (said: Vouched) => boolean = () => true): Promise<Measured[]> {
      const items = await itemsOf({ dynamo, table }, `gates/${launchId}`);
      return items.flatMap(({ sk, body, key, sig }): Measured[] => {
        const said = body?.S ?? 'null';
        if (!isOurs({ text: signedText(launchId, said), key: key?.S ?? '', sig: sig?.S ?? '' })) return [];
        const one = JSON.parse(said) as Measured;
        // Under another name one of some time ago would stand beside the newest.
        return one.gate === sk?.S ? [one] : [];
      });
    },
  };
}
