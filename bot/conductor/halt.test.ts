import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClients } from '../../infra/aws/clients.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import { startRig, until } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { secondTry } from '../../test/run/second-try.ts';
import { SWITCHES_WRITTEN } from './halt.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
});
afterEach(async () => {
  await rig.stop();
});

const press = { by: 'mia', source: 'slack' as const, reason: 'wrong link', pressedAtMs: 1_770_000_000_000 };

test('halt writes the switch item first, and its entry lands when the record comes back', async () => {
  const events: string[] = [];
  let down = true;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...rig.cloud.switches,
      halt: async (id) => {
        events.push('switch item');
        return rig.cloud.switches.halt(id);
      },
    },
    record: {
      ...rig.cloud.record,
      append: async (...args) => {
        events.push('append');
        if (down) throw new Error('connect ECONNREFUSED');
        return rig.cloud.record.append(...args);
      },
      readAfter: async (...args) => {
        if (down) throw new Error('connect ECONNREFUSED');
        return rig.cloud.record.readAfter(...args);
      },
    },
  };
  const { conductor } = rig.conductor('first', { cloud, slack: null });
  const { epoch, recorded } = await conductor.halt(rig.launchId, press);
  expect(epoch).toBe(1);
  expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ halted: true, haltEpoch: 1 });
  expect(events[0]).toBe('switch item');
  expect(await rig.entries('HaltSet')).toEqual([]);
  down = false;
  await recorded;
  expect(await rig.entries('HaltSet')).toMatchObject([
    { epoch: 1, by: { person: 'mia' }, reason: 'wrong link', pressedAtMs: press.pressedAtMs },
  ]);
  expect((await rig.cloud.parameters.get(`/gobutton/gobutton/${rig.launchId}/halt`))?.value).toBe('on');
});

test('halt is tried again until the switch item takes it', async () => {
  let failures = 3;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...rig.cloud.switches,
      halt: async (id) => {
        if (failures-- > 0) throw new Error('throttled');
        return rig.cloud.switches.halt(id);
      },
    },
  };
  const { conductor } = rig.conductor('first', { cloud, slack: null });
  expect((await conductor.halt(rig.launchId, press)).epoch).toBe(1);
});

test('two people who halt at once both get through, and the record ends with the epoch of the switch item', async () => {
  const one = rig.conductor('first', { slack: null }).conductor;
  const two = rig.conductor('second', { slack: null }).conductor;
  const presses = await Promise.all([one.halt(rig.launchId, press), two.halt(rig.launchId, { ...press, by: 'ben' })]);
  await Promise.all(presses.map(({ recorded }) => recorded));
  expect(presses.map(({ epoch }) => epoch).toSorted((a, b) => a - b)).toEqual([1, 2]);
  expect((await rig.launch()).halt).toMatchObject({ active: true, epoch: 2 });
  expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ halted: true, haltEpoch: 2 });
});

test('a halt after the switch item was lost ends what runs at once: its epoch is above all that the record knows', async () => {
  const { conductor, journal } = rig.conductor('first', { slack: null });
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 3, reason: '', pressedAtMs: Date.now() });
  const { liftId } = await rig.appendAs('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  await rig.append({ kind: 'approve-lift', by: 'mia', liftId });
  await journal.launch(rig.launchId);
  const { epoch, recorded } = await conductor.halt(rig.launchId, { ...press, pressedAtMs: Date.now() });
  expect(epoch).toBe(4);
  expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ halted: true, haltEpoch: 4 });
  expect(await recorded).toMatchObject({ ok: true, entry: { kind: 'HaltSet', epoch: 4 } });
});

test('a halt that only the switch item knows is recorded as found, with its person if that was kept', async () => {
  await rig.cloud.switches.halt(rig.launchId);
  await rig.cloud.facts.put(rig.launchId, 'halt/1', JSON.stringify(press));
  const { conductor } = rig.conductor('first', { slack: null });
  await conductor.start();
  await until('HaltSet', async () => (await rig.entries('HaltSet'))[0]);
  expect(await rig.entries('HaltSet')).toMatchObject([{ epoch: 1, by: { person: 'mia' }, reason: 'wrong link' }]);
});

