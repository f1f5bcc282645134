import type { Command } from '../../runbooks/launch/commands.ts';
import type { SegmentTotals, ShotTiming, Totals } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { copiesOf, phonesOf } from '../../runbooks/launch/test-copies.ts';
import { noTotals } from '../../runbooks/launch/totals.ts';

/** The shot is through after it. */
const SHOT_MS = 60_000;

const TIMING: ShotTiming = {
  firstWriteMs: 90,
  p50Ms: 900,
  p95Ms: 1_800,
  p99Ms: 2_000,
  lastWriteMs: 2_100,
  perSecond: 95_000,
  peakPerSecond: 120_000,
};

/** What the workers of a simulated day bring to an end. */
export function ends(launch: Launch, nowMs: number): Command | null {
  const test = Object.entries(launch.tests).find(([, { results }]) => results === null);
  if (test !== undefined) {
    const [testId, asked] = test;
    const results = copiesOf(launch, asked, phonesOf(launch)).map(({ person, platform, locale }) => ({
      person,
      platform,
      locale,
      accepted: true,
      reason: '',
      tookMs: 90,
    }));
    return { kind: 'report-test', testId, results };
  }
  const shot = runningShots(launch).find(({ pressedAtMs }) => nowMs >= pressedAtMs + SHOT_MS);
  if (shot !== undefined) {
    const segments = shot.segments.map(({ segment, attempt }): SegmentTotals => {
      const devices = launch.attempts[segment]?.find(({ shotId }) => shotId === shot.id)?.devices ?? 0;
      const ofVariants = Object.entries(shot.audience.segments.find(({ id }) => id === segment)?.variants ?? {});
      return {
        segment,
        attempt,
        devices,
        totals: allAccepted(devices),
        ...(ofVariants.length === 0
          ? {}
          : {
              variants: ofVariants.map(([variant, own]) => ({ variant, devices: own, totals: allAccepted(own) })),
            }),
      };
    });
    return { kind: 'close-shot', shotId: shot.id, cause: 'complete', segments };
  }
  const untimed = Object.values(launch.shots).find(({ closed, timing }) => closed !== null && timing === null);
  return untimed === undefined ? null : { kind: 'report-timing', shotId: untimed.id, timing: TIMING };
}

const allAccepted = (devices: number): Totals => ({ ...noTotals(), accepted: devices });
