import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../contract/manifest.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { SwitchItem, SwitchStore } from '../../infra/aws/switch-store.ts';
import type { TestResult } from '../../runbooks/launch/entries.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { workerKeyring } from '../../test/keys.ts';
import { MemoryClaims } from '../../test/memory-claims.ts';
import { MemoryRecord } from '../../test/properties/memory-record.ts';
import { LAUNCH_ID, Scene } from '../../test/properties/scene.ts';
import { Known } from './known.ts';
import { OrderFates } from './order-fates.ts';
import type { FateOptions } from './order-fates.ts';

/** What becomes of orders, by real records and rules in memory. Queues, holding and stopping: dispatcher.test.ts, with real queues. */

const SWITCHES: SwitchItem = {
  launchId: LAUNCH_ID,
  halted: false,
  haltEpoch: 0,
  seq: 1,
  pace: { ios: 0, android: 0 },
  zombie: false,
  custom: {},
  head: null,
};
const batch = (id: string) => ({ id, shard: 's', start: 0, count: 2 });
const MANIFEST = {
  segments: [
    { id: 'us-android', batches: [batch('us-android.0')] },
    { id: 'us-ios', batches: [batch('us-ios.0'), batch('us-ios.1')] },
  ],
} as unknown as Manifest;

/** The scene as a worker reads it from the table; `write` puts what has happened since into it. */
function worker(scene: Scene, change: Partial<FateOptions> = {}) {
  const record = new MemoryRecord();
  const write = () => record.tamper(LAUNCH_ID, () => scene.entries);
  write();
  const reads: string[] = [];
  const whole = createJournal({ record, keyring: workerKeyring(), nowMs: () => scene.nowMs });
  const journal = {
    ...whole,
    entries: (id: string) => (reads.push('whole'), whole.entries(id)),
    launch: (id: string) => (reads.push('news'), whole.launch(id)),
  };
  const sent: [queue: string, batches: string[]][] = [];
  const switches: { item: SwitchItem | null; consistent: boolean[] } = { item: SWITCHES, consistent: [] };
  const copies: [string, readonly string[]][] = [];
  const results: TestResult[] = [{ person: 'ana', platform: 'ios', accepted: true, reason: '', tookMs: 1 }];
  const lines: object[] = [];
  const stop = new AbortController();
  const fates = new OrderFates(
    {
      queues: {
        send: (queue, bodies, signal) => {
          if (signal !== stop.signal) throw new Error('a send that nothing ends');
          sent.push([queue, bodies.map((body) => (JSON.parse(body) as { batch: string }).batch)]);
          return Promise.resolve();
        },
      },
      batches: { ios: 'ios-batches', android: 'android-batches' },
      claims: new MemoryClaims(),
      setOf: () => Promise.reject(new Error('no set was frozen')),
      switches: {
        read: (_id: string, { consistent = false } = {}) => {
          switches.consistent.push(consistent);
          return Promise.resolve(switches.item);
        },
      } as SwitchStore,
      journal,
      launchId: LAUNCH_ID,
      known: new Known(journal, LAUNCH_ID),
      isServed: (id) => Promise.resolve(id === 'the-next'),
      manifestOf: () => Promise.resolve(MANIFEST),
      sendTest: (_launch, testId, to) => {
        copies.push([testId, to]);
        return Promise.resolve(results);
      },
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as object) }),
      nowMs: () => scene.nowMs,
      ...change,
    },
    stop.signal,
  );
  const ask = (order: object, group: string | null = null) =>
    fates.of(JSON.stringify({ v: 1, launchId: LAUNCH_ID, ...order }), group);
  return { fates, ask, sent, switches, copies, results, lines, record, write, reads, journal };
}

const orderOf = (shot: Shot, segment = 'us-ios', attempt = 1) => ({ shotId: shot.id, segment, attempt });