test.each([
  ["can't be read", 'mia', /found in the switch item/],
  ['names values of other kinds', JSON.stringify({ ...press, pressedAtMs: 'now' }), /found in the switch item/],
  [
    'names somebody who is not on the roster',
    JSON.stringify({ ...press, by: 'zed' }),
    /^wrong link \(by zed: You are not on this launch's roster/,
  ],
])(
  'a halt that only the switch item knows is recorded all the same if what was kept of its press %s',
  async (_, kept, reason) => {
    await rig.cloud.switches.halt(rig.launchId);
    await rig.cloud.facts.put(rig.launchId, 'halt/1', kept);
    const { conductor } = rig.conductor('first', { slack: null });
    await conductor.start();
    await until('HaltSet', async () => (await rig.entries('HaltSet'))[0]);
    expect(await rig.entries('HaltSet')).toMatchObject([
      { epoch: 1, by: { system: expect.stringMatching(/slack|cli/) }, reason: expect.stringMatching(reason) },
    ]);
  },
);

/** Watches that look many times a second, and what is set by hand between two looks. */
const WATCHED = secondTry('a change by hand between two looks of a watch');

test("an epoch far beyond the record's halts, is put back and told, and two people can lift it", WATCHED, async () => {
  const { conductor, journal } = rig.conductor('first', { slack: null });
  await rig.cloud.switches.apply(rig.launchId, 1, { pace: { ios: 0, android: 0 }, zombie: false, custom: {} });
  // By hand: the real item, with a figure that no presses make.
  await rig.cloud.switches.resetEpoch(
    rig.launchId,
    (await rig.cloud.switches.halt(rig.launchId)).haltEpoch,
    1_000_000_000,
  );
  await conductor.start();
  await until(
    'the item is put back',
    async () => (await rig.cloud.switches.read(rig.launchId, { consistent: true }))?.haltEpoch === 1,
  );
  expect(await rig.cloud.switches.read(rig.launchId, { consistent: true })).toMatchObject({ halted: true });
  expect(await rig.entries('HaltSet')).toMatchObject([{ epoch: 1 }]);
  await until('people are told', async () =>
    (await rig.entries('Noted')).some(({ text = '' }) => text.includes('somebody wrote it by hand')),
  );
  const asked = await journal.append(rig.launchId, { kind: 'request-lift', by: 'ana', reason: 'known' });
  if (!asked.ok || asked.entry.kind !== 'LiftRequested') throw new Error('not asked');
  const lifted = await journal.append(rig.launchId, { kind: 'approve-lift', by: 'mia', liftId: asked.entry.liftId });
  if (!lifted.ok) throw new Error(lifted.say);
  await conductor.perform(rig.launchId, lifted.entry);
  expect(await rig.cloud.switches.read(rig.launchId, { consistent: true })).toMatchObject({
    halted: false,
    haltEpoch: 1,
  });
});

test('a conductor stops in its time, whatever hangs', async () => {
  const switches = { ...rig.cloud.switches, haltExisting: () => new Promise<never>(() => undefined) };
  const cloud = { ...rig.cloud, switches };
  const { conductor } = rig.conductor('first', { slack: null, cloud, timings: { stopMs: 100 } });
  void conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: '', pressedAtMs: Date.now() });
  const startMs = performance.now();
  await conductor.stop();
  expect(performance.now() - startMs).toBeGreaterThan(90);
});

test('halting a launch that does not exist changes nothing', async () => {
  const { conductor } = rig.conductor('first', { slack: null });
  await expect(
    conductor.halt('nowhere', { by: 'mia', source: 'slack', reason: '', pressedAtMs: Date.now() }),
  ).rejects.toMatchObject({ code: 'NO_LAUNCH' });
  expect(await rig.cloud.switches.read('nowhere', { consistent: true })).toBeNull();
});

