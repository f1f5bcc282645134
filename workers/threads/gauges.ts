import type { LaneWeather } from '../../contract/report.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { LaneStatus } from '../lanes/lane.ts';
import { peersTogether } from '../lanes/peer-reading.ts';
import { GAUGE, NONE } from './messages.ts';
import { reasonOf } from './reason-ids.ts';
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
  return {
    primed: sum(GAUGE.primed),
    streams: sum(GAUGE.streams),
    inFlight: sum(GAUGE.inFlight),
    credentialAgeMs: ages.length === 0 ? null : Math.max(...ages),
    credentialLeftMs: lefts.length === 0 ? null : Math.min(...lefts),
    key: textOf(oldestFirst(threads, platform), platform, GAUGE.key),
    refusal: textOf(threads, platform, GAUGE.refusal),
    weather: weatherOf(threads, platform),
    sick:
      sum(GAUGE.sick) === 0
        ? null
        : { connections: sum(GAUGE.sick), reason: textOf(threads, platform, GAUGE.sickReason) ?? '' },
    peer: peersTogether(threads.flatMap(({ peers }) => peers[platform] ?? [])),
  };
}

/** Stopped where every thread that has a connection is; otherwise some part still goes on. */
function weatherOf(threads: readonly SendingThread[], platform: Platform): LaneWeather | null {
  const open = threads.filter((thread) => gaugeOf(thread, platform, GAUGE.streams) > 0);
  const bad = open.filter((thread) => gaugeOf(thread, platform, GAUGE.weather) > 0);
  if (bad.length === 0) return null;
  const isStopped = bad.length === open.length && bad.every((thread) => gaugeOf(thread, platform, GAUGE.weather) === 2);
  const of = (at: number): number[] => bad.map((thread) => gaugeOf(thread, platform, at));
  const sum = (at: number): number => of(at).reduce((total, value) => total + value, 0);
  return {
    state: isStopped ? 'stopped' : 'slow',
    reason: textOf(bad, platform, GAUGE.weatherReason) ?? '',
    forMs: Math.max(...of(GAUGE.weatherForMs)),
    refused: sum(GAUGE.weatherRefused),
    waiting: sum(GAUGE.weatherWaiting),
    againInMs: isStopped ? Math.min(...of(GAUGE.weatherAgainMs)) : 0,
  };
}

/** By the age of their credentials. */
const oldestFirst = (threads: readonly SendingThread[], platform: Platform): readonly SendingThread[] =>
  threads.toSorted((a, b) => gaugeOf(b, platform, GAUGE.credentialAgeMs) - gaugeOf(a, platform, GAUGE.credentialAgeMs));

/** Of the first thread that has one. */
function textOf(threads: readonly SendingThread[], platform: Platform, at: number): string | null {
  const thread = threads.find((one) => gaugeOf(one, platform, at) !== NONE);
  return thread === undefined ? null : reasonOf(thread.reasons, gaugeOf(thread, platform, at));
}
