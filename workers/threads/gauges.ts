import type { Platform } from '../../runbooks/launch/entries.ts';
import type { LaneStatus } from '../lanes/lane.ts';
import { GAUGE, NONE } from './messages.ts';
import { reasonOf } from './reasons.ts';
import type { SendingThread } from './sending-threads.ts';

export type Gauged = Omit<LaneStatus, 'provider' | 'connections'>;

export function gaugeOf(thread: SendingThread, platform: Platform, at: number): number {
  return Atomics.load(thread.gauges[platform], at);
}

/** What the lanes to one provider say in all threads together. */
export function readGauges(threads: readonly SendingThread[], platform: Platform): Gauged {
  const of = (at: number): number[] => threads.map((thread) => gaugeOf(thread, platform, at));
  const sum = (at: number): number => of(at).reduce((total, value) => total + value, 0);
  const known = (at: number): number[] => of(at).filter((value) => value !== NONE);
  const [ages, lefts] = [known(GAUGE.credentialAgeMs), known(GAUGE.credentialLeftMs)];
  const refused = threads.find((thread) => gaugeOf(thread, platform, GAUGE.refusal) !== NONE);
  return {
    primed: sum(GAUGE.primed), streams: sum(GAUGE.streams), inFlight: sum(GAUGE.inFlight),
    credentialAgeMs: ages.length === 0 ? null : Math.max(...ages),
    credentialLeftMs: lefts.length === 0 ? null : Math.min(...lefts),
    refusal: refused === undefined ? null : reasonOf(refused.reasons, gaugeOf(refused, platform, GAUGE.refusal)),
    weather: null, sick: null,
  };
}
