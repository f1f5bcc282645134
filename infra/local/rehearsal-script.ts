import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { shotFigures } from '../../contract/figures.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { redLines, gateLines } from '../../runbooks/launch/gates.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { createJournal } from '../aws/journal.ts';
import type { Journal } from '../aws/journal.ts';
import { commandKeyring } from '../aws/key-config.ts';
import { projectRoot } from './child.ts';
import type { AccessSeen } from './cloud/access.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import { CpuWatch } from './rehearsal-cpu.ts';
import { faults } from './rehearsal-faults.ts';
import { streamUse } from './rehearsal-report.ts';
import type { RehearsalReport } from './rehearsal-report.ts';
import { ShotWatch } from './rehearsal-watch.ts';
import { compileSample } from './sample-launch.ts';
import { mustGo, testAll, tickGates, timelineOf } from './scripted-commands.ts';
import { ScriptedPerson, until } from './scripted-person.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';
import type { ShownSpan } from './waterfall.ts';

/** What a rehearsal is asked to play. */
export interface Script {
  devices: number;
  workers: number;
  seed: number;
  latencyMs: number;
  connections: number;
  /** Sending threads of a worker; absent: as many as it takes by itself. */
  threads?: number;
  haltAfterMs: number | null;
  doublePress: boolean;
  killWorkerAfterMs: number | null;
  /** Of the local cloud, for some seconds from GO on. */
  awsWeather?: CloudWeatherName;
}

const ROOM = 'C0WARROOM';

/** How the play tells what it does: lines, and a live progress bar on standard output. */
export interface Talk {
  say: (line: string) => void;
  bar: boolean;
}

/** `recordText`: every entry and message of the record, as JSON. `access`: what each process needed of its policy, and what that lacks. */
export interface Played {
  report: RehearsalReport;
  timelineText: string;
  recordText: string;
  /** What its collector has of the shot. */
  spans: readonly ShownSpan[];
  access: AccessSeen;
}

/** Plays one launch from an empty folder to its timeline. Whatever happens, everything that it started is stopped. */
export async function playLaunch(script: Script, dataDir: string, signal: AbortSignal, talk: Talk): Promise<Played> {
  const startedAtMs = Date.now();
  talk.say(`Rehearsal with ${script.devices.toLocaleString('en-US')} devices and ${script.workers} workers`);
  const stack = await startStack({
    dataDir,
    ports: 'any',
    slackMode: 'socket',
    latencyMs: script.latencyMs,
    latencySpreadMs: script.latencyMs / 2,
    connections: script.connections,
    ...(script.threads === undefined ? {} : { threads: script.threads }),
    taskStartDelayMs: 500,
    tablesInMemory: true,
    runbooksDir: await writeRunbook(dataDir, script.workers),
  });
  // Stopping the stack makes whatever the script waits for fail at once.
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('INTERRUPTED', { cause: signal.reason })), { once: true });
  });
  try {
    // What was asked while the stack started has fired its event already.
    signal.throwIfAborted();
    return await Promise.race([play(stack, script, dataDir, startedAtMs, talk), stopped]);
  } finally {
    await stack.stop();
  }
}

/** The Super Bowl runbook for the number of workers that was asked for. */
async function writeRunbook(dataDir: string, workers: number): Promise<string> {
  const folder = join(dataDir, 'runbooks');
  await mkdir(folder, { recursive: true });
  const document = parseDocument(await readFile(join(projectRoot, 'runbooks/library/superbowl.yaml'), 'utf8'));
  document.setIn(['pool', 'workers'], workers);
  await writeFile(join(folder, 'superbowl.yaml'), document.toString({ lineWidth: 0 }));
  return folder;
}

/** What every act of the play needs. */
interface Stage {
  stack: Stack;
  journal: Journal;
  script: Script;
  talk: Talk;
  people: Record<'ana' | 'mia' | 'ben', ScriptedPerson>;
}

