import { sharedClockMs } from '../../infra/monotonic.ts';
import { writeClockMs } from '../halt/composed-write.ts';
import type { Held } from '../lanes/held.ts';
import type { LaneJob, Outcome } from '../lanes/lane.ts';
import { reasonOf } from './reason-ids.ts';
import type { ReasonWriter } from './reason-ids.ts';

/*
 * What becomes of a job that a sending thread has, in memory that outlives the thread. The thread marks a device before
 * it is written and appends its outcome when there is one; the main thread reads what was appended. So nothing that a
 * dying thread knew is lost with it: a device without a mark was never written, one with a mark and no outcome is uncertain.
 *
 * Int32 slots, then per device: Int32 index and Int32 time of the n-th outcome, since when its token is gone in Uint32 epoch
 * seconds (0: nobody said), its Uint16 code, and a Uint8 mark of the device. Wide ones go first, so that each is aligned.
 * Times of outcomes are ms after `baseMs` (the shared monotonic clock: a wall clock may be off, or set meanwhile).
 */
const REACHED = 0;
const WRITES = 1;
const FIRST_WRITE = 2;
const LAST_WRITE = 3;
const SETTLED = 4;
const AGAIN = 5;
const SLOTS = 6;

const KIND_BITS = 12;
const DETAIL = (1 << KIND_BITS) - 1;
const ACCEPTED_CODE = 0;
const FAILED = 1;
const UNCERTAIN = 2;
const HELD = 3;
const HELDS: readonly Held[] = ['halted', 'late', 'paused', 'returned'];
const ACCEPTED = { state: 'accepted' } as const;

/** Reason of devices whose thread ended between the write and the answer. */
export const THREAD_LOST = 'ThreadLost';

export interface JobMemory {
  shared: SharedArrayBuffer;
  count: number;
  baseMs: number;
}

const PER_DEVICE_BYTES = 4 + 4 + 4 + 2 + 1;
/** Sizes come in steps, so that a batch's memory does for the next one. */
const STEP_DEVICES = 256;

export function createJobMemory(count: number, baseMs: number): JobMemory {
  const devices = Math.ceil(count / STEP_DEVICES) * STEP_DEVICES;
  return { shared: new SharedArrayBuffer(SLOTS * 4 + devices * PER_DEVICE_BYTES), count, baseMs };
}

/**
 * Memory of jobs that are done, for those that come: each thread holds what it was given until it collects garbage, which one that
 * only sends hardly ever does. Without it 6 million devices leave some 70 MB.
 */
export class JobMemories {
  readonly #idle = new Map<number, SharedArrayBuffer[]>();

  take(count: number, baseMs: number): JobMemory {
    const devices = Math.ceil(count / STEP_DEVICES) * STEP_DEVICES;
    const shared = this.#idle.get(devices)?.pop();
    if (shared === undefined) return createJobMemory(count, baseMs);
    new Uint8Array(shared).fill(0);
    return { shared, count, baseMs };
  }

  /** Only when every device of the job is settled: nobody writes to it any more then. */
  give({ shared, count }: JobMemory): void {
    const devices = Math.ceil(count / STEP_DEVICES) * STEP_DEVICES;
    const idle = this.#idle.get(devices) ?? [];
    this.#idle.set(devices, idle);
    idle.push(shared);
  }
}

function partsOf({ shared, count }: JobMemory) {
  const perDevice = SLOTS * 4;
  return {
    slots: new Int32Array(shared, 0, SLOTS),
    index: new Int32Array(shared, perDevice, count),
    atMs: new Int32Array(shared, perDevice + count * 4, count),
    goneAtS: new Uint32Array(shared, perDevice + count * 8, count),
    code: new Uint16Array(shared, perDevice + count * 12, count),
    mark: new Uint8Array(shared, perDevice + count * 14, count),
  };
}

/** The sending thread's side. */
export class JobWriter {
  readonly #parts: ReturnType<typeof partsOf>;
  readonly #baseMs: number;
  readonly #reasons: ReasonWriter;
  #settled = 0;
  #reached = 0;
  #writes = 0;
  #again = 0;

  constructor(memory: JobMemory, reasons: ReasonWriter) {
    this.#parts = partsOf(memory);
    this.#baseMs = memory.baseMs;
    this.#reasons = reasons;
  }

