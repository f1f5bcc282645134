import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { Addresses } from './addresses.ts';

const THREE = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const known = (ips: readonly string[], start = 0): Addresses => {
  const addresses = new Addresses(start);
  addresses.learn(ips, 0);
  return addresses;
};
const takeMany = (addresses: Addresses, count: number, nowMs = 0): Record<string, number> => {
  const taken: Record<string, number> = {};
  for (let at = 0; at < count; at += 1) {
    const ip = addresses.take(nowMs) ?? 'none';
    taken[ip] = (taken[ip] ?? 0) + 1;
  }
  return taken;
};

test('three addresses of a name get a third of the connections each', () => {
  expect(takeMany(known(THREE), 60)).toEqual({ '10.0.0.1': 20, '10.0.0.2': 20, '10.0.0.3': 20 });
});

test('lanes that begin at different places share single connections out', () => {
  expect([0, 1, 2, 3].map((start) => known(THREE, start).take(0))).toEqual([
    '10.0.0.1',
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.1',
  ]);
});

test('what is lost is opened where the fewest are', () => {
  const addresses = known(THREE);
  takeMany(addresses, 30);
  for (let at = 0; at < 4; at += 1) addresses.left('10.0.0.2');
  expect(takeMany(addresses, 4)).toEqual({ '10.0.0.2': 4 });
});

test('a failed address rests: 10 s, twice as long each time soon after, at most 5 minutes', () => {
  const addresses = known(THREE);
  let nowMs = 0;
  for (const restMs of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    addresses.failed('10.0.0.1', nowMs);
    const others = new Set(['10.0.0.2', '10.0.0.3']);
    expect([addresses.hasFit(nowMs + restMs - 1, others), addresses.hasFit(nowMs + restMs, others)]).toEqual([
      false,
      true,
    ]);
    expect(takeMany(addresses, 30, nowMs + restMs - 1)['10.0.0.1']).toBeUndefined();
    nowMs += restMs;
  }
  addresses.failed('10.0.0.1', nowMs + 60_001);
  expect(addresses.hasFit(nowMs + 60_001 + 10_000, new Set(['10.0.0.2', '10.0.0.3']))).toBe(true);
});

test('a node that takes 20 connections along has failed once', () => {
  const addresses = known(THREE);
  for (let at = 0; at < 20; at += 1) addresses.failed('10.0.0.1', at);
  expect(addresses.hasFit(10_019, new Set(['10.0.0.2', '10.0.0.3']))).toBe(true);
});

test('when all rest, the one that failed longest ago is tried, so there is always one', () => {
  const addresses = known(THREE);
  for (const [at, ip] of THREE.entries()) addresses.failed(ip, 100 - at);
  for (const ip of ['10.0.0.3', '10.0.0.2', '10.0.0.1', '10.0.0.3']) {
    const taken = addresses.take(200);
    expect(taken).toBe(ip);
    addresses.failed(ip, 200 + THREE.length - THREE.indexOf(ip));
  }
  const only = known(['10.0.0.9']);
  only.failed('10.0.0.9', 0);
  expect(only.take(1)).toBe('10.0.0.9');
});

test('a name that stands for others now: nothing more goes to the old ones, and a rest is remembered should they return', () => {
  const addresses = known(THREE);
  addresses.failed('10.0.0.1', 0);
  addresses.learn(['10.0.0.2', '10.0.0.8'], 1);
  expect(takeMany(addresses, 4, 1)).toEqual({ '10.0.0.2': 2, '10.0.0.8': 2 });
  addresses.learn(THREE, 2);
  expect(takeMany(addresses, 6, 2)['10.0.0.1']).toBeUndefined();
  addresses.left('10.9.9.9');
  addresses.failed('10.9.9.9', 3);
});

test('whom one attempt has tried already it is not sent to again', () => {
  const addresses = known(THREE);
  const tried = new Set<string>();
  for (let at = 0; at < 3; at += 1) tried.add(addresses.take(0, tried) ?? 'none');
  expect([...tried]).toEqual(THREE);
  expect(addresses.take(0, tried)).toBeNull();
  expect(new Addresses().take(0)).toBeNull();
});

test(
  'whatever fails, ends and is looked up: as long as one address is known there is one to take, and none gets more than one over its share while all are fit',
  PROPERTY,
  async () => {
    const ip = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const move = fc.oneof(
      fc.record({ kind: fc.constant('failed' as const), ip }),
      fc.record({ kind: fc.constant('left' as const), ip }),
      fc.record({ kind: fc.constant('learn' as const), ips: fc.array(ip, { minLength: 1, maxLength: 7 }) }),
      fc.record({ kind: fc.constant('take' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(200_000) }),
    );
    await holds(
      'addresses',
      fc.property(fc.array(move, { maxLength: 100 }), fc.nat(9), (moves, start) => {
        const addresses = known(['a', 'b', 'c'], start);
        let nowMs = 0;
        for (const one of moves) {
          if (one.kind === 'failed') addresses.failed(one.ip, nowMs);
          else if (one.kind === 'left') addresses.left(one.ip);
          else if (one.kind === 'learn') addresses.learn(one.ips, nowMs);
          else if (one.kind === 'wait') nowMs += one.ms;
          else expect(addresses.known).toContain(addresses.take(nowMs));
        }
        const fresh = known(addresses.known, start);
        const counts = Object.values(takeMany(fresh, 20));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
      { seed: 3, runs: 200 },
    );
  },
);
