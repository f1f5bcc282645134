import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients } from '../../infra/aws/clients.ts';
import { entryHash } from '../../infra/aws/seal.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { signedText } from '../../runbooks/launch/signers.ts';
import { startRig } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { botKeyring } from '../../test/keys.ts';
import { main } from './main.ts';

/** Somebody deployed another version in the middle of a launch, and this command line is the old one. */

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
  await rig.create();
  await appendNewer();
}, 30_000);
afterAll(() => rig.stop());

/** An entry of a newer version, as its bot would write it: chained, and signed by the key that this record trusts. */
async function appendNewer(): Promise<void> {
  const last = (await rig.cloud.record.readAfter(rig.launchId, 0)).at(-1);
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
  const clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  await clients.dynamo.send(
    new PutItemCommand({
      TableName: 'gobutton-record',
      Item: {
        launchId: { S: rig.launchId },
        seq: { N: String(entry.seq) },
        token: { S: entry.token },
        hash: { S: hash },
        body: { S: JSON.stringify(entry) },
      },
    }),
  );
  clients.destroy();
}

async function go(...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const out = { write: (text: string) => (said += text) };
  return { code: await main([...args, '--launch', rig.launchId], rig.env, out, out), said };
}

test.each([['status'], ['stats'], ['gates'], ['people'], ['timeline'], ['record', 'verify']])(
  '`go %s` says that a newer version has written, and what to do',
  async (...words) => {
    const { code, said } = await go(...words);
    expect(said).toMatch(/written by a newer one\. Update this process/);
    expect(code).toBe(1);
  },
);

test('halt works all the same, and says so at once', async () => {
  // What is waited for after it, for its entry, can't come.
  await new Promise<void>((resolve, reject) => {
    const out = { write: (text: string) => (text.startsWith('HALTED') ? resolve() : undefined) };
    main(['halt', '--launch', rig.launchId, '--reason', 'something is wrong'], rig.env, out, out).then(
      () => reject(new Error('it never said HALTED')),
      reject,
    );
  });
  expect((await rig.cloud.switches.read(rig.launchId))?.halted).toBe(true);
});
