import { expect, test } from 'vitest';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { ShotStop } from '../halt/shot-stop.ts';
import type { LaneJob, Outcome } from '../lanes/lane.ts';
import { leaseFor } from '../send/lease-for-tests.ts';
import { createJobMemory, JobMemories, JobReader, JobWriter, THREAD_LOST } from './job-memory.ts';
import { createReasons, ReasonWriter } from './reason-ids.ts';

function setUp(count: number) {
  const told: (Outcome & { index: number })[] = [];
  const writes: number[] = [];
  const refused: number[] = [];
  const job: LaneJob = {
    count,
    token: () => '',
    template: () => 0,
    stop: () => null,
    settle: (index, outcome) => told.push({ index, ...outcome }),
    elsewhere: {
      batch: 'b',
      devices: null,
      terms: { haltEpoch: 0, lease: leaseFor(0), stopped: ShotStop.create().memory },
      wrote: (times) => writes.push(times),
      again: (times) => refused.push(times),
    },
  };
  const memory = createJobMemory(count, Math.floor(sharedClockMs()));
  const reasons = createReasons();
  return {
    writer: new JobWriter(memory, new ReasonWriter(reasons)),
    reader: new JobReader(memory, reasons, job),
    told,
    writes,
    refused,
  };
}

test('outcomes are told once each, in their order, with their reasons', () => {
  const { writer, reader, told, writes } = setUp(4);
  for (const index of [2, 0, 1]) writer.wrote(index);
  writer.settle(0, { state: 'accepted' });
  writer.settle(2, { state: 'failed', reason: 'Unregistered' });
  expect([reader.read(), reader.read(), reader.unsent]).toEqual([false, false, 1]);
  expect([told, writes]).toEqual([
    [
      { index: 0, state: 'accepted' },
      { index: 2, state: 'failed', reason: 'Unregistered' },
    ],
    [3],
  ]);
  writer.settle(1, { state: 'uncertain', reason: 'connection error: ECONNRESET' });
  writer.settle(3, { state: 'held', why: 'late' });
  expect([reader.read(), reader.unsent]).toEqual([true, 0]);
  expect(told.slice(2)).toEqual([
    { index: 1, state: 'uncertain', reason: 'connection error: ECONNRESET' },
    { index: 3, state: 'held', why: 'late' },
  ]);
});

test.each([1, 2, 3, 7])(
  'since when tokens are gone is told to the second, of those of whom it is known, in a job of %d',
  (count) => {
    const { writer, reader, told } = setUp(count);
    for (let index = 0; index < count; index++)
      writer.settle(
        index,
        index % 2 === 0
          ? { state: 'failed', reason: 'Unregistered', goneAtMs: 3_999_999_999_999 - index * 1_000 }
          : { state: 'failed', reason: 'BadDeviceToken' },
      );
    for (let index = 0; index < count; index++) writer.wrote(index);
    expect(reader.read()).toBe(true);
    expect(told).toEqual(
      Array.from({ length: count }, (_, index) => ({
        index,
        state: 'failed',
        ...(index % 2 === 0
          ? { reason: 'Unregistered', goneAtMs: 3_999_999_999_000 - index * 1_000 }
          : { reason: 'BadDeviceToken' }),
      })),
    );
  },
);

test('of a job whose thread has ended the unanswered are uncertain, what was known counts, and the unwritten are given back', () => {
  const { writer, reader, told } = setUp(5);
  for (const index of [0, 1, 2]) writer.wrote(index);
  writer.settle(0, { state: 'accepted' });
  reader.read();
  writer.settle(1, { state: 'failed', reason: 'TooManyRequests' });
  expect(reader.abandon()).toEqual([3, 4]);
  expect(reader.abandon()).toEqual([]);
  expect(told.map(({ index, state }) => `${index} ${state}`)).toEqual(['0 accepted', '1 failed', '2 uncertain']);
  expect(told[2]).toMatchObject({ reason: THREAD_LOST });
});

test('a device that was refused and written again is counted twice as a write and once as sent', () => {
  const { writer, reader, writes, refused, told } = setUp(1);
  writer.wrote(0);
  writer.again();
  writer.wrote(0);
  writer.settle(0, { state: 'accepted' });
  expect([reader.read(), reader.unsent, writes, refused, told.length]).toEqual([true, 0, [2], [1], 1]);
});

test('however many different reasons come, none costs more memory', () => {
  const { writer, reader, told } = setUp(400);
  for (let index = 0; index < 400; index++)
    writer.settle(index, { state: 'failed', reason: `Reason${index}${'x'.repeat(200)}` });
  expect(reader.read()).toBe(true);
  expect(told[3]).toMatchObject({ reason: `Reason3${'x'.repeat(88)}` });
  expect(told.at(-1)).toMatchObject({ reason: 'Other' });
});

test('memory of a job that is done does for the next one of about its size, which finds nothing in it', () => {
  const memories = new JobMemories();
  const first = memories.take(300, 0);
  const writer = new JobWriter(first, new ReasonWriter(createReasons()));
  for (let index = 0; index < 300; index++) {
    writer.wrote(index);
    writer.settle(index, { state: 'failed', reason: 'x', goneAtMs: 1_800_000_000_000 });
  }
  memories.give(first);
  const second = memories.take(400, 7);
  expect([second.shared === first.shared, second.count, second.baseMs]).toEqual([true, 400, 7]);
  expect(new Uint8Array(second.shared).every((byte) => byte === 0)).toBe(true);
  expect([memories.take(400, 0).shared === second.shared, memories.take(513, 0).shared === second.shared]).toEqual([
    false,
    false,
  ]);
});