describe('an order of a segment', () => {
  test("is cut into its batches on its platform's queue, once", async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios', 'us-android']);
    const { ask, sent, lines, switches } = worker(scene);
    const all = [orderOf(shot), orderOf(shot), orderOf(shot, 'us-android')];
    expect(await Promise.all(all.map((order) => ask(order)))).toEqual(all.map(() => ({ done: true })));
    expect(await ask(orderOf(shot))).toEqual({ done: true });
    expect(sent).toHaveLength(2);
    expect(Object.fromEntries(sent)).toEqual({
      'android-batches': ['us-android.0'],
      'ios-batches': ['us-ios.0', 'us-ios.1'],
    });
    expect(lines).toMatchObject([
      { msg: 'segment cut into batches', batches: expect.any(Number) as number, tookMs: 0 },
      { msg: 'segment cut into batches' },
    ]);
    expect(switches.consistent).toEqual([true, true]);
  });

  test('says where, of which shot, segment and attempt a batch is', async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-android']);
    const bodies: string[] = [];
    const queues = { send: async (_queue: string, some: readonly string[]) => void bodies.push(...some) };
    await worker(scene, { queues }).ask(orderOf(shot, 'us-android'));
    expect(bodies.map((body) => JSON.parse(body) as object)).toEqual([
      { v: 1, launchId: LAUNCH_ID, shotId: shot.id, segment: 'us-android', attempt: 1, batch: 'us-android.0' },
    ]);
  });

  test('of a later attempt goes out with the batches that have somebody left, and no others', async () => {
    const scene = Scene.ready();
    const first = scene.fired(['us-ios']);
    scene.halt();
    scene.closes(first, { 'us-ios': { halted: 2 } });
    const second = scene.fired(['us-ios'], { lift: true });
    const { ask, sent, switches } = worker(scene, {
      setOf: () => Promise.resolve(new Map([['us-ios.1', Uint8Array.of(1, 1)]])),
    });
    switches.item = { ...SWITCHES, haltEpoch: 1 };
    expect(await ask(orderOf(second, 'us-ios', 2))).toEqual({ done: true });
    expect(sent).toEqual([['ios-batches', ['us-ios.1']]]);
  });

  test('that was refused is looked at again; one that failed is too', async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const { ask, sent, switches, record } = worker(scene);
    switches.item = { ...SWITCHES, haltEpoch: 1 };
    expect(await ask(orderOf(shot))).toEqual({ refused: `${shot.id} us-ios: the shot was halted` });
    record.isReadable = () => false;
    await expect(ask(orderOf(shot))).rejects.toThrow();
    record.isReadable = () => true;
    expect(sent).toEqual([]);
    switches.item = SWITCHES;
    expect(await ask(orderOf(shot))).toEqual({ done: true });
    expect(sent).toHaveLength(1);
  });

  test.each<[string, (scene: Scene, shot: Shot) => void, RegExp]>([
    ['that is late', (scene, shot) => (scene.nowMs = shot.notAfterAtMs.ios), /it is late/],
    ['of a shot that was halted', (scene) => scene.halt(), /the shot was halted/],
    ['of a shot that is closed', (scene, shot) => scene.closes(shot), /the shot is closed/],
  ])(
    '%s is refused: nothing of it is cut, and once the record is read it is read no more for it',
    async (_, change, why) => {
      const scene = Scene.ready();
      const shot = scene.fired(['us-ios']);
      change(scene, shot);
      const { ask, sent, reads, journal } = worker(scene);
      expect(await ask(orderOf(shot))).toEqual({ refused: expect.stringMatching(why) as string });
      await journal.launch(LAUNCH_ID);
      const before = reads.length;
      expect(await ask(orderOf(shot))).toEqual({ refused: expect.stringMatching(why) as string });
      expect([sent, reads.length]).toEqual([[], before]);
    },
  );

  test("that nobody approved is nobody's: an attempt, a shot to come, and a shot from before what is known, which costs no look", async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const { ask, sent, reads, journal } = worker(scene);
    const foreign = (why: RegExp) => ({ foreign: expect.stringMatching(why) as string });
    expect(await ask({ ...orderOf(shot), attempt: 2 })).toEqual(foreign(/attempt 2 of it was not approved/));
    await journal.launch(LAUNCH_ID);
    expect(await worker(scene).ask({ ...orderOf(shot), shotId: 'S99' })).toEqual(foreign(/S99 us-ios: NO_APPROVAL/));
    const before = reads.length;
    expect(await ask({ ...orderOf(shot), shotId: 'S1' })).toEqual(foreign(/not in the record: S1 us-ios/));
    expect([sent, reads.length]).toEqual([[], before]);
  });

  test('in a record that cannot be believed is refused in words', async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const { ask, sent, switches } = worker(scene);
    switches.item = { ...SWITCHES, head: { seq: 99, hash: 'f'.repeat(64) } };
    expect(await ask(orderOf(shot))).toEqual({ refused: expect.stringMatching(/RECORD_BROKEN, .*cut off/) as string });
    expect(sent).toEqual([]);
  });

  test('of a segment that the manifest has not is cut into nothing', async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['br-ios']);
    const { ask, sent } = worker(scene);
    expect(await ask(orderOf(shot, 'br-ios'))).toEqual({ done: true });
    expect(sent).toEqual([['ios-batches', []]]);
  });

  test('waits until the one before it is out, if that is of its platform', async () => {
    const scene = Scene.ready();
    const shot = scene.fired('all');
    const under: string[] = [];
    const first = Promise.withResolvers<void>();
    const queues = {
      send: (queue: string) => {
        under.push(queue);
        return under.length === 1 ? first.promise : Promise.resolve();
      },
    };
    const { ask } = worker(scene, { queues });
    const [ios, other] = [ask(orderOf(shot, 'us-ios')), ask(orderOf(shot, 'br-ios'))];
    await ask(orderOf(shot, 'us-android'));
    expect(under).toEqual(['ios-batches', 'android-batches']);
    first.resolve();
    await Promise.all([ios, other]);
    expect(under).toEqual(['ios-batches', 'android-batches', 'ios-batches']);
  });

  test('is remembered among a thousand; beyond them it is cut again, into the same batches', async () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const known = {
      peekShot: () => undefined,
      shot: () => Promise.resolve(true),
      peekTest: () => ({ results: [] }),
    } as unknown as Known;
    const { ask, sent } = worker(scene, { known });
    await ask(orderOf(shot));
    for (let at = 1; at < 1_000; at += 1) expect(await ask({ testId: `T${at}` })).toEqual({ done: true });
    await ask(orderOf(shot));
    expect(sent).toHaveLength(1);
    await ask({ testId: 'T1000' });
    await ask(orderOf(shot));
    expect(sent).toEqual([sent[0], sent[0]]);
  });
});

