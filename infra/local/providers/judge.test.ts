import { mkdtemp, open, rm, truncate, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodyCache } from './body-cache.ts';
import { Judge } from './judge.ts';
import { Ledger } from './ledger.ts';
import { Phones } from './phones.ts';

const atMs = 1_700_000_000_050;
const device = (number: number): [number, number] => [Math.imul(number + 1, 0x9e3779b1) >>> 0, number];

describe('the judge', () => {
  it("counts duplicates over a launch's shots and platforms, exactly", () => {
    const judge = new Judge();
    const first = judge.tally('launch', 'shot-1', 'ios');
    const second = judge.tally('launch', 'shot-2', 'ios');
    const android = judge.tally('launch', 'shot-1', 'android');
    const receive = (tally: typeof first, number: number): boolean => judge.receive(tally, ...device(number), atMs);
    for (let number = 0; number < 1000; number++) expect(receive(first, number)).toBe(false);
    for (let number = 990; number < 1100; number++) receive(second, number);
    expect(receive(first, 5)).toBe(true);
    // The same hash on the other platform is another device.
    for (let number = 0; number < 10; number++) expect(receive(android, number)).toBe(false);
    expect(judge.counts('launch', null)).toMatchObject({
      received: 1121,
      distinctDevices: 1110,
      duplicates: 11,
      byPlatform: {
        ios: { received: 1111, distinctDevices: 1100, duplicates: 11 },
        android: { received: 10, distinctDevices: 10, duplicates: 0 },
      },
    });
    expect(judge.counts('launch', 'shot-1')).toMatchObject({ received: 1011, distinctDevices: 1010, duplicates: 1 });
    expect(judge.counts('launch', 'shot-2')).toMatchObject({ received: 110, distinctDevices: 110, duplicates: 0 });
  });

  it('leaves test and prime sends out of the launch and shows them by shot', () => {
    const judge = new Judge();
    for (const shot of ['prime', 'test-1', 'shot-1']) {
      judge.receive(judge.tally('launch', shot, 'ios'), ...device(1), atMs);
      judge.receive(judge.tally('launch', shot, 'ios'), ...device(2), atMs);
    }
    judge.receive(judge.tally('launch', 'prime', 'ios'), ...device(1), atMs);
    expect(judge.counts('launch', null)).toMatchObject({
      received: 2,
      distinctDevices: 2,
      duplicates: 0,
      shots: ['prime', 'test-1', 'shot-1'],
    });
    expect(judge.counts('launch', 'prime')).toMatchObject({ received: 3, distinctDevices: 2, duplicates: 1 });
    expect(judge.counts('launch', 'test-1')).toMatchObject({ received: 2, duplicates: 0 });
    expect(judge.counts('another', null)).toMatchObject({ received: 0, firstAtMs: null, lastAtMs: null, curve: [] });
  });

  it('tells shots apart beyond the 32nd', () => {
    const judge = new Judge();
    for (let shot = 0; shot < 40; shot++)
      for (let number = 0; number < 5; number++)
        judge.receive(judge.tally('launch', `shot-${shot}`, 'ios'), ...device(number), atMs);
    judge.receive(judge.tally('launch', 'shot-39', 'ios'), ...device(4), atMs);
    for (const shot of [0, 31, 32, 38])
      expect(judge.counts('launch', `shot-${shot}`)).toMatchObject({ received: 5, distinctDevices: 5, duplicates: 0 });
    expect(judge.counts('launch', 'shot-39')).toMatchObject({ received: 6, distinctDevices: 5, duplicates: 1 });
    expect(judge.counts('launch', null)).toMatchObject({ received: 201, distinctDevices: 5 });
  });

  it('gives the arrivals per 100 ms over all shots, with the first and the last moment', () => {
    const judge = new Judge();
    const times: [string, number][] = [
      ['shot-1', atMs],
      ['shot-1', atMs + 20],
      ['shot-1', atMs + 90],
      ['shot-2', atMs + 30],
      ['shot-2', atMs + 450],
    ];
    times.forEach(([shot, time], number) =>
      judge.receive(judge.tally('launch', shot, number % 2 === 0 ? 'ios' : 'android'), ...device(number), time),
    );
    const counts = judge.counts('launch', null);
    expect(counts.curve).toEqual([
      [1_700_000_000_000, 3],
      [1_700_000_000_100, 1],
      [1_700_000_000_500, 1],
    ]);
    expect([counts.firstAtMs, counts.lastAtMs]).toEqual([atMs, atMs + 450]);
  });
});