test(
  'a halt set by hand in Parameter Store is obeyed and recorded once; the mirror of a lift is not taken for one',
  WATCHED,
  async () => {
    const { conductor, journal } = rig.conductor('first', { slack: null });
    await conductor.start();
    await rig.cloud.parameters.put(`/gobutton/gobutton/${rig.launchId}/halt`, 'on');
    await until('the switch item is halted', async () => (await rig.cloud.switches.read(rig.launchId))?.halted);
    await until('HaltSet', async () => (await rig.entries('HaltSet'))[0]);
    expect(await rig.entries('HaltSet')).toMatchObject([{ by: { system: 'ssm' }, epoch: 1 }]);

    const submit = async (command: Parameters<typeof journal.append>[1]) => {
      const submitted = await journal.append(rig.launchId, command);
      if (!submitted.ok) throw new Error(submitted.say);
      await conductor.perform(rig.launchId, submitted.entry);
      return submitted.entry;
    };
    const asked = await submit({ kind: 'request-lift', by: 'ana', reason: 'fixed' });
    if (asked.kind !== 'LiftRequested') throw new Error(asked.kind);
    await submit({ kind: 'approve-lift', by: 'mia', liftId: asked.liftId });
    expect(await rig.cloud.switches.read(rig.launchId)).toMatchObject({ halted: false, haltEpoch: 1 });
    await until(
      'the mirror is off',
      async () => (await rig.cloud.parameters.get(`/gobutton/gobutton/${rig.launchId}/halt`))?.value === 'off',
    );

    // By hand again: a new version, a new halt. Nothing else has halted meanwhile.
    await rig.cloud.parameters.put(`/gobutton/gobutton/${rig.launchId}/halt`, 'ON');
    await until('halted again', async () => (await rig.entries('HaltSet')).length === 2);
    expect(await rig.entries('HaltSet')).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
  },
);

test('a lift waits half a second for Parameter Store, and covers no halt that is read after that', async () => {
  const name = `/gobutton/gobutton/${rig.launchId}/halt`;
  const late = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  const noted: string[] = [];
  const { parameters, facts } = rig.cloud;
  const cloud: Cloud = {
    ...rig.cloud,
    parameters: {
      ...parameters,
      async get(asked, version, signal) {
        // Only the look before a lift can be called off.
        if (signal === undefined) return parameters.get(asked, version);
        await late.promise;
        return parameters.get(asked, version).finally(() => read.resolve());
      },
    },
    facts: {
      ...facts,
      put(launchId, fact, value) {
        noted.push(fact);
        return facts.put(launchId, fact, value);
      },
    },
  };
  const { conductor } = rig.conductor('first', { slack: null, cloud });
  const halt = await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: '', pressedAtMs: Date.now() });
  await halt.recorded;
  const asked = await conductor.execute(rig.launchId, { kind: 'request-lift', by: 'ana', reason: 'fixed' });
  if (!asked.ok || asked.entry.kind !== 'LiftRequested') throw new Error('not asked');
  await conductor.execute(rig.launchId, { kind: 'approve-lift', by: 'mia', liftId: asked.entry.liftId });
  expect(await rig.cloud.switches.read(rig.launchId, { consistent: true })).toMatchObject({ halted: false });
  const byHand = await parameters.put(name, 'on');
  late.resolve();
  await read.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(noted).not.toContain(`ssm/halt/${byHand}`);
});

test('a halt that the record knows and the switch item lost is put into force again', async () => {
  const { conductor } = rig.conductor('first', { slack: null });
  await rig.append({
    kind: 'set-halt',
    by: 'mia',
    source: 'cli',
    epoch: 3,
    reason: 'item was lost',
    pressedAtMs: Date.now(),
  });
  await conductor.start();
  await until('the switch item', async () => {
    const item = await rig.cloud.switches.read(rig.launchId);
    return item?.halted === true && item.haltEpoch === 3;
  });
});

