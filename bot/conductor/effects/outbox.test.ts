import { afterEach, beforeEach, expect, test } from 'vitest';
import { segmentDedupId } from '../../../contract/orders.ts';
import { queueNames } from '../../../contract/queue-names.ts';
import { listen } from '../../../infra/http-server.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { botKeyring } from '../../../test/keys.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import type { SlackPort } from '../../slack/slack-port.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const QUEUE = queueNames('gobutton-workers').segments;

async function segmentsInQueue(): Promise<string[]> {
  const received = await rig.cloud.queues.receive(QUEUE, { max: 10, waitSeconds: 1, visibilitySeconds: 60 });
  return received.map(({ body }) => (JSON.parse(body) as { segment: string }).segment).toSorted();
}

test('an instance that died after its append leaves effects that the leader performs, each once in the channel', async () => {
  await rig.create();
  const order = await rig.request();
  await rig.append(rig.approval(order));
  // Nothing was performed: no order message, no segment order.
  expect(await rig.messages()).toEqual([]);
  const { conductor } = rig.conductor('second', { tickMs: 200 });
  await conductor.start();
  expect(
    await until('segment orders', async () => {
      const found = await segmentsInQueue();
      return found.length === 3 ? found : null;
    }),
  ).toEqual(['br-ios', 'us-android', 'us-ios']);
  // The order was approved long ago: its message tells the outcome and has no live button.
  expect(JSON.stringify((await rig.seen(`Fire order ${order.orderId}`)).blocks)).not.toContain('fire.go');
  await until(
    'every effect done',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  const before = (await rig.messages()).map(({ ts }) => ts);

  // A third instance takes over and finds nothing left to do.
  await conductor.stop();
  const third = rig.conductor('third', { tickMs: 200 }).conductor;
  await third.start();
  await rig.append({ kind: 'note', by: 'ana', text: 'still here' });
  await rig.seen('still here');
  expect((await rig.messages()).map(({ ts }) => ts).slice(0, before.length)).toEqual(before);
  expect(await rig.messages()).toHaveLength(before.length + 1);
});

test('a message that was posted by an instance that died before noting it is found in the channel and not posted again', async () => {
  await rig.create({ ready: false });
  const note = await rig.append({ kind: 'note', by: 'ana', text: 'said once' });
  const effectId = `${note.seq}/post-entry`;
  expect((await rig.cloud.live.claimEffect(rig.launchId, effectId, 'dead', 1_500, Date.now())).mine).toBe(true);
  const ts = await rig.slack.postMessage(
    'C0WARROOM',
    { text: 'said once', blocks: [] },
    { mark: { launchId: rig.launchId, effectId } },
  );
  const { conductor } = rig.conductor('second', { timings: { claimMs: 1_500 }, tickMs: 200 });
  await conductor.start();
  await rig.append({ kind: 'note', by: 'ana', text: 'afterwards' });
  await rig.seen('afterwards');
  expect(await rig.messages('said once')).toHaveLength(1);
  expect(await rig.cloud.live.effectResult(rig.launchId, effectId)).toBe(ts);
});

test('while Slack is gone the cloud effects go on, and the posts come in the order of the record afterwards', async () => {
  await rig.create({ ready: false });
  let down = true;
  const slack = new Proxy(rig.slack, {
    get(port, name, receiver) {
      const work: unknown = Reflect.get(port, name, receiver);
      if (typeof work !== 'function') return work;
      return (...args: unknown[]): unknown =>
        down ? Promise.reject(new Error('connect ECONNREFUSED')) : Reflect.apply(work, port, args);
    },
  });
  const { conductor, journal } = rig.conductor('first', { slack, tickMs: 200 });
  await conductor.start();
  const submitted = await journal.append(rig.launchId, {
    kind: 'set-switch',
    by: 'ana',
    switch: 'zombie',
    value: true,
    reason: 'load',
  });
  if (!submitted.ok) throw new Error(submitted.say);
  await conductor.perform(rig.launchId, submitted.entry);
  expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ zombie: true, seq: submitted.entry.seq });
  expect((await rig.cloud.parameters.get(`/gobutton/gobutton/${rig.launchId}/zombie`))?.value).toBe('on');
  const flags = await until('the flag file', async () => {
    const bytes = await rig.cloud.objects.get(`switches/${rig.launchId}.json`);
    const found = bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as { zombie: boolean });
    return found?.zombie === true ? found : null;
  });
  expect(flags).toMatchObject({ zombie: true, halted: false });
  expect(await rig.messages()).toEqual([]);
  await rig.append({ kind: 'note', by: 'ana', text: 'last word' });
  down = false;
  await rig.seen('last word');
  const texts = (await rig.messages()).map(({ text }) => text).join('\n');
  expect(texts.indexOf('created')).toBeLessThan(texts.indexOf('zombie'));
  expect(texts.indexOf('zombie')).toBeLessThan(texts.indexOf('last word'));
});

