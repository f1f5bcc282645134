import { fresh, isOutdated, isReady } from '../../../contract/liveness.ts';
import { sickOf, weatherOf } from '../../../contract/pool-weather.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { SignedReports } from '../../../infra/aws/signed-reports.ts';
import type { Measured, Platform } from '../../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import { workersNeeded } from '../../../runbooks/launch/gate-figures.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { sickLine, weatherSay } from '../../views/weather.ts';
import { readyOf } from '../../views/words.ts';

/** Whether workers are ready and primed, by what they report: for gates, and for steps that wait for it. */

export type Found = Pick<Measured, 'status' | 'value' | 'say'>;

/** Reports that would count, had a worker of this launch signed them. */
export const unsignedIn = ({ foreign }: SignedReports, nowMs: number): number =>
  fresh(
    foreign.flatMap(({ report }) => report ?? []),
    nowMs,
  ).length;

/** `unsigned`: so many more report, and no worker of this launch has signed it. They count for nothing. */
export function workersReady(
  launch: Launch,
  reports: readonly WorkerReport[],
  atLeast: number,
  nowMs: number,
  unsigned = 0,
): Found {
  const needed = workersNeeded(launch, atLeast);
  if (launch.audience === null)
    return { status: 'red', value: needed, say: 'no audience yet, so no worker can be ready' };
  const ready = reports.filter((report) => isReady(report, launch)).length;
  const stale = reports.filter(
    (report) =>
      report.audienceHash !== null &&
      !isOutdated(report) &&
      !isReady(report, launch) &&
      (report.state === 'ready' || report.state === 'sending'),
  ).length;
  const outdated = reports.filter(isOutdated).length;
  const old =
    outdated === 0
      ? ''
      : `, ${outdated} of an older version that can't read this record: replace ${outdated === 1 ? 'it' : 'them'} with this one`;
  const others = unsigned === 0 ? '' : `, ${unsigned} not counted: no worker of this launch has signed what they say`;
  const sky = skyOf(launch, reports, nowMs);
  const say = `${readyOf(ready, needed)}, ${reports.length} reporting${others}${stale === 0 ? '' : `, ${stale} with another audience or skip list`}${old}${sky.say}`;
  return {
    status: ready >= needed && sky.stopped === 0 ? 'green' : 'red',
    value: Math.max(0, needed - ready, sky.stopped),
    say,
  };
}

/**
 * Before GO: workers that may send nothing to a provider just now because of what it answers everybody, whoever is ready; and a
 * word about what only slows them down, or about connections that had to be replaced.
 */
function skyOf(launch: Launch, all: readonly WorkerReport[], nowMs: number): { stopped: number; say: string } {
  const senders = sendersOf(all);
  const sky = weatherOf(senders, platformsInUse(launch));
  const says = [
    ...sky.map((weather) => weatherSay(weather, nowMs)),
    ...sickOf(senders, platformsInUse(launch)).map(sickLine),
  ];
  // Once the wait is over the next push tries it, and with nothing to send there is none.
  const waits = senders.filter(({ lanes }) =>
    lanes.some(
      ({ provider, weather }) =>
        providersInUse(launch).includes(provider) && weather?.state === 'stopped' && weather.againInMs > 0,
    ),
  );
  return { stopped: waits.length, say: says.map((one) => `; ${one}`).join('') };
}

/** Providers of the platforms that the audience has; without an audience, both. */
export function providersInUse(launch: Launch): ('apns' | 'fcm')[] {
  return platformsInUse(launch).map((platform) => (platform === 'ios' ? 'apns' : 'fcm'));
}

export function platformsInUse(launch: Launch): Platform[] {
  const { audience } = launch;
  return audience === null
    ? [...PLATFORMS]
    : PLATFORMS.filter((platform) => audience.segments.some((segment) => segment.platform === platform));
}

/** The lowest share among the providers counts: a primed APNs pool says nothing about FCM. */
export function primedShare(launch: Launch, reports: readonly WorkerReport[], atLeast: number, nowMs: number): Found {
  const shares = providersInUse(launch).map((provider) => {
    const lanes = reports.flatMap((report) => report.lanes).filter((lane) => lane.provider === provider);
    const sum = (pick: (lane: WorkerReport['lanes'][number]) => number) =>
      lanes.reduce((total, lane) => total + pick(lane), 0);
    const connections = sum((lane) => lane.connections);
    return { provider, connections, primed: sum((lane) => lane.primed) };
  });
  const say = shares.map((one) => `${one.provider} ${one.primed} of ${one.connections}`).join(', ');
  if (shares.some((one) => one.connections === 0))
    return { status: 'unknown', value: null, say: `${say}: no connections yet` };
  const sky = skyOf(launch, reports, nowMs);
  const calm = reports.length === 0 ? 1 : 1 - sky.stopped / reports.length;
  const share = Math.min(calm, ...shares.map((one) => one.primed / one.connections));
  // Rounded, so that a waiver for "0.1 unprimed" is not lost to the last binary digit.
  return {
    status: share >= atLeast ? 'green' : 'red',
    value: Math.round((1 - share) * 10_000) / 10_000,
    say: `${say} connections have an authenticated answer${sky.say}`,
  };
}

/** Only workers that would send now: one that is still loading, or on its way out, must not block a press. */
export const sendersOf = (reports: readonly WorkerReport[]) =>
  reports.filter(({ state }) => state === 'ready' || state === 'sending');