test('whoever writes the switch item at the same moment counts no halt twice: none is found that nobody pressed', async () => {
  let looks = 0;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...rig.cloud.switches,
      // What stood before the others wrote, for as long as a look may be old.
      read: async (id) => {
        looks += 1;
        return looks < 9 ? null : rig.cloud.switches.read(id, { consistent: true });
      },
    },
  };
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 2, reason: '', pressedAtMs: Date.now() });
  const { conductor } = rig.conductor('first', { cloud, slack: null });
  await conductor.start();
  await until('several looks', () => looks > 14);
  expect(await until('the item', () => rig.cloud.switches.readWithin(rig.launchId, 5_000))).toMatchObject({
    halted: true,
    haltEpoch: 2,
  });
  expect(await rig.entries('HaltSet')).toHaveLength(1);
});

test('an item that is halted no more without a lift is halted anew, under an epoch of its own', async () => {
  const { conductor } = rig.conductor('first', { slack: null });
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 2, reason: '', pressedAtMs: Date.now() });
  await rig.cloud.switches.catchUp(rig.launchId, { epoch: 2, active: false });
  await conductor.start();
  await until('the halt', async () => (await rig.entries('HaltSet')).length === 2);
  expect(await rig.cloud.switches.readWithin(rig.launchId, 5_000)).toMatchObject({ halted: true, haltEpoch: 3 });
});

/** Halted and lifted, in the record alone. */
async function liftedAt(epoch: number): Promise<void> {
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch, reason: '', pressedAtMs: Date.now() });
  const { liftId } = await rig.appendAs('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  await rig.append({ kind: 'approve-lift', by: 'mia', liftId });
}

test('an item that stands halted though the record has lifted it is found, so that two people can lift it', async () => {
  const { conductor } = rig.conductor('first', { slack: null });
  await liftedAt(2);
  await conductor.start();
  const { seq } = await rig.launch();
  await until('the lift', () => rig.cloud.live.effectResult(rig.launchId, `${seq}/lift-halt`));
  // By hand, or put back from a backup; of a press that was recorded and lifted its fact is there.
  await rig.cloud.facts.put(rig.launchId, 'halt/1', JSON.stringify(press));
  await rig.cloud.switches.resetEpoch(rig.launchId, 2, 1);
  await until('the halt', async () => (await rig.entries('HaltSet')).length === 2);
  expect((await rig.entries('HaltSet')).at(-1)).toMatchObject({ epoch: 3, by: { system: 'cli' } });
  const standing = () => rig.cloud.switches.readWithin(rig.launchId, 5_000);
  await until('the same in the item', async () => (await standing())?.haltEpoch === 3);
  const { liftId } = await rig.appendAs('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  await conductor.execute(rig.launchId, { kind: 'approve-lift', by: 'mia', liftId });
  await until('the lift', async () => (await standing())?.halted === false);
});

test('a lift that has yet to reach the item is no halt that somebody has pressed', async () => {
  let looks = 0;
  let isAway = true;
  const { switches } = rig.cloud;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...switches,
      read: async (...args) => {
        looks += 1;
        return switches.read(...args);
      },
      lift: async (...args) => {
        if (isAway) throw new Error('throttled');
        return switches.lift(...args);
      },
    },
  };
  await switches.catchUp(rig.launchId, { epoch: 2, active: true });
  await liftedAt(2);
  const { conductor } = rig.conductor('first', { cloud, slack: null, timings: { foundHaltMs: 0 } });
  await conductor.start();
  const before = looks;
  await until('several looks', () => looks > before + 5);
  isAway = false;
  await until('the lift', async () => (await switches.readWithin(rig.launchId, 5_000))?.halted === false);
  expect(await rig.entries('HaltSet')).toHaveLength(1);
});

