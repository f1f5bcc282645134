import { CANNOT_CLOSE } from '../../../contract/complaints.ts';
import { CANNOT_TAKE } from '../../../contract/complaints.ts';
import { PROVIDER, weatherOf } from '../../../contract/pool-weather.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import type { StillReason } from '../../views/standstill.ts';
import type { Still } from '../../views/standstill.ts';
import { providerName, weatherReason } from '../../views/weather.ts';
import { count, plural, safe, span } from '../../views/words.ts';
import type { Evidence } from './shot-sight.ts';
import { paceOf, setPace } from './stillness.ts';

/** A store that owes an answer for so long is what stands in the way, whatever else is known of before. */
const STORE_SILENT_MS = 1_000;
/** Reports come four times a second while a shot is young, and every second after that. */
const SILENT_MS = 3_000;
/** Workers pause without a confirmed read for this long (workers/halt/switch-view.ts). */
const SWITCH_READ_MS = 800;

/** How the kind of a reason begins that is a provider's weather. */
export const WEATHER = 'weather ';

/** A report that is late looks like a shot that stands still, but for the reason that nobody can see. */
const LATE_REPORT_MS = 1_500;

/** Whether a standstill is sure enough to be said: one with a reason is at once, one without a little later. `stillMs`: after which it is one. */
export function isSure({ kind }: StillReason, still: readonly Still[], stillMs: number, nowMs: number): boolean {
  return kind !== 'unknown' || nowMs - Math.min(...still.map(({ sinceMs }) => sinceMs)) >= stillMs + LATE_REPORT_MS;
}

/** The first that applies: what is further up explains what is further down. */
export function stillReason(
  launch: Launch,
  shot: Shot,
  still: readonly Still[],
  evidence: Evidence,
  nowMs: number,
): StillReason {
  const workers = evidence.workers
    .filter(({ report, silentMs }) => report.state !== 'gone' && silentMs < SILENT_MS)
    .map(({ report }) => report);
  const { hidden } = evidence;
  const reason = ofStore(evidence) ??
    ofSwitches(evidence, workers) ??
    // Most of them say nothing, then: that none reports, or that one has gone silent, would be wrong.
    (hidden.length * 2 >= new Set([...hidden, ...workers].map(({ bootId }) => bootId)).size
      ? ofHidden(hidden)
      : null) ??
    ofWorkers(launch, shot, still, evidence, workers) ??
    ofWeather(still, workers, nowMs) ??
    ofQueues(launch, still, evidence, 'missing') ??
    ofConnections(still, workers) ??
    ofProvider(still, workers, nowMs) ??
    ofHidden(hidden) ??
    ofDead(shot, evidence) ??
    ofQueues(launch, still, evidence, 'content') ??
    ofPace(launch, shot, still, nowMs) ?? {
      kind: 'unknown',
      why: 'nothing that the bot can see: workers report, their connections are open, and nothing waits.',
      todo: "Look at the workers' log lines of this shot.",
    };
  // Whoever can't be heard may well send.
  return hidden.length === 0 ? reason : { ...reason, isUnseen: true };
}

function ofStore({ storeSilentMs }: Evidence): StillReason | null {
  if (storeSilentMs < STORE_SILENT_MS) return null;
  return {
    kind: 'store',
    why: `the store (DynamoDB) has not answered the bot for ${span(storeSilentMs)}. Workers that can't read the halt switch pause by themselves, so most likely nothing goes out until it answers.`,
    todo: 'Nothing is lost: it goes on by itself once the store answers, while its time lasts. Look at the AWS Health Dashboard for DynamoDB in this Region. A HALT that is pressed now is tried until the store takes it.',
  };
}

function ofHidden(hidden: Evidence['hidden']): StillReason | null {
  const [first] = hidden;
  if (first === undefined) return null;
  return {
    kind: 'hidden',
    why: `reports of ${plural(hidden.length, 'worker')} (${safe(first.host, 60)}${hidden.length > 1 ? ' and others' : ''}) were overwritten or deleted by somebody who is no worker of this launch, so nobody here sees what ${hidden.length === 1 ? 'it sends' : 'they send'}. Workers send by the record alone, and most likely go on.`,
    todo: 'Find out who can write the live table (CloudTrail), and take that right away; the figures are there again a second later. The close counts from the claims, which is another table.',
  };
}

