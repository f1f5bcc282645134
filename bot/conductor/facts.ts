import type { FactStore } from '../../infra/aws/fact-store.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Context } from './context.ts';

/** What a launch's facts are called (infra/aws/fact-store.ts): what must survive the process and is no entry. */
export const FACT = {
  /** Every effect of entries up to this sequence is done. */
  watermark: 'outbox/upto',
  board: 'message/board',
  order: (orderId: string) => `message/order/${orderId}`,
  /** Its asker was called before this end of it; empty: Slack did not take the call. */
  renewalCalled: (orderId: string, expiresAtMs: number) => `order/${orderId}/called/${expiresAtMs}`,
  standDown: 'message/stand-down',
  scale: (target: string) => `message/scale/${target}`,
  /** The execution of a step's automation. */
  automation: (step: string) => `automation/${step}`,
  /** What AWS was asked of `scale/SEQ` or `step/ID`, or in vain of an effect (JSON of AwsCall[]). */
  awsCalls: (what: string) => `aws/${what}`,
  automationMessage: (step: string) => `message/automation/${step}`,
  /** People were told that this step may miss this deadline. */
  endangered: (step: string, deadlineAtMs: number) => `step/${step}/endangered/${deadlineAtMs}`,
  /** The trouble with a scale order that people were told of last. */
  scaleTold: (target: string) => `scale/told/${target}`,
  /** What AWS was told of a target in advance, and what stood there before (JSON); empty: nothing any more. */
  scheduled: (target: string) => `scale/scheduled/${target}`,
  /** Scale targets of which AWS may have something in advance (JSON of ScaleTarget[]). */
  scheduledTargets: 'scale/scheduled-targets',
  live: (shotId: string) => `message/live/${shotId}`,
  /** The ts that a shot's live message is being moved down from; empty: none. */
  moving: (shotId: string) => `message/live/${shotId}/moving`,
  figures: (shotId: string) => `figures/${shotId}`,
  /** People were told that this platform takes next to nothing of the shot. */
  failing: (shotId: string, platform: Platform) => `shot/${shotId}/failing/${platform}`,
  /** That a running shot stands still, as it is said in the room (JSON); empty: it moves again. */
  standstill: (shotId: string) => `shot/${shotId}/standstill`,
  /** What a provider answers everybody, as it is said in the room (JSON); empty: it takes pushes. */
  weather: (platform: Platform) => `weather/${platform}`,
  /** That workers have stopped this shot to a platform by themselves, as it is said in the room (JSON); empty: the shot is over. */
  stopped: (shotId: string, platform: Platform) => `shot/${shotId}/stopped/${platform}`,
  /** A version of the SSM halt parameter that the record explains; when it was written, in milliseconds. */
  haltExplained: (version: number) => `ssm/halt/${version}`,
  /** Version of another switch's parameter as we wrote it, and the last one by hand that people were told of. */
  mirrored: (name: string) => `ssm/mirrored/${name}`,
  toldByHand: (name: string) => `ssm/told/${name}`,
  /** What keeps the channel from taking posts (JSON of RoomTrouble); empty: nothing. */
  roomTrouble: 'room/trouble',
  /** When the next reminder of fleets that are still up is due, and how many there were (JSON). */
  fleetsReminded: 'fleets/reminded',
  /** What one unit of a fleet was when it was seen last (JSON). */
  fleetUnit: (target: string) => `fleets/unit/${target}`,
  /** Task definition of the workers' service when it was seen first. */
  workersDefinition: 'deployment/workers',
  /** And of the bot that led then. */
  botDefinition: 'deployment/bot',
  /** When the record was told what the launch cost. */
  costTold: 'fleets/cost',
  /** What people were told last of a record that can't be believed. */
  recordTold: 'record/told',
  /** `behind`: people were told that the other region does not get the record; empty: it does. */
  standbyTold: 'standby/told',
  /** Posts of entries up to this sequence are being folded into one summary; empty: none. */
  folding: 'room/folding',
  /** How far the channel's history is read that is being read (JSON of Reading); empty: none is. */
  backFill: 'room/back-fill',
  /** The compile that was asked for last (JSON of CompileRun). */
  compile: 'compile',
  compileMessage: (number: number) => `message/compile/${number}`,
  /** Who cancelled it. */
  compileCancelled: (number: number) => `compile/${number}/cancelled`,
  /** Reminders of a launch that is closed were given up to this time. */
  reminded: 'postmortem/reminded',
  /** How it ended, as its message says it. */
  compileTold: (number: number) => `compile/${number}/told`,
  /** A rehearsal was halted with this stop of the launch that it rehearses. */
  dayStopped: (stop: string) => `day/${stop}`,
  /** The doctor's last look, for gates that go by it (JSON). */
  doctor: 'doctor/look',
  /** Who pressed the halt of this epoch, for the case that only the switch item was written. */
  haltPress: (epoch: number) => `halt/${epoch}`,
} as const;

/** As this process last knew them: a fact is changed and never taken away, so one that is missing was lost with its table. */
const known = new WeakMap<FactStore, Map<string, string>>();

function knownOf({ cloud }: Context): Map<string, string> {
  const facts = known.get(cloud.facts) ?? new Map<string, string>();
  known.set(cloud.facts, facts);
  return facts;
}

export async function fact(context: Context, launchId: string, name: string): Promise<string | null> {
  const store = context.cloud.facts;
  const facts = knownOf(context);
  const key = `${launchId}\n${name}`;
  const found = await store.get(launchId, name);
  if (found !== null) facts.set(key, found);
  const last = found ?? facts.get(key) ?? null;
  if (found === null && last !== null) await store.put(launchId, name, last);
  return last;
}

export async function keepFact(context: Context, launchId: string, name: string, value: string): Promise<void> {
  await context.cloud.facts.put(launchId, name, value);
  knownOf(context).set(`${launchId}\n${name}`, value);
}
