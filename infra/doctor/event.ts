import { fresh } from '../../contract/liveness.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import { createCloud } from '../aws/create-cloud.ts';
import { createJournal } from '../aws/journal.ts';
import { trustedFrom } from '../aws/key-config.ts';
import { looseKeyring } from '../aws/keyring.ts';
import type { Deployment } from '../cdk/read-config.ts';
import type { Env } from '../environment.ts';
import { readRunbookFile } from '../runbook/read-runbook.ts';
import type { FoundClock } from './judge/clocks.ts';
import { about, unasked } from './judge/line.ts';
import type { Line } from './judge/line.ts';
import { clocksOf, judgeVersions } from './judge/reports.ts';
import { asking } from './measure/ask.ts';
import type { Event } from './subject.ts';

/** `lines`: what became of reading it. `event` null: there is none to go by. */
export type FoundEvent =
  | { ok: true; event: Event | null; clocks: () => Promise<readonly FoundClock[]>; lines: Line[] }
  | { ok: false; problem: string };

const none = async () => [];
/** A record is read page by page. */
const RECORD_LIMIT_MS = 10_000;

/** By which the event is known; all null: by the one launch that is open. */
interface EventNamed {
  runbook: string | null;
  launch: string | null;
  deployment: Deployment | null;
}

/** The event by the record of its launch, by its configuration, or by the runbook's file. */
export async function eventOf(
  env: Env,
  config: CloudConfig,
  { runbook: path, launch: launchId, deployment }: EventNamed,
  limitMs = RECORD_LIMIT_MS,
): Promise<FoundEvent> {
  if (launchId !== null) return fromRecord(env, config, launchId, limitMs);
  if (deployment !== null) {
    const { config: deployed, runbook } = deployment;
    const event = { name: runbook.title, runbook, launch: null, targetAtMs: deployed.kickoff };
    return { ok: true, event, clocks: none, lines: [] };
  }
  if (path === null) {
    const [only, ...others] = await openLaunches(config, limitMs);
    if (only !== undefined && others.length === 0) return fromRecord(env, config, only, limitMs);
    return { ok: true, event: null, clocks: none, lines: [] };
  }
  const { loaded } = await readRunbookFile(path);
  if (!loaded.ok)
    return { ok: false, problem: `--runbook: it is not usable:\n${loaded.problems.map(describeProblem).join('\n')}` };
  const { runbook } = loaded;
  return { ok: true, event: { name: runbook.title, runbook, launch: null }, clocks: none, lines: [] };
}

/** None when they can't be read: what is in the way has lines of its own. */
async function openLaunches(config: CloudConfig, limitMs: number): Promise<string[]> {
  const cloud = createCloud(config);
  try {
    const found = await asking(limitMs)('the launches', () => cloud.live.launches());
    return found.ok ? found.value.filter(({ closed }) => !closed).map(({ launchId }) => launchId) : [];
  } finally {
    cloud.close();
  }
}

/** With the clocks that its workers report. When the record can't be read, the rest is looked at all the same. */
async function fromRecord(env: Env, config: CloudConfig, launchId: string, limitMs: number): Promise<FoundEvent> {
  const cloud = createCloud(config);
  const { record, staff, clock, live } = cloud;
  const [id, title, needed] = ['aws.launch', `Launch ${launchId}`, 'its record'];
  try {
    const keyring = looseKeyring(null, trustedFrom(env).trusted);
    const asked = await asking(limitMs)('the record', async () => {
      const launch = await createJournal({ record, staff, clock, keyring }).launch(launchId);
      return { launch, reports: launch === null ? [] : (await live.signedReports(launch, keyring.trusted)).reports };
    });
    if (!asked.ok) return { ok: true, event: null, clocks: none, lines: [unasked(id, title, needed, asked.failure)] };
    const { launch, reports } = asked.value;
    const line = about(id, title);
    if (launch === null)
      return {
        ok: true,
        event: null,
        clocks: none,
        lines: [
          line.wrong({ found: 'no such launch in this account and table', needed, fix: 'npm run go -- launches' }),
        ],
      };
    return {
      ok: true,
      event: { name: launch.name, runbook: launch.runbook, launch },
      clocks: async () => clocksOf(reports),
      lines: [line.ok({ found: launch.name, needed }), judgeVersions(fresh(reports, Date.now()))].filter(
        (one) => one !== null,
      ),
    };
  } finally {
    cloud.close();
  }
}