  /** Before the write. */
  wrote(index: number): void {
    const { slots } = this.#parts;
    const atMs = writeClockMs() - this.#baseMs;
    this.#reach(index);
    this.#writes += 1;
    if (this.#writes === 1) Atomics.store(slots, FIRST_WRITE, atMs);
    Atomics.store(slots, LAST_WRITE, atMs);
    Atomics.store(slots, WRITES, this.#writes);
  }

  /** The provider refused a write unread. */
  again(): void {
    this.#again += 1;
    Atomics.store(this.#parts.slots, AGAIN, this.#again);
  }

  /** False: it was never written, and nothing is known of it. */
  isReached(index: number): boolean {
    return this.#parts.mark[index] !== 0;
  }

  settle(index: number, outcome: Outcome): void {
    const { slots, index: indexes, atMs, code } = this.#parts;
    this.#reach(index);
    const at = this.#settled;
    indexes[at] = index;
    atMs[at] = sharedClockMs() - this.#baseMs;
    code[at] = this.#codeOf(outcome, at);
    // The count goes last: whoever sees it sees the entry too.
    this.#settled = at + 1;
    Atomics.store(slots, SETTLED, this.#settled);
  }

  #reach(index: number): void {
    const { slots, mark } = this.#parts;
    if (mark[index] !== 0) return;
    mark[index] = 1;
    this.#reached += 1;
    Atomics.store(slots, REACHED, this.#reached);
  }

  /** `at`: the how many-th outcome it is. */
  #codeOf(outcome: Outcome, at: number): number {
    switch (outcome.state) {
      case 'accepted':
        return ACCEPTED_CODE;
      case 'failed':
        if (outcome.goneAtMs !== undefined) this.#parts.goneAtS[at] = outcome.goneAtMs / 1_000;
        return (FAILED << KIND_BITS) | this.#reasons.idOf(outcome.reason);
      case 'uncertain':
        return (UNCERTAIN << KIND_BITS) | this.#reasons.idOf(outcome.reason);
      case 'held':
        return (HELD << KIND_BITS) | HELDS.indexOf(outcome.why);
      default:
        return outcome satisfies never;
    }
  }
}

/** The main thread's side: passes on to the job what is new since the last look, in the order in which it happened. */
export class JobReader {
  readonly #parts: ReturnType<typeof partsOf>;
  readonly #memory: JobMemory;
  readonly #reasons: SharedArrayBuffer;
  readonly #job: LaneJob;
  #told = 0;
  #writesTold = 0;
  #againTold = 0;

  constructor(memory: JobMemory, reasons: SharedArrayBuffer, job: LaneJob) {
    this.#memory = memory;
    this.#parts = partsOf(memory);
    this.#reasons = reasons;
    this.#job = job;
  }

  get memory(): JobMemory {
    return this.#memory;
  }

  /** Devices that were neither written nor given up yet. */
  get unsent(): number {
    return this.#memory.count - Atomics.load(this.#parts.slots, REACHED);
  }

  /** True: every device is settled. */
  read(): boolean {
    const { slots, index, atMs } = this.#parts;
    const { baseMs, count } = this.#memory;
    const settled = Atomics.load(slots, SETTLED);
    // After SETTLED: an answer is never told before its write, nor a refusal.
    const again = Atomics.load(slots, AGAIN);
    this.#readWrites();
    if (again > this.#againTold) this.#job.elsewhere?.again?.(again - this.#againTold);
    this.#againTold = again;
    for (; this.#told < settled; this.#told++)
      this.#job.settle(index[this.#told] ?? -1, this.#outcomeOf(this.#told), baseMs + (atMs[this.#told] ?? 0));
    return this.#told === count;
  }

  /** The thread has ended: what it may have written is uncertain. Returns the devices that it provably did not write. */
  abandon(): number[] {
    if (this.read()) return [];
    const { index, mark } = this.#parts;
    const settled = new Set(index.subarray(0, this.#told));
    const nowMs = sharedClockMs();
    const untouched: number[] = [];
    for (let device = 0; device < this.#memory.count; device++) {
      if (settled.has(device)) continue;
      if (mark[device] === 0) untouched.push(device);
      else this.#job.settle(device, { state: 'uncertain', reason: THREAD_LOST }, nowMs);
    }
    this.#told = this.#memory.count;
    return untouched;
  }

  #readWrites(): void {
    const { slots } = this.#parts;
    const writes = Atomics.load(slots, WRITES);
    if (writes === this.#writesTold) return;
    const { baseMs } = this.#memory;
    const lastMs = baseMs + Atomics.load(slots, LAST_WRITE);
    const firstMs = this.#writesTold === 0 ? baseMs + Atomics.load(slots, FIRST_WRITE) : lastMs;
    this.#job.elsewhere?.wrote(writes - this.#writesTold, firstMs, lastMs);
    this.#writesTold = writes;
  }

  #outcomeOf(at: number): Outcome {
    const code = this.#parts.code[at] ?? 0;
    const detail = code & DETAIL;
    switch (code >> KIND_BITS) {
      case ACCEPTED_CODE:
        return ACCEPTED;
      case FAILED:
        return this.#failed(reasonOf(this.#reasons, detail), this.#parts.goneAtS[at] ?? 0);
      case UNCERTAIN:
        return { state: 'uncertain', reason: reasonOf(this.#reasons, detail) };
      default:
        return { state: 'held', why: HELDS[detail] ?? 'halted' };
    }
  }

  #failed(reason: string, goneAtS: number): Outcome {
    return goneAtS === 0 ? { state: 'failed', reason } : { state: 'failed', reason, goneAtMs: goneAtS * 1_000 };
  }
}