test('a press that counted lower than the record is in force as soon as it is recorded, though others have brought the item to what stood before', async () => {
  await liftedAt(5);
  const { conductor } = rig.conductor('first', { slack: null });
  // Its record was not read yet, and the item was lost.
  await rig.cloud.switches.halt(rig.launchId);
  const { epoch, recorded } = await conductor.halt(rig.launchId, { ...press, pressedAtMs: Date.now() + 1_000 });
  expect(epoch).toBe(2);
  await rig.cloud.switches.catchUp(rig.launchId, { epoch: 5, active: false });
  expect(await recorded).toMatchObject({ ok: true, entry: { kind: 'HaltSet', epoch: 6 } });
  await until('the halt', async () => {
    const item = await rig.cloud.switches.readWithin(rig.launchId, 5_000);
    return item?.halted === true && item.haltEpoch === 6;
  });
});

test('a count that was put far below the record holds no press up', async () => {
  const { switches } = rig.cloud;
  let writes = 0;
  const haltExisting: typeof switches.haltExisting = async (id) => {
    writes += 1;
    return switches.haltExisting(id);
  };
  const cloud: Cloud = { ...rig.cloud, switches: { ...switches, haltExisting } };
  const { conductor, journal } = rig.conductor('first', { cloud, slack: null });
  await liftedAt(900);
  await journal.launch(rig.launchId);
  await switches.halt(rig.launchId);
  expect((await conductor.halt(rig.launchId, { ...press, pressedAtMs: Date.now() })).epoch).toBe(901);
  expect(writes).toBeLessThan(4);
});

test('a halt that lands between the two looks at it is neither pressed again nor found', async () => {
  let item: SwitchItem | null = null;
  let looks = 0;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...rig.cloud.switches,
      read: async (id, options) => {
        const before = await rig.cloud.switches.read(id, { ...options, consistent: true });
        looks += 1;
        if (looks === 2) {
          item = await rig.cloud.switches.halt(id);
          await rig.append({ kind: 'set-halt', epoch: item.haltEpoch, ...press, pressedAtMs: Date.now() });
        }
        return before;
      },
    },
  };
  const { conductor } = rig.conductor('first', { cloud, slack: null });
  await conductor.start();
  await until('several looks', () => looks > 5);
  expect(await rig.cloud.switches.read(rig.launchId, { consistent: true })).toMatchObject({
    halted: true,
    haltEpoch: 1,
  });
  expect(await rig.entries('HaltSet')).toMatchObject([{ epoch: 1, by: { person: 'mia' } }]);
});

test('a switch item that is written for the first time between the two looks at it was never missing', async () => {
  let looks = 0;
  const cloud: Cloud = {
    ...rig.cloud,
    switches: {
      ...rig.cloud.switches,
      read: async (id, options) => {
        looks += 1;
        if (looks > 1) return rig.cloud.switches.read(id, { ...options, consistent: true });
        await until('its first write', async () => (await rig.cloud.live.effectResult(id, SWITCHES_WRITTEN)) !== null);
        return null;
      },
    },
  };
  const { conductor } = rig.conductor('first', { cloud, slack: null });
  await conductor.start();
  await until('several looks', () => looks > 3);
  expect(await rig.entries('Noted')).toEqual([]);
});

test('a switch item that was lost is written again from the record, with its halt, and the channel is told once', async () => {
  const { conductor } = rig.conductor('first');
  // One try of half a second: on a loaded machine it may take another.
  const standing = () => rig.cloud.switches.read(rig.launchId, { consistent: true }).catch(() => null);
  await rig.append({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 700, reason: '' });
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'cli', epoch: 2, reason: '', pressedAtMs: Date.now() });
  await conductor.start();
  await until('the item is as it should be', async () => {
    const item = await standing();
    return item?.haltEpoch === 2 && item.pace.ios === 700;
  });
  await until(
    'every effect done',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  const clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? null,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  await clients.dynamo.send(
    new DeleteItemCommand({ TableName: 'gobutton-switches', Key: { launchId: { S: rig.launchId } } }),
  );
  clients.destroy();
  expect((await rig.seen('was missing')).text).toContain('they paused');
  expect(await until('the item', standing)).toMatchObject({ halted: true, pace: { ios: 700 } });
  expect(await rig.entries('Noted')).toMatchObject([{ by: { system: 'conductor' } }]);
});