async function play(stack: Stack, script: Script, dataDir: string, startedAtMs: number, talk: Talk): Promise<Played> {
  const { cloud } = stack;
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    keyring: commandKeyring(stack.env).keyring,
  });
  const person = (id: string) => new ScriptedPerson(stack.pageUrl, ROOM, id);
  const people = { ana: person('U0ONCALL'), mia: person('U0MARKET1'), ben: person('U0MARKET2') };
  const stage: Stage = { stack, journal, script, talk, people };

  const launchId = await prepare(stage, dataDir);
  const startToReadyMs = Date.now() - startedAtMs;
  const cpu = new CpuWatch(() => ({
    workers: stack.localCloud.tasks().flatMap(({ pid }) => pid ?? []),
    providers: [stack.parts.providers.pid],
    cloud: [process.pid],
    bot: [stack.parts.bot.pid],
  }));
  const shot = await fire(stage, launchId, cpu);
  const watch = await untilClosed(stage, launchId, shot, cpu);

  await mustGo(people.ana, 'timeline');
  const timelineText = await timelineOf(people.ana);
  const report = await reportOf(stage, { launchId, shotId: shot.id, startToReadyMs }, watch, cpu);
  const recordText = JSON.stringify([
    await cloud.record.readAfter(launchId, 0),
    await cloud.record.messagesAfter(launchId, 0),
  ]);
  const spans = stack.traces.spansOf(shot.id);
  return { report, timelineText, recordText, spans, access: stack.localCloud.access() };
}

/** Creates the launch, compiles its audience, scales up and turns every gate green. Its id. */
async function prepare({ stack, journal, script, talk, people }: Stage, dataDir: string): Promise<string> {
  const { cloud } = stack;
  const { ana, mia } = people;
  await mustGo(ana, 'create superbowl in 9h called "Rehearsal"');
  const launchId = (await until('the launch', 10_000, async () => (await cloud.live.launches())[0])).launchId;
  talk.say('Audience: sample and compile …');
  await compileSample({ env: stack.envOf('audience'), dataDir, devices: script.devices, seed: script.seed, launchId });

  talk.say('Scaling up, test copies, gates …');
  await mustGo(ana, 'scale edge 40');
  await mustGo(ana, `scale workers ${script.workers}`);
  // Loading takes a worker some seconds a million.
  await until(
    'all workers ready',
    120_000 + script.devices / 40,
    async () =>
      (await cloud.live.reports(launchId)).filter((report) => report.state === 'ready').length >= script.workers,
  );
  await testAll(mia, () => journal.launch(launchId));
  await tickGates([ana, mia]);
  await until(
    'every gate green',
    60_000,
    async () => (await openGates(stack, journal, launchId)).length === 0,
    250,
  ).catch(async (error: unknown) => {
    throw new Error(`GATES_OPEN ${(await openGates(stack, journal, launchId)).join('; ')}`, { cause: error });
  });
  return launchId;
}

/** Mia asks, Ben presses, in a double press Ana with him. */
async function fire({ journal, script, talk, people }: Stage, launchId: string, cpu: CpuWatch): Promise<Shot> {
  const { ana, mia, ben } = people;
  await mia.say('The ad is on. Asking for GO.');
  await mustGo(mia, 'fire all');
  const go = await until('the GO button', 10_000, async () => (await ben.buttons('fire.go')).at(-1));
  cpu.look();
  talk.say(`GO: ${script.doublePress ? 'Ben and Ana press together' : 'Ben presses'} “${go.label}”`);
  await Promise.all([ben.press(go), ...(script.doublePress ? [ana.press(go)] : [])]);
  return until('the shot', 10_000, async () => Object.values((await journal.launch(launchId))?.shots ?? {})[0]);
}