function ofSwitches({ switches }: Evidence, workers: readonly WorkerReport[]): StillReason | null {
  if (switches === 'missing') {
    return {
      kind: 'switch item',
      why: 'the switch item that workers read is gone from its table, so they have paused by themselves.',
      todo: 'The bot writes it again from the record within seconds. Find out who can write that table; if somebody pressed HALT just before, press it again.',
    };
  }
  if (switches === 'halted')
    return {
      kind: 'halt',
      why: 'the switch item is halted, and workers obey it. The entry of that halt is not in the record yet.',
      todo: 'Wait for the message that says who pressed it; then `/go resume fire` sends what was cut off, with two people.',
    };
  const blind = workers.filter(({ switchReadAgoMs }) => switchReadAgoMs === null || switchReadAgoMs > SWITCH_READ_MS);
  if (workers.length === 0 || blind.length * 2 < workers.length) return null;
  const worst = Math.max(...blind.map(({ switchReadAgoMs }) => switchReadAgoMs ?? 0));
  return {
    kind: 'switch reads',
    why: `${blind.length} of ${plural(workers.length, 'worker')} can't read the switch item${worst > 0 ? ` (last read ${span(worst)} ago)` : ''}, so they have paused by themselves: without it they could not hear a halt.`,
    todo: "They go on by themselves once they can read it. Look at DynamoDB and at the workers' network.",
  };
}

function ofWorkers(
  launch: Launch,
  shot: Shot,
  still: readonly Still[],
  evidence: Evidence,
  workers: readonly WorkerReport[],
): StillReason | null {
  const pool = safe(launch.runbook.pool.scale_target, 60);
  if (workers.length === 0) {
    const last = Math.min(...evidence.workers.map(({ silentMs }) => silentMs));
    return {
      kind: 'no worker',
      why: `no worker reports${Number.isFinite(last) ? `; the last one did ${span(last)} ago` : ' at all'}.`,
      todo: `See whether tasks of the pool run (\`/go status\`), and bring some with \`/go scale ${pool} ${launch.runbook.pool.workers}\`. What is not sent stays within reach, and goes on by itself when one is ready.`,
    };
  }
  const stopped = workers.filter((report) => stops(report, shot, still));
  if (stopped.length > 0) {
    return {
      kind: 'stopped',
      why: `${stopped.length} of ${plural(workers.length, 'worker')} stopped it by an answer that every further push would get too: ${safe(stopped[0]?.say ?? '', 200)}.`,
      todo: 'Press HALT, so that it closes; mend what the provider complains of (topic, content); then `/go resume fire` goes to whoever was not reached.',
    };
  }
  const cannot = workers.filter(
    ({ say }) => say.startsWith(`${CANNOT_TAKE} ${shot.id}: `) || say.startsWith(`${CANNOT_CLOSE} ${shot.id}: `),
  );
  if (cannot.length > 0) {
    return {
      kind: 'cannot',
      why: `${cannot.length} of ${plural(workers.length, 'worker')} can't go on with it: ${safe(cannot[0]?.say ?? '', 300)}.`,
      todo: 'Nothing is sent on a guess. Bring all workers and the bot to the same version, or put back what was lost (what the sentence names); it goes on by itself then, while its time lasts.',
    };
  }
  const ready = workers.filter(({ state }) => state === 'ready' || state === 'sending');
  if (ready.length > 0) return null;
  return {
    kind: 'none ready',
    why: `none of ${plural(workers.length, 'worker')} is ready. One says: ${safe(workers[0]?.say ?? '', 200)}.`,
    todo: `\`/go ready\` shows what is missing. What is not sent goes on by itself when one is ready.`,
  };
}

/** An older worker says it in words alone, and of all platforms. */
function stops({ stopped, say }: WorkerReport, shot: Shot, still: readonly Still[]): boolean {
  if (stopped === undefined) return say.includes(`STOPPED sending ${shot.id}`);
  return stopped.some(({ shotId, platform }) => shotId === shot.id && still.some((one) => one.platform === platform));
}

function ofWeather(still: readonly Still[], workers: readonly WorkerReport[], nowMs: number): StillReason | null {
  const [weather] = weatherOf(
    workers,
    still.map(({ platform }) => platform),
  );
  return weather === undefined ? null : { kind: `${WEATHER}${weather.platform}`, ...weatherReason(weather, nowMs) };
}

function ofConnections(still: readonly Still[], workers: readonly WorkerReport[]): StillReason | null {
  for (const { platform } of still) {
    const lanes = workers.flatMap(({ lanes: all }) => all.filter(({ provider }) => provider === PROVIDER[platform]));
    const name = providerName[platform];
    if (lanes.length === 0) continue;
    if (lanes.every(({ connections, streams }) => connections === 0 || streams === 0)) {
      return {
        kind: `no connection ${platform}`,
        why: `no connection to ${name} is open on any of ${plural(workers.length, 'worker')}.`,
        todo: `Workers go on connecting. Look at the provider's status page and at the workers' way out (port 443).`,
      };
    }
    if (lanes.every(({ credentialLeftMs }) => credentialLeftMs === null || credentialLeftMs <= 0)) {
      return {
        kind: `credential ${platform}`,
        why: `no worker has a credential for ${name} that is still good.`,
        todo: 'Look at the key that workers were started with; `/go ready` shows the gate.',
      };
    }
  }
  return null;
}

