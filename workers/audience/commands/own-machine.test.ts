import { expect, test } from 'vitest';
import { ownMachine } from './own-machine.ts';

test.each([
  ['a task of 1 vCPU and 4 GiB', { cores: 1, memoryBytes: 4 * 2 ** 30 }, { threads: 1, memoryMb: 2_235 }],
  ['a task of 4 vCPU and 16 GiB', { cores: 4, memoryBytes: 16 * 2 ** 30 }, { threads: 4, memoryMb: 12_543 }],
  ['a machine that is smaller than its rest', { cores: 1, memoryBytes: 2 ** 30 }, { threads: 1, memoryMb: 500 }],
  ['one of more cores than DuckDB is given', { cores: 96, memoryBytes: 4 * 2 ** 30 }, { threads: 64, memoryMb: 2_235 }],
])('%s is used whole, but for what Node needs', (_, machine, expected) => {
  expect(ownMachine(machine)).toEqual(expected);
});

test('here it finds a machine', () => {
  const { threads, memoryMb } = ownMachine();
  expect(threads).toBeGreaterThanOrEqual(1);
  expect(memoryMb).toBeGreaterThanOrEqual(500);
});
