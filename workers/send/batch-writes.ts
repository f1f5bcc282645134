import type { BatchView } from '../audience/packed/loaded-audience.ts';
import type { WriteCheck } from '../halt/write-check.ts';
import type { LaneJob } from '../lanes/lane.ts';

/** What a lane asks of a job while it writes, the same in whatever thread it does. `devices`: place in the batch by place in the job; null: all of them, in order. */
export function batchWrites(
  view: BatchView,
  devices: Uint32Array | null,
  check: WriteCheck,
): Pick<LaneJob, 'count' | 'token' | 'template' | 'stop' | 'condemn'> {
  const device = devices === null ? (index: number) => index : (index: number) => devices[index] ?? -1;
  return {
    count: devices?.length ?? view.count,
    token: (index) => view.token(device(index)),
    template: (index) => view.locale(device(index)),
    stop: (index) => check.stop(device(index)),
    condemn: (condemned) => check.condemn(condemned),
  };
}
