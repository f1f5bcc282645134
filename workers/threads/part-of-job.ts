import type { Elsewhere, LaneJob } from '../lanes/lane.ts';

/** A job that a thread can work through by itself. */
export type PortableJob = LaneJob & { readonly elsewhere: Elsewhere };

export function isPortable(job: LaneJob): job is PortableJob {
  return job.elsewhere !== undefined;
}

/** The named devices of a job as a job of their own; what becomes of them is told to the whole one. */
export function partOfJob(job: PortableJob, indexes: readonly number[]): PortableJob {
  const whole = (index: number): number => indexes[index] ?? -1;
  const { batch, devices, terms } = job.elsewhere;
  return {
    count: indexes.length,
    token: (index) => job.token(whole(index)),
    template: (index) => job.template(whole(index)),
    stop: (index) => job.stop(whole(index)),
    settle: (index, outcome, atMs) => job.settle(whole(index), outcome, atMs),
    elsewhere: {
      batch,
      terms,
      devices: Uint32Array.from(indexes, (index) => devices?.[index] ?? index),
      by: (thread) => job.elsewhere.by?.(thread),
      wrote: (writes, firstAtMs, lastAtMs) => job.elsewhere.wrote(writes, firstAtMs, lastAtMs),
      again: (writes) => job.elsewhere.again?.(writes),
    },
  };
}
