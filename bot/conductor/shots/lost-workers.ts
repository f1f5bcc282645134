import { fresh, REPORT_LIFE_MS } from '../../../contract/liveness.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { plural, span } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { hiddenIn, workerSight } from '../worker-reports.ts';
import { noteOnce } from './note-once.ts';

/**
 * A worker that fell silent while a shot ran, once each, in the record and so in the channel: without it nobody who reads the figures later learns why
 * devices are uncertain, or why the shot took as long as a lease. One that ends by itself says so (`gone`). Where no worker's report is fresh the store may
 * be what is silent: that is the standstill's to say.
 */
export async function lostWorkers(context: Context, launch: Launch): Promise<void> {
  const running = runningShots(launch);
  if (running.length === 0) return;
  const sight = await workerSight(context, launch);
  const nowMs = context.nowMs();
  const alive = fresh(sight.reports, nowMs);
  if (alive.length === 0) return;
  // Who is kept from being heard is not silent.
  const hidden = new Set(hiddenIn(sight).map(({ bootId }) => bootId));
  for (const shot of running)
    for (const report of sight.reports)
      if (!hidden.has(report.bootId) && isLost(report, shot, nowMs))
        await noteOnce(context, launch, headOf(report, launch, shot), textOf(report, shot, alive.length));
}

/** Reports come every second: one whose last came so long before GO at most may have fallen silent before it told of the shot. */
const LAST_BEFORE_MS = 1_500;

/** It has done something of this shot, or nobody knows whether it has: what it began behind its last report stands in none. */
const isLost = ({ state, atMs }: WorkerReport, { pressedAtMs }: Shot, nowMs: number): boolean =>
  state !== 'gone' && nowMs - atMs > REPORT_LIFE_MS && pressedAtMs - atMs <= LAST_BEFORE_MS;

const hasPart = ({ atMs, shots }: WorkerReport, { id, pressedAtMs }: Shot): boolean =>
  atMs >= pressedAtMs && shots.some(({ shotId }) => shotId === id);

const headOf = ({ host, bootId }: WorkerReport, launch: Launch, shot: Shot): string =>
  `Worker ${host} (${bootId.slice(0, 8)}) fell silent while ${shot.id} ran (${shotSegments(launch, shot)}): `;

function textOf(report: WorkerReport, shot: Shot, others: number): string {
  const { atMs, lanes } = report;
  const { pressedAtMs } = shot;
  const lastAt = `${span(Math.abs(atMs - pressedAtMs))} ${atMs < pressedAtMs ? 'before' : 'after'} GO`;
  const onTheirWay = lanes.reduce((sum, { inFlight }) => sum + inFlight, 0);
  return [
    hasPart(report, shot)
      ? `its last report came ${lastAt}, with ${plural(onTheirWay, 'push', 'pushes')} on the way.`
      : `its last report came ${lastAt}, so it does not say what it had begun.`,
    `${plural(others, 'other worker')} ${others === 1 ? 'sends' : 'send'} what it had not begun, once its leases are over;`,
    'what it had begun may or may not have arrived, is sent by nobody again, and counts as uncertain unless its account comes late.',
  ].join(' ');
}
