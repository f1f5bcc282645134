import { redLines, gateLines } from '../../runbooks/launch/gates.ts';
import { createJournal } from '../aws/journal.ts';
import type { Journal } from '../aws/journal.ts';
import { commandKeyring } from '../aws/key-config.ts';
import type { AccessSeen } from './cloud/access.ts';
import { checkAudience } from './event/check-audience.ts';
import { keepEvent, readEvent } from './event/local-event.ts';
import type { LocalEvent } from './event/local-event.ts';
import { apartFromQuarters, beforeTargetMs, clearOfQuarters } from './event/play-times.ts';
import { surroundingsOf } from './event/surroundings.ts';
import { castOf, fullSizes } from './rehearsal-cast.ts';
import { CpuWatch } from './rehearsal-cpu.ts';
import { fireAll } from './rehearsal-fire.ts';
import { reportOf } from './rehearsal-outcome.ts';
import type { RehearsalReport } from './rehearsal-report.ts';
import type { Script, Stage, Talk } from './rehearsal-stage.ts';
import { compileOwn, compileSample, tonguesOf } from './sample-launch.ts';
import { mustGo, testAll, tickGates, timelineOf } from './scripted-commands.ts';
import { until } from './scripted-person.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';
import type { ShownSpan } from './waterfall.ts';

/** `recordText`: every entry and message of the record, as JSON. `access`: what each process needed of its policy, and what that lacks. `feltByCalls`: how many calls the cloud's weather hit. */
export interface Played {
  report: RehearsalReport;
  timelineText: string;
  recordText: string;
  /** What its collector has of the shot. */
  spans: readonly ShownSpan[];
  access: AccessSeen;
  feltByCalls: number;
}

/** Plays one launch from an empty folder to its timeline. Whatever happens, everything that it started is stopped. */
export async function playLaunch(script: Script, dataDir: string, signal: AbortSignal, talk: Talk): Promise<Played> {
  const startedAtMs = Date.now();
  const event = script.event ?? (await readEvent('superbowl', script.workers));
  const of = script.audience === undefined ? `${script.devices.toLocaleString('en-US')} devices` : 'your own list';
  talk.say(
    `Rehearsal${script.event === undefined ? '' : ` of ${event.runbook.title}`} with ${of} and ${script.workers} workers`,
  );
  if (script.audience !== undefined) await checkAudience(event, script.audience, dataDir);
  const stack = await startStack({
    dataDir,
    ports: 'any',
    slackMode: 'socket',
    latencyMs: script.latencyMs,
    latencySpreadMs: script.latencyMs / 2,
    connections: script.connections,
    ...(script.threads === undefined ? {} : { threads: script.threads }),
    ...(script.awsWeather === 'odd' ? { awsWeather: 'odd' } : {}),
    taskStartDelayMs: 500,
    tablesInMemory: true,
    runbooksDir: await keepEvent(event, dataDir),
    surroundings: surroundingsOf(event.runbook),
  });
  // Stopping the stack makes whatever the script waits for fail at once.
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('INTERRUPTED', { cause: signal.reason })), { once: true });
  });
  try {
    // What was asked while the stack started has fired its event already.
    signal.throwIfAborted();
    return await Promise.race([play(stack, script, event, dataDir, startedAtMs, talk), stopped]);
  } finally {
    await stack.stop();
  }
}

async function play(
  stack: Stack,
  script: Script,
  event: LocalEvent,
  dataDir: string,
  startedAtMs: number,
  talk: Talk,
): Promise<Played> {
  const { cloud } = stack;
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    keyring: commandKeyring(stack.env).keyring,
  });
  const cast = castOf(event.runbook, stack.pageUrl);
  if (script.doublePress && cast.third === null)
    throw new Error('--double-press: found two people who may press GO, expected three: one asks, two press together');
  const stage: Stage = { stack, journal, script, event, talk, cast };

  const launchId = await prepare(stage, dataDir);
  const startToReadyMs = Date.now() - startedAtMs;
  const cpu = new CpuWatch(() => ({
    workers: stack.localCloud.tasks().flatMap(({ pid }) => pid ?? []),
    providers: [stack.parts.providers.pid],
    cloud: [process.pid],
    bot: [stack.parts.bot.pid],
  }));
  const watched = await fireAll(stage, launchId, cpu);

  await mustGo(cast.onCall.room, 'timeline');
  const timelineText = await timelineOf(cast.onCall.room);
  const report = await reportOf(journal, { ...script, launchId, startToReadyMs }, watched, cpu);
  const recordText = JSON.stringify([
    await cloud.record.readAfter(launchId, 0),
    await cloud.record.messagesAfter(launchId, 0),
  ]);
  const spans = watched.flatMap(({ shot }) => stack.traces.spansOf(shot.id));
  return {
    report,
    timelineText,
    recordText,
    spans,
    access: stack.localCloud.access(),
    feltByCalls: stack.localCloud.weather.hit,
  };
}

