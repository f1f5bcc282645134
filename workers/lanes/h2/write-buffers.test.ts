import { expect, test } from 'vitest';
import { WriteBuffers } from './write-buffers.ts';

const KIB = 1024;

test('a write waits in the smallest size that fits, with its bytes', () => {
  const buffers = new WriteBuffers(64 * KIB);
  for (const [bytes, size] of [
    [1, KIB],
    [1_024, KIB],
    [1_025, 2 * KIB],
    [33 * KIB, 64 * KIB],
  ] as const) {
    const composed = buffers.take(64 * KIB);
    composed.fill(bytes % 251, 0, bytes);
    const waiting = buffers.fitting(composed, bytes);
    expect(waiting.length).toBe(size);
    expect(waiting.subarray(0, bytes).every((byte) => byte === bytes % 251)).toBe(true);
  }
});

test('two that are taken are never the same, and what was given back is used again', () => {
  const buffers = new WriteBuffers(64 * KIB);
  const [one, two] = [buffers.take(5_000), buffers.take(5_000)];
  expect(one).not.toBe(two);
  buffers.give(one);
  expect(buffers.take(5_000)).toBe(one);
  expect(buffers.take(5_000)).not.toBe(one);
});

test('idle buffers are kept up to 8 MiB in all', () => {
  const buffers = new WriteBuffers(64 * KIB);
  const taken = Array.from({ length: 200 }, () => buffers.take(64 * KIB));
  for (const buffer of taken) buffers.give(buffer);
  const kept = Array.from({ length: 200 }, () => buffers.take(64 * KIB)).filter((buffer) => taken.includes(buffer));
  expect(kept.length).toBe(128);
});