describe("an order of somebody else's", () => {
  test("goes back for the launch that has the pool now, in that launch's own group alone", async () => {
    const { ask, reads } = worker(Scene.ready());
    const of = (launchId: string) => ({ launchId, shotId: 'S9', segment: 'ios', attempt: 1 });
    expect(await ask(of('the-next'), 'the-next/ios/1')).toMatchObject({ backSeconds: 1 });
    expect(await ask(of('the-next'), `${LAUNCH_ID}/ios/1`)).toEqual({
      foreign: 'an order of another launch: the-next',
    });
    expect(await ask(of('the-next'), 'the-next2/ios/1')).toMatchObject({ foreign: expect.anything() as string });
    expect(await ask(of('the-next'), null)).toMatchObject({ foreign: expect.anything() as string });
    expect(await ask(of('nobody'), 'nobody/ios/1')).toMatchObject({ foreign: expect.anything() as string });
    expect(reads).toEqual([]);
  });

  test('of a newer version is named as such, and is nobody’s here', async () => {
    const { fates } = worker(Scene.ready());
    const newer = JSON.stringify({ v: 2, launchId: LAUNCH_ID, shotId: 'S9', segment: 'ios', attempt: 1, wave: 3 });
    expect(await fates.of(newer, `${LAUNCH_ID}/ios/1`)).toEqual({
      foreign:
        'a message on the segment queue has version 2, and this process knows version 1: it was written by a newer one. Update this process',
    });
  });

  test('is cut short where it is shown, if it is no order at all', async () => {
    const { fates } = worker(Scene.ready());
    const fate = await fates.of('x'.repeat(5_000), null);
    expect(fate).toEqual({ foreign: `a message on the segment queue is no order of this version: ${'x'.repeat(300)}` });
  });
});

