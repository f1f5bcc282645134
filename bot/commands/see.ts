import { shotFigures } from '../../contract/figures.ts';
import { fresh } from '../../contract/liveness.ts';
import { weatherOf } from '../../contract/pool-weather.ts';
import { fleetsNow } from '../../infra/aws/scaling/fleets-now.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Desk } from '../desk.ts';
import { done, info } from '../views/answers.ts';
import { boardMessage } from '../views/board.ts';
import { liveStatsMessage } from '../views/live-stats.ts';
import { momentsMessage } from '../views/market-moments.ts';
import type { Message } from '../views/message.ts';
import { readinessMessage } from '../views/readiness.ts';
import { stepsMessage } from '../views/steps.ts';
import { summaryMessage } from '../views/summary.ts';
import { submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

/** Commands that only look. */

const workerReports = async ({ cloud, journal }: Desk, launch: Launch) =>
  (await cloud.live.signedReports(launch, journal.keyring.trusted)).reports;

/** Of what it costs: the rest of the board must not wait for that. */
const FLEETS_WAIT_MS = 1_000;

export async function readinessNow(desk: Desk, launch: Launch): Promise<Message> {
  // What was true some seconds ago would contradict what the room has just said.
  const measured = await desk.conductor.measured(launch.id, { anew: true });
  const nowMs = desk.nowMs();
  return readinessMessage(launch, gateLines(launch, measured, nowMs, 'all'), nowMs, await leftToDo(desk, launch));
}

/** So many launches back; what was left longer ago stands in their own lists. */
const EARLIER = 3;

/** Earlier launches of the same runbook that have open actions, the newest first. Readiness does not depend on them. */
async function leftToDo(desk: Desk, launch: Launch): Promise<Launch[]> {
  try {
    const items = (await desk.rooms.all())
      .filter(
        ({ launchId, runbook, openActions = 0 }) =>
          launchId !== launch.id && runbook === launch.runbook.id && openActions > 0,
      )
      .filter(({ closed, createdAtMs }) => closed && createdAtMs < launch.createdAtMs)
      .slice(0, EARLIER);
    const launches = await Promise.all(items.map(({ launchId }) => desk.journal.launch(launchId)));
    return launches.filter((one) => one !== null);
  } catch (error) {
    desk.log.warn({ err: error, launchId: launch.id }, 'earlier launches could not be looked at');
    return [];
  }
}

export const status: Subcommand = {
  name: 'status',
  also: ['board', 'state'],
  usage: ['status'],
  group: 'See',
  needs: 'launch',
  does: 'Shows the state: phase, gates, workers, switches, what is fired and what comes next.',
  async run({ desk, launch }) {
    const [measured, reports, fleets] = await Promise.all([
      desk.conductor.measured(launch.id),
      workerReports(desk, launch),
      waitAtMost(FLEETS_WAIT_MS, fleetsNow(desk.cloud, launch), []).catch(() => []),
    ]);
    const nowMs = desk.nowMs();
    return boardMessage(launch, gateLines(launch, measured, nowMs, 'all'), reports, nowMs, fleets);
  },
};

export const ready: Subcommand = {
  name: 'ready',
  also: ['gates', 'readiness'],
  usage: ['ready'],
  group: 'Prepare',
  needs: 'launch',
  does: 'Shows every gate: what is missing, who owns it, with buttons to tick it or to ask for a waiver.',
  run: ({ desk, launch }) => readinessNow(desk, launch),
};

export const here: Subcommand = {
  name: 'here',
  also: ['present'],
  usage: ['here'],
  group: 'Prepare',
  needs: 'person',
  does: 'Says that you are there. A gate of the runbook may ask for that within some minutes.',
  run: (ask) =>
    submit(
      ask,
      (by) => ({ kind: 'be-here', by }),
      () => done('Noted: you are there.'),
    ),
};

export const stats: Subcommand = {
  name: 'stats',
  also: ['progress'],
  usage: ['stats'],
  group: 'See',
  needs: 'launch',
  does: 'Shows the figures of the running shot, or of the last one.',
  async run({ desk, launch }) {
    const shots = Object.values(launch.shots).toSorted((a, b) => b.approvedSeq - a.approvedSeq);
    const shot = shots.find((one) => one.closed === null) ?? shots[0];
    if (shot === undefined)
      return info('Nothing was fired yet. `/go ready` shows what is missing, `/go fire` asks for it.');
    const reports = await workerReports(desk, launch);
    const snapshots = reports.flatMap((report) => report.shots.filter((snapshot) => snapshot.shotId === shot.id));
    const { figures } = shotFigures(launch, shot, snapshots, desk.nowMs());
    return shot.closed === null
      ? liveStatsMessage(launch, shot, figures, weatherOf(fresh(reports, desk.nowMs())))
      : summaryMessage(launch, shot, figures);
  },
};

export async function stepsNow(desk: Desk, launch: Launch): Promise<Message> {
  return stepsMessage(launch, desk.nowMs(), await desk.conductor.stepsAhead(launch));
}

export const steps: Subcommand = {
  name: 'steps',
  also: ['schedule', 'plan'],
  usage: ['steps'],
  group: 'See',
  needs: 'launch',
  does: 'Shows the plan: what ran, what comes, with buttons to run or skip what waits for a person.',
  async run({ desk, launch }) {
    return stepsNow(desk, launch);
  },
};

export const markets: Subcommand = {
  name: 'markets',
  also: ['market', 'moments', 'targets'],
  usage: ['markets'],
  group: 'See',
  needs: 'launch',
  does: 'Shows the moment of each market that has its own: what was fired, what is next, what was missed.',
  run: ({ desk, launch }) =>
    Promise.resolve(
      Object.keys(launch.runbook.targets ?? {}).length === 0
        ? info('There is one T for all: this runbook has no `targets`. `/go status` shows when it is.')
        : momentsMessage(launch, desk.nowMs()),
    ),
};
