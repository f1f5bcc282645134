import type { Lane, LaneJob } from '../lanes/lane.ts';

/** A lane that accepts everything at once, or when it is let go. */
export class QuickLane implements Lane {
  readonly platform = 'ios';
  hold: Promise<void> | null = null;
  async open() {
    await Promise.resolve();
  }
  async prime() {
    await Promise.resolve();
  }
  prepare() {
    return { templates: [] };
  }
  async send(_shot: unknown, job: LaneJob) {
    await this.hold;
    for (let index = 0; index < job.count; index++) job.settle(index, { state: 'accepted' });
  }
  async capacity() {
    await Promise.resolve();
  }
  pace() {
    /* as fast as asked */
  }
  freezeCredential() {
    /* it has none */
  }
  status() {
    return {
      provider: 'apns' as const,
      connections: 1,
      primed: 1,
      streams: 1,
      inFlight: 0,
      credentialAgeMs: null,
      credentialLeftMs: null,
      key: null,
      refusal: null,
      weather: null,
      sick: null,
      peer: null,
    };
  }
  async close() {
    await Promise.resolve();
  }
}