/** What was asked to go wrong goes wrong meanwhile. */
async function untilClosed(
  { stack, journal, script, talk, people }: Stage,
  launchId: string,
  shot: Shot,
  cpu: CpuWatch,
): Promise<ShotWatch> {
  const watch = new ShotWatch(stack, script.devices, launchId, shot, cpu, talk.bar);
  const timers = faults(stack, script, people.ana, shot, talk.say);
  try {
    await until(
      'the shot to close',
      720_000,
      async () => {
        await watch.look();
        return (await journal.launch(launchId))?.shots[shot.id]?.closed;
      },
      250,
    );
    // The bot records the figures a moment after the close; the timeline should have them.
    await until(
      'the figures in the record',
      20_000,
      async () => (await journal.launch(launchId))?.shots[shot.id]?.timing,
    );
  } finally {
    watch.end();
    for (const timer of timers) clearTimeout(timer);
  }
  return watch;
}

async function openGates(stack: Stack, journal: Journal, launchId: string): Promise<string[]> {
  const launch = await journal.launch(launchId);
  if (launch === null) return ['no launch'];
  return redLines(gateLines(launch, await stack.cloud.live.gates(launchId), Date.now(), 'all')).map(
    (gate) => `${gate.id} is ${gate.status}: ${gate.say}`,
  );
}

function outcomeOf(shot: Shot): RehearsalReport['outcome'] {
  const { accepted, reasons, uncertain, halted, late, skipped } = sumTotals(shot.totals ?? []);
  return { accepted, failed: reasons, uncertain, halted, late, skipped };
}

async function reportOf(
  { stack, journal, script }: Stage,
  { launchId, shotId, startToReadyMs }: { launchId: string; shotId: string; startToReadyMs: number },
  watch: ShotWatch,
  cpu: CpuWatch,
): Promise<RehearsalReport> {
  const launch = (await journal.launch(launchId)) as Launch;
  const shot = launch.shots[shotId] as Shot;
  watch.note(await stack.cloud.live.reports(launchId));
  const counts = await watch.counts();
  const entries = await journal.entries(launchId);
  const snapshots = [...watch.snapshots.values()];
  const { figures } = shotFigures(launch, shot, snapshots, Date.now());
  const halt = entries.find((entry) => entry.kind === 'HaltSet');
  const sinceGo = (atMs: number | null) => (atMs === null ? null : atMs - shot.pressedAtMs);
  const spanMs = counts.firstAtMs === null || counts.lastAtMs === null ? 0 : counts.lastAtMs - counts.firstAtMs;
  const platform = (name: Platform) =>
    shot.audience.segments
      .filter((segment) => segment.platform === name)
      .reduce((sum, segment) => sum + segment.devices, 0);
  const curves = (name: Platform) => snapshots.map(({ platforms }) => platforms[name].curve);
  return {
    devices: shot.audience.devices,
    platforms: { ios: platform('ios'), android: platform('android') },
    outcome: outcomeOf(shot),
    provider: { received: counts.received, distinctDevices: counts.distinctDevices, duplicates: counts.duplicates },
    timing: {
      startToReadyMs,
      goToFirstMs: sinceGo(counts.firstAtMs),
      p50Ms: figures.total.p50Ms,
      p95Ms: figures.total.p95Ms,
      p99Ms: figures.total.p99Ms,
      lastMs: sinceGo(counts.lastAtMs),
      perSecond: spanMs > 0 ? (counts.received / spanMs) * 1_000 : null,
    },
    halt: {
      pressToLastSendMs:
        halt?.kind === 'HaltSet' && counts.lastAtMs !== null ? counts.lastAtMs - halt.pressedAtMs : null,
    },
    workers: { count: script.workers, peakRssMb: watch.peakRssMb },
    // A worker takes so many threads by itself (workers/config.ts).
    setUp: {
      connections: script.connections,
      threads: script.threads ?? Math.max(1, availableParallelism() - 1),
      latencyMs: script.latencyMs,
      segments: shot.segments.length,
    },
    cpu: counts.lastAtMs === null ? null : cpu.useUntil(counts.lastAtMs),
    streams: {
      ios: streamUse([...watch.streams.apns.values()], script.latencyMs, curves('ios')),
      android: streamUse([...watch.streams.fcm.values()], script.latencyMs, curves('android')),
    },
    entries: entries.length,
    timelinePath: '',
  };
}
