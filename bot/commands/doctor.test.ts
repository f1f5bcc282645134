import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients } from '../../infra/aws/clients.ts';
import type { Line } from '../../infra/doctor/judge/line.ts';
import { blocksTooLong, messageBlockProblems } from '../../infra/local/slack/block-kit/validate.ts';
import type { Json } from '../../infra/local/slack/state/model.ts';
import { startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { doctorMessage } from '../views/doctor.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.createInRecord();
  // The leader makes them too, some time after the launch.
  await rig.cloud.queues.ensurePool('drill-workers');
});
afterAll(() => rig.stop());

test('/go doctor looks from where the bot is, says what is wrong first, and posts nothing to the room', async () => {
  rig.workspace.faults.set('conversations.info', { kind: 'error', error: 'channel_not_found' });
  const said = await rig.ask(rig.olu, 'doctor');
  rig.workspace.faults.set('*', null);
  expect(said).toMatch(/^2 wrong, \d+ unknown, \d+ well/);
  expect(said).toMatch(/\*War room\*: C0WARROOM is no channel .*\n.*needs a channel of this workspace/);
  // No worker runs and no audience is set.
  expect(said).toMatch(/APNs, FCM: no worker has met it yet/);
  expect(said).toMatch(/--devices 6000000/);
  expect(said).toContain('Nothing was sent');
  const seen = (await rig.ana.messages()).filter(({ ephemeralTo }) => ephemeralTo === undefined);
  expect(seen.filter(({ text }) => text.includes('unknown'))).toEqual([]);
});

test('a right that the bot lost, and a table that is gone, are named with what to do', async () => {
  const clients = createClients(rig.config);
  await clients.dynamo.send(new DeleteTableCommand({ TableName: 'gobutton-claims' }));
  clients.destroy();
  const said = await rig.ask(rig.ana, 'preflight');
  expect(said).toMatch(/\*Table gobutton-claims\*: no such table/);
  expect(said).toContain('`aws dynamodb create-table --table-name gobutton-claims');
});

test('forty things wrong and forty unknown are still one message that a phone shows', () => {
  const line = (state: Line['state'], n: number): Line => ({
    id: `a.${state}-${n}`,
    title: `Thing <!channel> ${n}`,
    state,
    found: `found \`x\` & ${'y'.repeat(400)} ${n}`,
    needed: 'n'.repeat(400),
    fix: n % 2 === 0 ? `aws sqs set-queue-attributes ${'z'.repeat(n * 20)}` : 'Do this '.repeat(90),
  });
  const all = Array.from({ length: 40 }, (_, n) => [line('wrong', n), line('unknown', n)]).flat();
  const { blocks } = doctorMessage('superbowl-1', all);
  expect(messageBlockProblems(blocks)).toEqual([]);
  expect(blocksTooLong(blocks as unknown as Json[])).toBe(false);
  const text = JSON.stringify(blocks);
  expect(text.length).toBeLessThan(9_000);
  expect(blocks.length).toBeLessThanOrEqual(10);
  expect(text).not.toContain('<!channel>');
});

test('when all is well it says so in a line', () => {
  const { blocks } = doctorMessage('superbowl-1', [
    { id: 'a.b', title: 'Table', state: 'ok', found: 'there', needed: 'there', fix: '' },
  ]);
  expect(blocks).toHaveLength(2);
  expect(JSON.stringify(blocks[0])).toContain('All 1 things are as this launch needs them');
});
