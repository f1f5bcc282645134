import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { startRig, until } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

/** A cloud whose leases stop answering when `cut.is`: the instance lives on, but can't renew. */
function cuttable(cut: { is: boolean }): Cloud {
  return {
    ...rig.cloud,
    live: {
      ...rig.cloud.live,
      lease: (...args) => (cut.is ? Promise.reject(new Error('connect ETIMEDOUT')) : rig.cloud.live.lease(...args)),
    },
  };
}

test('of two instances one leads; when it stops the other one leads at its next tick', async () => {
  await rig.create({ ready: false });
  // Nobody sees the end of a lease here: it is given back.
  const first = rig.conductor('first', { timings: { leaseMs: 600_000 } }).conductor;
  const second = rig.conductor('second').conductor;
  await first.start();
  await second.start();
  expect([first.isLeader(), second.isLeader()]).toEqual([true, false]);
  await first.stop();
  await until('the second leads', () => second.isLeader());
});

test('a leader that can’t renew its lease stops leading by its own clock, before another one starts', async () => {
  await rig.create({ ready: false });
  const cut = { is: false };
  const first = rig.conductor('first', { cloud: cuttable(cut) }).conductor;
  const second = rig.conductor('second').conductor;
  await first.start();
  await second.start();
  cut.is = true;
  let both = false;
  await until('the second leads', () => {
    both ||= first.isLeader() && second.isLeader();
    return second.isLeader();
  });
  expect(both).toBe(false);
  await rig.append({ kind: 'note', by: 'ana', text: 'who is there?' });
  await rig.seen('who is there?');
});

test('a due step runs once whoever ticks, a step that is too late is put to a person, and a reminder is posted', async () => {
  const minute = 60_000;
  const runbook = sampleRunbook({
    phases: [
      {
        id: 'p',
        title: 'P',
        steps: [
          { id: 'old', title: 'Long ago', at: 'T-2h', do: { kind: 'remind', say: 'much too late' } },
          { id: 'now', title: 'Just now', at: 'T-1m', do: { kind: 'remind', say: 'call the studio' } },
          { id: 'flag', title: 'Raise the flag', at: 'T-1m', do: { kind: 'switch', switch: 'zombie', value: true } },
          { id: 'later', title: 'Later', at: 'T+1h', do: { kind: 'remind', say: 'not yet' } },
        ],
      },
    ],
  });
  await rig.create({ runbook, targetAtMs: Date.now() + minute - 500, ready: false });
  const first = rig.conductor('first').conductor;
  const second = rig.conductor('second').conductor;
  await Promise.all([first.start(), second.start()]);
  await rig.seen('call the studio');
  await until('the flag step is done', async () => (await rig.launch()).steps['flag']?.state === 'done');
  expect(await rig.entries('StepStarted')).toMatchObject([
    { step: 'now', late: false },
    { step: 'flag', late: false },
  ]);
  expect(await rig.entries('StepPut')).toMatchObject([{ step: 'old' }]);
  const flag = (await rig.entries('StepDone')).find(({ step }) => step === 'flag');
  expect(flag?.aws?.map(({ call }) => call)).toEqual(['SSM PutParameter']);
  const put = await rig.seen('Long ago');
  expect(JSON.stringify(put.blocks)).toContain('step.run');
  expect((await rig.cloud.switches.read(rig.launchId))?.zombie).toBe(true);
});

test('an order that nobody approved in time is written down as expired and its button goes', async () => {
  await rig.create({ runbook: sampleRunbook({ order_expires_after: '1500ms' }) });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const order = await rig.request();
  expect(JSON.stringify((await rig.seen('Fire order')).blocks)).toContain('fire.go');
  await until('FireExpired', async () => (await rig.entries('FireExpired'))[0]);
  await until(
    'no button',
    async () => !JSON.stringify((await rig.seen(`Fire order ${order.orderId}`)).blocks).includes('fire.go'),
  );
});

test('a launch is taken off the index only when its last posts are out', async () => {
  await rig.create({ ready: false });
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'all done' });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until('the index says closed', async () => (await rig.cloud.live.launches())[0]?.closed);
  expect(await rig.messages('all done')).not.toEqual([]);
});