/** From the creation to the first step of a plan that runs by itself: the audience is compiled meanwhile. */
const HEAD_MS = 15_000;
const HOUR_MS = 3_600_000;

/** Creates the launch, compiles its audience, scales up and turns every gate green. Its id. */
async function prepare({ stack, journal, script, event, talk, cast }: Stage, dataDir: string): Promise<string> {
  const { cloud } = stack;
  const { runbook } = event;
  const { onCall, asks } = cast;
  const { compress } = script;
  const beforeMs = beforeTargetMs(runbook);
  const nowMs = Date.now();
  const planMs = compress === undefined ? 0 : clearOfQuarters(runbook, nowMs + HEAD_MS + beforeMs / compress) - nowMs;
  // Without a pace no step is to come by itself: an hour lies before the first one.
  const when =
    compress === undefined
      ? `in ${Math.ceil(beforeMs / HOUR_MS) + 1}h`
      : `in ${Math.ceil(planMs / 1_000)}s compress ${compress}`;
  await mustGo(onCall.room, `create ${runbook.id} ${when} called "Rehearsal"`);
  const launchId = (await until('the launch', 10_000, async () => (await cloud.live.launches())[0])).launchId;
  talk.say(`Audience: ${script.audience === undefined ? 'sample and ' : ''}compile …`);
  const compile = { env: stack.envOf('audience'), dataDir, launchId, by: onCall.id };
  if (script.audience !== undefined) await compileOwn({ ...compile, audience: script.audience });
  else
    await compileSample({
      ...compile,
      devices: script.devices,
      seed: script.seed,
      ...(script.event === undefined ? {} : tonguesOf(runbook)),
    });

  talk.say(
    compress === undefined
      ? `The plan is not played${runbook.targets === undefined ? '' : ', and no market is armed for its own moment'} (--compress N does). Scaling up, test copies, gates …`
      : `The plan scales up by itself, ${compress.toLocaleString('en-US')} times faster: T in ${Math.round(planMs / 1_000)} s. Test copies, gates …`,
  );
  if (compress === undefined) {
    for (const { target, to } of fullSizes(runbook)) await mustGo(onCall.room, `scale ${target} ${to}`);
    await mustGo(onCall.room, `scale ${runbook.pool.scale_target} ${script.workers}`);
  }
  // Loading takes a worker some seconds a million.
  await until(
    'all workers ready',
    120_000 + planMs + script.devices / 40,
    async () =>
      (await cloud.live.reports(launchId)).filter((report) => report.state === 'ready').length >= script.workers,
  );
  await testAll(asks.room, () => journal.launch(launchId));
  const launch = await journal.launch(launchId);
  const lines = launch === null ? [] : gateLines(launch, await cloud.live.gates(launchId), Date.now(), 'all');
  const evidence = new Set(runbook.gates.flatMap(({ id, evidence: kind }) => (kind === undefined ? [] : id)));
  if (redLines(lines).some(({ manual }) => manual)) await tickGates([onCall.room, asks.room], evidence);
  if (runbook.gates.some(({ probe }) => probe?.kind === 'people-present'))
    for (const { room } of new Set([onCall, asks, cast.approves])) await mustGo(room, 'here');
  await until(
    'every gate green',
    60_000 + planMs + 2 * apartFromQuarters(runbook),
    async () => (await openGates(stack, journal, launchId)).length === 0,
    250,
  ).catch(async (error: unknown) => {
    throw new Error(`GATES_OPEN ${(await openGates(stack, journal, launchId)).join('; ')}`, { cause: error });
  });
  return launchId;
}

async function openGates(stack: Stack, journal: Journal, launchId: string): Promise<string[]> {
  const launch = await journal.launch(launchId);
  if (launch === null) return ['no launch'];
  return redLines(gateLines(launch, await stack.cloud.live.gates(launchId), Date.now(), 'all')).map(
    (gate) => `${gate.id} is ${gate.status}: ${gate.say}`,
  );
}
