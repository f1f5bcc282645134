import { expect, test } from 'vitest';
import { audienceSize } from './audience-size.ts';
import { FARGATE_MIB } from './launch-config.ts';

test.each([1, 1_000_000, 1_000_001, 6_000_000, 50_000_000, 1_000_000_000])(
  'an audience of %i devices is compiled by a task that Fargate has',
  (devices) => {
    const { cpu, memoryLimitMiB, ephemeralStorageGiB } = audienceSize(devices);
    expect(FARGATE_MIB[String(cpu / 1_024)]).toContain(memoryLimitMiB);
    expect(ephemeralStorageGiB).toBeGreaterThanOrEqual(21);
    expect(ephemeralStorageGiB).toBeLessThanOrEqual(200);
  },
);

test('more devices never get a smaller one', () => {
  const cores = [1, 1_000_000, 1_000_001, 6_000_001, 20_000_000, 20_000_001, 100_000_001].map(
    (devices) => audienceSize(devices).cpu,
  );
  expect(cores).toEqual([1_024, 1_024, 2_048, 4_096, 4_096, 8_192, 16_384]);
});

test.each([
  [200_000, 402],
  [1_000_000, 689],
  [6_000_000, 906],
])('%i devices, whose compile was seen to peak at %i MB, have twice that', (devices, peakMb) => {
  expect(audienceSize(devices).memoryLimitMiB * 1.048576).toBeGreaterThan(2 * peakMb);
});
