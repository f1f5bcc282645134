/**
 * A lane is a pool of primed HTTP/2 connections to one provider. This is all that the rest of the
 * worker knows of it; what is inside may be replaced.
 *
 * The contract, per device of a job: `settle` is called exactly once, with what is known. `accepted` and
 * `failed` come from the provider's answer; `uncertain` was written but never answered; `held` was
 * provably not written (the job's `stop` said so before the write, or the provider said it was not processed
 * and no time was left).
 */
export type Held = 'halted' | 'late' | 'paused' | 'returned';