describe('an order of test copies', () => {
  const asked = (prepare: (scene: Scene) => void = () => {}) => {
    const scene = Scene.ready();
    prepare(scene);
    const { testId } = scene.gives('TestRequested', { kind: 'request-test', by: 'ana', to: ['ana'] });
    return { scene, testId };
  };

  test('sends them and reports what became of them, once', async () => {
    const { scene, testId } = asked();
    const { ask, copies, results, journal, lines, switches } = worker(scene);
    expect(await ask({ testId })).toEqual({ done: true });
    expect(await ask({ testId })).toEqual({ done: true });
    expect(copies).toEqual([[testId, ['ana']]]);
    expect((await journal.launch(LAUNCH_ID))?.tests[testId]?.results).toEqual(results);
    expect(lines).toMatchObject([{ msg: 'test copies sent', testId, copies: 1, accepted: 1, reported: true }]);
    expect(switches.consistent).toEqual([true]);
  });

  test('is done when somebody has reported it: without a look if that is known, and after one if not', async () => {
    const { scene, testId } = asked();
    const { results } = worker(scene);
    scene.does({ kind: 'report-test', testId, results });
    const { ask, copies, reads } = worker(scene);
    expect(await ask({ testId })).toEqual({ done: true });
    const before = reads.length;
    const again = worker(scene);
    await again.journal.launch(LAUNCH_ID);
    expect(await again.ask({ testId })).toEqual({ done: true });
    expect([copies, again.copies, before, again.reads.length]).toEqual([[], [], 1, 1]);
  });

  test("that nobody asked for is nobody's", async () => {
    const { scene } = asked();
    const { ask, copies, journal } = worker(scene);
    for (const testId of ['T99', 'constructor', '__proto__'])
      expect(await ask({ testId })).toEqual({ foreign: `test ${testId} was not asked for` });
    await journal.launch(LAUNCH_ID);
    expect(await ask({ testId: 'T1' })).toEqual({ foreign: 'test T1 was not asked for' });
    expect(copies).toEqual([]);
  });

  test('of another text than stands now is refused', async () => {
    const { scene, testId } = asked();
    const { campaign } = scene.state;
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, id: 'other' } });
    const { ask, copies } = worker(scene);
    expect(await ask({ testId })).toEqual({
      refused: `test ${testId}: the content has changed since it was asked for`,
    });
    expect(copies).toEqual([]);
  });

  test.each<[string, (scene: Scene) => void, number]>([
    ['the record', (scene) => scene.halt(), 0],
    ['the switches alone', () => {}, 1],
  ])(
    'that was asked for before a halt, as %s says, sends nothing and says so of each device',
    async (_, halt, epoch) => {
      const { scene, testId } = asked();
      halt(scene);
      const { ask, copies, journal, switches } = worker(scene);
      switches.item = { ...SWITCHES, haltEpoch: epoch };
      expect(await ask({ testId })).toEqual({ done: true });
      expect(copies).toEqual([]);
      expect((await journal.launch(LAUNCH_ID))?.tests[testId]?.results).toMatchObject([
        { person: 'ana', accepted: false, reason: expect.stringContaining('halted') as string },
      ]);
    },
  );

  test('that was asked for during a halt is sent', async () => {
    const { scene, testId } = asked((before) => before.halt());
    const { ask, copies, switches } = worker(scene);
    switches.item = { ...SWITCHES, halted: true, haltEpoch: 1 };
    expect(await ask({ testId })).toEqual({ done: true });
    expect(copies).toHaveLength(1);
  });

  test('waits for switches that are gone: a halt may have stood in them', async () => {
    const { scene, testId } = asked();
    const { ask, copies, switches } = worker(scene);
    switches.item = null;
    await expect(ask({ testId })).rejects.toThrow('SWITCHES_MISSING');
    expect(copies).toEqual([]);
  });
});
