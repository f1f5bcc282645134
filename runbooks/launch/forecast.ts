import { own } from './decision.ts';
import { PLATFORMS } from './entries.ts';
import type { Platform } from './entries.ts';
import type { Launch } from './launch.ts';
import { remainingDevices } from './remaining.ts';
import { paceSwitch } from './switches.ts';

/** How long a shot should take, from pace and workers. A plan, not a promise: providers and networks have their say. */

/** Messages per second for the whole pool, 0 for no limit, and the ramp up to it. */
export interface Pace {
  perSecond: number;
  rampMs: number;
}

/**
 * The pace that holds now: the switch if it is set, else the runbook. A written event quota allows Android a burst
 * without the ramp (docs/facts.md#fcm-ramp, docs/facts.md#fcm-event-quota).
 */
export function paceOf(launch: Launch, platform: Platform): Pace {
  const { delivery } = launch.runbook;
  const bySwitch = own(launch.switches, paceSwitch(platform))?.value;
  const set = typeof bySwitch === 'number' ? bySwitch : 0;
  if (platform === 'ios') return { perSecond: set || delivery.ios_per_second, rampMs: 0 };
  const quota = delivery.android_event_quota;
  return quota === undefined
    ? { perSecond: set || delivery.android_per_second, rampMs: delivery.android_ramp }
    : { perSecond: set || quota.per_second, rampMs: 0 };
}

interface SegmentPart {
  segment: string;
  devices?: number;
}

export interface PlatformForecast {
  devices: number;
  /** Null: nothing limits it but the workers, and what they can do was not given. */
  durationMs: number | null;
  /** Devices that would still wait when `notAfter` comes, and so would be dropped as late. */
  lateDevices: number;
}

/** `devices` of a segment: absent for all that is left of it. `workersPerSecond`: what the ready workers can write together, as measured; absent or 0 is unknown. Platforms without devices are null. */
export function forecast(
  launch: Launch,
  segments: readonly SegmentPart[],
  workersPerSecond = 0,
): Record<Platform, PlatformForecast | null> {
  const devices = devicesByPlatform(launch, segments);
  const all = devices.ios + devices.android;
  const notAfterMs = { ios: launch.runbook.delivery.ios_not_after, android: launch.runbook.delivery.android_not_after };
  const of = (platform: Platform): PlatformForecast | null => {
    if (devices[platform] === 0) return null;
    const pace = paceOf(launch, platform);
    // Both platforms share the workers; each gets at least its part of the devices.
    const share = (workersPerSecond * devices[platform]) / all;
    const perSecond = share > 0 && (pace.perSecond === 0 || share < pace.perSecond) ? share : pace.perSecond;
    if (perSecond === 0) return { devices: devices[platform], durationMs: null, lateDevices: 0 };
    const limited: Pace = { perSecond, rampMs: pace.perSecond === 0 ? 0 : (pace.rampMs * perSecond) / pace.perSecond };
    return {
      devices: devices[platform],
      durationMs: Math.ceil(timeFor(devices[platform], limited)),
      lateDevices: Math.max(0, Math.ceil(devices[platform] - sentAfter(notAfterMs[platform], limited))),
    };
  };
  return { ios: of('ios'), android: of('android') };
}

function devicesByPlatform(launch: Launch, segments: readonly SegmentPart[]): Record<Platform, number> {
  const sum = { ios: 0, android: 0 };
  for (const platform of PLATFORMS) {
    const ofPlatform = new Set(
      launch.audience?.segments.filter((ref) => ref.platform === platform).map(({ id }) => id),
    );
    for (const { segment, devices } of segments)
      if (ofPlatform.has(segment)) sum[platform] += devices ?? remainingDevices(launch, segment);
  }
  return sum;
}

/** The rate rises linearly from 0 to `perSecond` over `rampMs`, so half of a full ramp's messages go out during it. */
function timeFor(devices: number, { perSecond, rampMs }: Pace): number {
  const duringRamp = (perSecond * rampMs) / 2_000;
  return devices <= duringRamp
    ? Math.sqrt((2_000 * devices * rampMs) / perSecond)
    : rampMs + ((devices - duringRamp) * 1_000) / perSecond;
}

function sentAfter(ms: number, { perSecond, rampMs }: Pace): number {
  return ms <= rampMs ? (perSecond * ms * ms) / (2_000 * rampMs) : (perSecond * (ms - rampMs / 2)) / 1_000;
}
