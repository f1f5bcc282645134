import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClients } from '../../../infra/aws/clients.ts';
import { until } from '../../../infra/local/slack/for-tests.ts';
import { startRig } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { botKeyring } from '../../../test/keys.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

/** One try is half a second, as workers read it. */
const item = () => rig.cloud.switches.read(rig.launchId, { consistent: true }).catch(() => null);

async function cutOff(seq: number): Promise<void> {
  const clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  await clients.dynamo.send(
    new DeleteItemCommand({
      TableName: 'gobutton-record',
      Key: { launchId: { S: rig.launchId }, seq: { N: String(seq) } },
    }),
  );
  clients.destroy();
}

test('the head is noted in the switch item at a halt, and a tail that is cut off after it is said in the room', async () => {
  await rig.create();
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until('the item', async () => (await item()) !== null);
  await (
    await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: 'x', pressedAtMs: Date.now() })
  ).recorded;
  const [halt] = await rig.entries('HaltSet');
  const head = await until('the head', async () => (await item())?.head);
  expect(head).toEqual({ seq: halt?.seq, hash: halt?.hash });
  expect(JSON.stringify((await rig.seen('HALT by')).blocks)).toContain(
    `record ${halt?.seq ?? 0}:${halt?.hash.slice(0, 16) ?? ''}`,
  );
  const last = (await rig.cloud.record.readAfter(rig.launchId, 0)).at(-1)?.seq ?? 0;
  for (let seq = last; seq >= (halt?.seq ?? 0); seq--) await cutOff(seq);
  // An instance that has read nothing of what is gone: the item tells it.
  await conductor.stop();
  await rig.conductor('second').conductor.start();
  await rig.seen("can't be believed");
});

test('an entry that nobody has signed is not performed, and is said in the room', async () => {
  await rig.create();
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 1, reason: '', pressedAtMs: Date.now() });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until('halted', async () => (await item())?.halted);
  const launch = await rig.launch();
  await rig.cloud.record.append(
    rig.launchId,
    { seq: launch.seq, hash: launch.headHash },
    {
      kind: 'LiftRequested',
      liftId: `L${launch.seq + 1}`,
      epoch: 1,
      reason: '',
      atMs: Date.now(),
      by: { person: 'ana' },
    },
  );
  const forged = (await rig.cloud.record.readAfter(rig.launchId, launch.seq))[0];
  await rig.cloud.record.append(
    rig.launchId,
    { seq: launch.seq + 1, hash: forged?.hash ?? '' },
    { kind: 'HaltLifted', liftId: `L${launch.seq + 1}`, epoch: 1, atMs: Date.now(), by: { person: 'mia' } },
  );
  await rig.seen("can't be believed");
  expect(await until('the item', item)).toMatchObject({ halted: true });
  expect(await rig.messages("can't be believed")).toHaveLength(1);
});

test('a lift that one person asked for and approved is not performed, whoever signed it; once it is taken out of the table the launch goes on', async () => {
  await rig.create();
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 1, reason: '', pressedAtMs: Date.now() });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until('halted', async () => (await item())?.halted);
  const { signer } = botKeyring();
  // The conductor writes as well, so it may be first.
  const entry = await until('the forged request', async () => {
    const launch = await rig.launch();
    const atMs = Date.now();
    const put = await rig.cloud.record.append(
      rig.launchId,
      { seq: launch.seq, hash: launch.headHash },
      {
        kind: 'LiftRequested',
        liftId: `L${launch.seq + 1}`,
        epoch: 1,
        reason: '',
        expiresAtMs: atMs + launch.runbook.order_expires_after,
        atMs,
        by: { person: 'ana' },
      },
      { signer },
    );
    return put.won && put.entry.kind === 'LiftRequested' ? put.entry : null;
  });
  const { seq, hash, liftId } = entry;
  expect(
    await rig.cloud.record.append(
      rig.launchId,
      { seq, hash },
      { kind: 'HaltLifted', liftId, epoch: 1, atMs: Date.now(), by: { person: 'ana' } },
      { signer },
    ),
  ).toMatchObject({ won: true });
  const alarm = JSON.stringify((await rig.seen("can't be believed")).blocks);
  expect(alarm).toContain('SAME_PERSON');
  expect(alarm).toContain(`record -- verify --launch ${rig.launchId}`);
  expect(await until('the item', item)).toMatchObject({ halted: true });
  await rig.seen(`This board stands at entry ${seq}`);

  await cutOff(seq + 1);
  const lifted = await rig.append({ kind: 'approve-lift', by: 'mia', liftId });
  expect(lifted.seq).toBeGreaterThan(seq);
  await until('the halt is lifted by two', async () => (await item())?.halted === false);
  await until('the board reads on', async () => (await rig.messages('This board stands')).length === 0);
});