describe('the ledger', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'ledger-'));
  });
  afterAll(async () => {
    await rm(root, { recursive: true });
  });

  function opened(dir: string): { judge: Judge; phones: Phones; ledger: Ledger } {
    const judge = new Judge();
    const phones = new Phones();
    return { judge, phones, ledger: new Ledger(join(root, dir), judge, phones) };
  }

  it('gives back counts, answers, curve and phones, and goes on counting', () => {
    const before = opened('again');
    const tally = before.judge.tally('launch', 'shot-1', 'ios');
    const prime = before.judge.tally('launch', 'prime', 'android');
    for (let number = 0; number < 30_000; number++) {
      before.judge.receive(tally, ...device(number % 29_000), atMs + number / 10);
      tally.answered('200');
      if (number % 7000 === 0) before.ledger.flush();
    }
    before.judge.receive(prime, ...device(1), atMs);
    before.phones.show(
      'ios',
      'face01',
      {
        launchId: 'launch',
        shotId: 'shot-1',
        title: 'T',
        subtitle: '',
        body: 'B',
        image: '',
        badge: null,
        buttons: [],
        sound: null,
        background: false,
        pushType: null,
        zombie: null,
        collapseId: null,
      },
      'c',
      atMs,
    );
    before.ledger.close();

    const after = opened('again');
    expect(after.judge.counts('launch', null)).toEqual(before.judge.counts('launch', null));
    expect(after.judge.counts('launch', null)).toMatchObject({
      received: 30_000,
      duplicates: 1000,
      answers: { 200: 30_000 },
    });
    expect(after.judge.counts('launch', 'prime')).toEqual(before.judge.counts('launch', 'prime'));
    expect(after.phones.all()).toEqual(before.phones.all());
    after.judge.receive(after.judge.tally('launch', 'shot-1', 'ios'), ...device(3), atMs + 5000);
    after.judge.receive(after.judge.tally('launch', 'shot-2', 'ios'), ...device(50_000), atMs + 5000);
    after.ledger.close();

    const last = opened('again');
    expect(last.judge.counts('launch', null)).toEqual(after.judge.counts('launch', null));
    expect(last.judge.counts('launch', null)).toMatchObject({
      received: 30_002,
      distinctDevices: 29_001,
      duplicates: 1001,
    });
    last.ledger.close();
  });

  it('gives back every receipt that was kept before its answer, whatever the JSON of that second became of', () => {
    const before = opened('kept');
    const tally = before.judge.tally('launch', 'shot-1', 'ios');
    for (let number = 0; number < 300; number++) {
      before.judge.receive(tally, ...device(number % 290), atMs);
      if (number % 7 === 0) before.ledger.keep();
      if (number === 100) before.ledger.flush();
    }
    before.judge.receive(before.judge.tally('launch', 'shot-2', 'android'), ...device(1), atMs);
    before.ledger.keep();

    // As a kill -9 would leave it: nothing was closed.
    const after = opened('kept');
    expect(after.judge.counts('launch', null)).toMatchObject({
      received: 301,
      distinctDevices: 291,
      duplicates: 10,
      byPlatform: { android: { received: 1 } },
    });
    expect(after.judge.counts('launch', null).curve.reduce((sum, [, count]) => sum + count, 0)).toBe(301);
    after.ledger.close();
    before.ledger.flush();
    expect(opened('kept').judge.counts('launch', 'shot-1')).toMatchObject({ received: 300, firstAtMs: atMs });
  });

  it('drops a block that was torn by a kill, and nothing before it', async () => {
    const before = opened('torn');
    const tally = before.judge.tally('launch', 'shot-1', 'ios');
    for (let number = 0; number < 100; number++) before.judge.receive(tally, ...device(number), atMs);
    before.ledger.flush();
    const whole = before.judge.counts('launch', null);
    for (let number = 0; number < 50; number++) before.judge.receive(tally, ...device(number), atMs + 1000);
    before.ledger.close();
    const file = join(root, 'torn', 'receipts.ledger');
    await truncate(file, (await stat(file)).size - 5);

    const after = opened('torn');
    expect(after.judge.counts('launch', null)).toEqual(whole);
    after.judge.receive(after.judge.tally('launch', 'shot-1', 'ios'), ...device(100), atMs);
    after.ledger.close();
    expect(opened('torn').judge.counts('launch', null)).toMatchObject({ received: 101, distinctDevices: 101 });
  });

  it('starts anew on a file that is none of its own, and after a reset', async () => {
    const before = opened('reset');
    before.judge.receive(before.judge.tally('launch', 'shot-1', 'ios'), ...device(1), atMs);
    before.ledger.flush();
    before.ledger.reset();
    before.judge.reset();
    before.judge.receive(before.judge.tally('second', 'shot-1', 'ios'), ...device(1), atMs);
    before.ledger.close();
    expect(opened('reset').judge.launches()).toEqual(['second']);

    const file = await open(join(root, 'reset', 'receipts.ledger'), 'w');
    await file.write('something else entirely, longer than a head');
    await file.close();
    expect(opened('reset').judge.launches()).toEqual([]);
  });
});

describe('BodyCache', () => {
  const found = (cache: BodyCache<string>, text: string, before = ''): string | undefined => {
    const bytes = Buffer.from(`${before}${text}|`);
    return cache.find(bytes, before.length, bytes.length - 1)?.value;
  };

  it('finds what differs in the hole alone, wherever it lies in what was read', () => {
    const cache = new BodyCache<string>();
    cache.add(Buffer.from('{"token":"AAA","x":1}'), 'known', 10, 13);
    expect(found(cache, '{"token":"BBB","x":1}')).toBe('known');
    expect(found(cache, '{"token":"BBB","x":1}', 'something else before it')).toBe('known');
    for (const other of [
      '{"token":"BBB","x":2}',
      '{"Token":"BBB","x":1}',
      '{"token":"BBBB","x":1}',
      '{"token":"BB","x":1}',
      '{"token":"BBBB,"x":1}',
    ])
      expect(found(cache, other)).toBeUndefined();
  });

  it('without a hole finds the same bytes only', () => {
    const cache = new BodyCache<string>();
    cache.add(Buffer.from('body 1'), 'one');
    cache.add(Buffer.from('body 2'), 'two');
    expect(['body 1', 'body 2', 'body 3', ''].map((text) => found(cache, text))).toEqual([
      'one',
      'two',
      undefined,
      undefined,
    ]);
  });

  it('forgets everything when it is full, rather than growing', () => {
    const cache = new BodyCache<string>(10);
    for (let number = 0; number < 25; number++) cache.add(Buffer.from(`body ${number}`), String(number));
    expect(found(cache, 'body 24')).toBe('24');
    expect(found(cache, 'body 3')).toBeUndefined();
  });
});
