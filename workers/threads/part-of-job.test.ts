import { expect, test } from 'vitest';
import { sharedClockMs } from '../../infra/monotonic.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import { ShotStop } from '../halt/shot-stop.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import type { WriteTerms } from '../halt/write-check.ts';
import { batchWrites } from '../send/batch-writes.ts';
import { Lease } from '../send/lease.ts';
import { partOfJob } from './part-of-job.ts';
import type { PortableJob } from './part-of-job.ts';

/** Devices 2, 4, 6, 8 and 10 of a batch, under a lease that goes up to device 7. */
function marked(): { job: PortableJob; terms: WriteTerms } {
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  const lease = Lease.create();
  lease.grant({ untilMs: sharedClockMs() + 60_000, lateAtMs: sharedClockMs() + 60_000, mark: 7 });
  const terms = { haltEpoch: 0, lease: lease.memory, stopped: ShotStop.create().memory };
  const devices = Uint32Array.of(2, 4, 6, 8, 10);
  const view = {
    id: 'b',
    count: 12,
    token: (device: number) => `token ${device}`,
    locale: (device: number) => device,
  } as BatchView;
  return {
    terms,
    job: {
      ...batchWrites(view, devices, new WriteCheck(terms, new SwitchView(memory))),
      settle: () => undefined,
      elsewhere: { batch: 'b', devices, terms, wrote: () => undefined },
    },
  };
}

const stops = (job: PortableJob) => Array.from({ length: job.count }, (_, index) => job.stop(index));

test('a mark is about devices of the batch, wherever they stand in the job', () => {
  const { job } = marked();
  expect(stops(job)).toEqual([null, null, null, 'paused', 'paused']);
});

test('what is left of a job goes on under the same mark, here and in another thread; and what is left of that', () => {
  const { job, terms } = marked();
  const part = partOfJob(job, [1, 2, 4]);
  expect([part.count, part.token(0), part.template(2)]).toEqual([3, 'token 4', 10]);
  expect(stops(part)).toEqual([null, null, 'paused']);
  expect(part.elsewhere).toMatchObject({ batch: 'b', terms, devices: Uint32Array.of(4, 6, 10) });
  const rest = partOfJob(part, [2]);
  expect([stops(rest), rest.elsewhere.devices]).toEqual([['paused'], Uint32Array.of(10)]);
});