test('a webhook that never answers holds up nothing that is due meanwhile', async () => {
  let calls = 0;
  let isGivenUp = false;
  const server = await listen('127.0.0.1', 0, (request) => {
    calls += 1;
    request.on('close', () => {
      isGivenUp = true;
    });
  });
  try {
    const phases = [
      {
        id: 'p',
        title: 'P',
        steps: [{ id: 'call', title: 'Call', at: 'T-1h', do: { kind: 'webhook', to: 'ads' } }],
      },
    ];
    await rig.create({ ready: false, runbook: sampleRunbook({ phases }), targetAtMs: Date.now() + 3_599_000 });
    const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
    const webhooks = { ads: { url: `http://127.0.0.1:${server.port}/`, secret } };
    await rig.conductor('first', { outside: { pagerDuty: null, webhooks }, tickMs: 200 }).conductor.start();
    await until('the call', async () => (await rig.launch()).steps['call']?.state === 'started');
    await rig.append({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: 'load' });
    await until('the switch', async () => (await rig.cloud.switches.read(rig.launchId))?.zombie === true);
    await rig.append({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: false, reason: 'over' });
    await until('the switch again', async () => (await rig.cloud.switches.read(rig.launchId))?.zombie === false);
    expect({ calls, isGivenUp }).toEqual({ calls: 1, isGivenUp: false });
  } finally {
    await server.close();
  }
});

test('an older write of the switches never replaces a newer one', async () => {
  await rig.create({ ready: false });
  const { conductor } = rig.conductor('first', { slack: null });
  const slow = await rig.append({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 100, reason: 'slow' });
  const fast = await rig.append({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 900, reason: 'fast' });
  await conductor.perform(rig.launchId, fast);
  await conductor.perform(rig.launchId, slow);
  expect((await rig.cloud.switches.read(rig.launchId))?.pace.ios).toBe(900);
  expect((await rig.cloud.parameters.get(`/gobutton/gobutton/${rig.launchId}/pace.ios`))?.value).toBe('900');
});

test('the approving press sends its segment orders before it returns, with the contract’s group and deduplication ids', async () => {
  await rig.create();
  const { conductor, journal } = rig.conductor('first', { slack: null });
  const order = await rig.request(['us-ios']);
  const submitted = await journal.append(rig.launchId, rig.approval(order));
  if (!submitted.ok) throw new Error(submitted.say);
  await conductor.perform(rig.launchId, submitted.entry);
  await conductor.perform(rig.launchId, submitted.entry);
  // The same dedup id again: SQS takes it and delivers it once (docs/facts.md#sqs-dedup).
  expect(await segmentsInQueue()).toEqual(['us-ios']);
  const id = segmentDedupId({ launchId: rig.launchId, segment: 'us-ios', attempt: 1 });
  await rig.cloud.queues.sendFifo(QUEUE, [{ body: '{}', group: id, dedup: id }]);
  expect((await rig.cloud.queues.depth(QUEUE)).visible).toBe(0);
});

test('a chart that can never be uploaded holds up nothing that comes after it', async () => {
  await rig.create();
  const slack: SlackPort = {
    ...rig.slack,
    upload: () => Promise.reject(new Error('SLACK_ERROR: storage_limit_reached')),
  };
  const shot = await rig.appendAs('FireApproved', rig.approval(await rig.request(['us-ios'])));
  await rig.append({
    kind: 'close-shot',
    shotId: shot.shotId,
    cause: 'not-after',
    segments: [
      {
        segment: 'us-ios',
        attempt: 1,
        devices: 500,
        totals: { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 500, skipped: 0, reasons: {} },
      },
    ],
  });
  await rig.request(['us-ios']);
  const { conductor } = rig.conductor('first', { slack, tickMs: 200 });
  await conductor.start();
  expect(JSON.stringify((await rig.seen('asks to send')).blocks)).toContain('fire.go');
});

test('an entry that nothing can put into words holds up nothing that comes after it', async () => {
  await rig.create({ ready: false });
  const { seq, headHash, targetAtMs } = await rig.launch();
  // No command gives such an entry; an older version might have.
  expect(
    await rig.cloud.record.append(
      rig.launchId,
      { seq, hash: headHash },
      { kind: 'TargetMoved', targetAtMs: 1e18, reason: 'slip', atMs: Date.now(), by: { person: 'ana' } },
      { signer: botKeyring().signer },
    ),
  ).toMatchObject({ won: true });
  await rig.append({ kind: 'move-target', by: 'ana', targetAtMs, reason: 'back' });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await rig.append({ kind: 'note', by: 'ana', text: 'afterwards' });
  await rig.seen('afterwards');
});