function ofProvider(still: readonly Still[], workers: readonly WorkerReport[], nowMs: number): StillReason | null {
  for (const { platform, sinceMs } of still) {
    const lanes = workers.flatMap(({ lanes: all }) => all.filter(({ provider }) => provider === PROVIDER[platform]));
    const inFlight = lanes.reduce((sum, lane) => sum + lane.inFlight, 0);
    if (inFlight === 0) continue;
    const connections = lanes.reduce((sum, lane) => sum + lane.connections, 0);
    return {
      kind: `provider ${platform}`,
      why: `${providerName[platform]} answers nothing: ${plural(inFlight, 'push', 'pushes')} on ${plural(connections, 'connection')} ${inFlight === 1 ? 'has' : 'have'} waited for ${span(nowMs - sinceMs)}.`,
      todo: `It goes on by itself when ${providerName[platform]} answers; nothing more is taken in hand meanwhile. A push without an answer for 10 s counts as uncertain: it may have arrived. Look at the provider's status page.`,
    };
  }
  return null;
}

/** Held by a worker that is gone: nobody else may send it before its lease is over. */
function ofDead(shot: Shot, { workers }: Evidence): StillReason | null {
  const dead = workers.filter(
    ({ report, silentMs }) =>
      (silentMs >= SILENT_MS || report.state === 'gone') && report.shots.some(({ shotId }) => shotId === shot.id),
  );
  const [first] = dead;
  if (first === undefined) return null;
  return {
    kind: 'dead worker',
    why: `${plural(dead.length, 'worker')} that ${dead.length === 1 ? 'was' : 'were'} sending it ${dead.length === 1 ? 'has' : 'have'} gone silent (${safe(first.report.host, 60)}, ${span(first.silentMs)} ago).`,
    todo: 'What it had not written goes on with another worker when its lease ends, within some seconds; what it had written counts as uncertain.',
  };
}

function ofQueues(
  launch: Launch,
  still: readonly Still[],
  { queues }: Evidence,
  look: 'missing' | 'content',
): StillReason | null {
  const mine = [
    ['segments', queues.segments] as const,
    ...still.map(({ platform }) => [platform, queues[platform]] as const),
  ];
  const missing = mine
    .filter(([, sight]) => sight === 'missing')
    .map(([what]) => (what === 'segments' ? 'segment orders' : `${what === 'ios' ? 'iOS' : 'Android'} batches`));
  if (look === 'missing') {
    if (missing.length === 0) return null;
    return {
      kind: 'queue missing',
      why: `the pool's queue of ${missing.join(' and ')} does not exist: somebody has deleted it.`,
      todo: 'The bot makes it again by itself, which SQS allows 60 s after the deletion, and workers put the batches back. Find out who can delete queues.',
    };
  }
  const depths = mine.flatMap(([, sight]) => (sight === null || sight === 'missing' ? [] : [sight]));
  if (depths.length < mine.length) return null;
  const waiting = depths.reduce((sum, sight) => sum + sight.waiting, 0);
  const inFlight = depths.reduce((sum, sight) => sum + sight.inFlight, 0);
  if (waiting + inFlight === 0)
    return {
      kind: 'queues empty',
      why: 'its queues are empty while devices are left: the messages were lost or purged.',
      todo: 'Workers put them back by themselves, from the record, within some seconds.',
    };
  if (waiting > 0)
    return {
      kind: 'queue waits',
      why: `${plural(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} in its queues and no worker takes one.`,
      todo: `\`/go status\` shows how many of ${launch.runbook.pool.workers} workers are ready.`,
    };
  return null;
}

function ofPace(launch: Launch, shot: Shot, still: readonly Still[], nowMs: number): StillReason | null {
  for (const { platform } of still) {
    const perSecond = paceOf(launch, shot, platform, nowMs);
    if (perSecond === 0 || perSecond >= 10) continue;
    const kind = `pace ${platform}`;
    const provider = providerName[platform];
    const isSet = setPace(launch, platform) > 0;
    const full = paceOf(launch, shot, platform, Infinity);
    if (full > perSecond)
      return {
        kind,
        why: `the ramp of ${provider} has just begun: ${count(Math.round(perSecond))} a second now, ${count(full)} at its end.`,
        todo: 'Nothing: it rises by itself.',
      };
    return {
      kind,
      why: `the pace of ${provider} is ${count(perSecond)} a second${isSet ? '' : ', as the runbook says'}.`,
      todo: isSet
        ? `\`/go pace ${platform} 0\` goes back to what the runbook says.`
        : `\`/go pace ${platform} 10k\` sets another.`,
    };
  }
  return null;
}
