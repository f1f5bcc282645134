import { goneTimesSay } from '../../../contract/compile-state.ts';
import type { CompileState, SkipStored } from '../../../contract/compile-state.ts';
import type { TaskSeen } from '../../../infra/aws/audience-task.ts';
import { timesOf } from '../../../runbooks/launch/counts.ts';
import { DEVICE_STATES } from '../../../runbooks/launch/entries.ts';
import type { ShotOutcomes } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { outcomesByText } from '../../../runbooks/launch/outcomes.ts';
import { sampleText } from '../../../runbooks/launch/rehearsal-launch.ts';
import { isOutcomes, isSkip, isTake, kindOf, nameOf } from '../../views/compile.ts';
import type { CompileEnd, CompileRun, TaskKind } from '../../views/compile.ts';
import { count, plural } from '../../views/words.ts';

/** What a task says of itself: a compile, a skip list or a sample. */

/** For its task, but for whose it is. */
export function commandOf(run: CompileRun): string[] {
  if (isSkip(run)) return ['skip', '--refused-in', run.refusedIn.launchId];
  // Whom it goes to stands in the record of the rehearsal.
  if (isTake(run)) return ['take'];
  if (isOutcomes(run)) return ['outcomes'];
  return ['compile', '--users', run.users, '--device-table', run.table, ...run.options];
}

export function begins(launch: Launch, run: CompileRun): string {
  const who = nameOf(launch, run.by);
  if (isSkip(run))
    return `${who} has the ${count(run.refusedIn.tokens)} tokens skipped that were refused in ${run.refusedIn.launchId}.`;
  if (isTake(run)) return `${who} has ${sampleText(run.sample)} of ${run.takesFrom} taken.`;
  if (isOutcomes(run))
    return `${who} has outcomes counted by language, and refused tokens put down for the owner of the table of devices.`;
  return `${who} has an audience compiled from ${commandOf(run).slice(1).join(' ')}.`;
}

const READS: Record<TaskKind, string> = {
  compile: 'the task reads the list',
  skip: 'the task reads what was refused',
  take: 'the task reads the audience',
  outcomes: 'the task reads what became of each device',
};

export function progressOf(run: CompileRun, seen: TaskSeen, state: CompileState | null): CompileRun['progress'] {
  if (state?.is === 'working') {
    const { say, percent, leftMs } = state;
    return { say, percent, leftMs };
  }
  return seen.state === 'running' ? { ...run.progress, say: READS[kindOf(run)] } : run.progress;
}

export function stoppedText(run: CompileRun, { exitCode, reason }: TaskSeen): string {
  const code = exitCode === null ? 'before it ran' : `with the exit code ${exitCode}`;
  const memory = exitCode === 137 ? ' (killed; often for want of memory)' : '';
  return `Its task ended ${code}${memory}: ${reason ?? 'ECS gave no reason'}. Its log has more${kindOf(run) === 'compile' ? '; what it had read is kept for another try' : ''}.`;
}

export const lookedAtText = ({ skipList }: Launch, { skip }: CompileEnd): string =>
  skip === undefined || skipList?.hash === skip.hash
    ? 'It was looked at, and set as it is.'
    : 'It was looked at, and set as it is; what its --skip leaves out was not set with it: ask for it again, or npm run audience -- skip.';

export function setText({ skipList }: Launch, run: CompileRun, skip: SkipStored | undefined): string {
  if (isTake(run)) return 'It is the audience of this rehearsal, and nobody else gets it.';
  if (skip !== undefined)
    return `It is the audience of this launch, and what its --skip leaves out is on the skip list, which has ${count(skip.tokens)} tokens.`;
  return skipList === null
    ? 'It is the audience of this launch.'
    : 'It is the audience of this launch. The skip list stays; people whom it leaves out by id are left out with the devices that they had before: give those lists to --suppress too.';
}

export function listedText({ skip, added, refused, untold }: Extract<CompileState, { is: 'listed' }>): string {
  const news = added === 0 ? 'all of them were skipped already' : `${count(added)} are new on the skip list`;
  return [
    `${plural(refused, 'token')} refused for good: ${news} (${plural(skip.tokens, 'token')}).`,
    ...(untold === 0 ? [] : [`Of ${plural(untold, 'more device')} nobody can tell it any more.`]),
    ...(added === 0 ? [] : ['No order is void by it; workers take it in now.']),
  ].join(' ');
}

/** The last ones, and their largest texts: all of them are in the record. */
const SHOTS_TOLD = 3;
const TEXTS_TOLD = 6;

/** By text, over all segments. */
function shotText({ shotId, texts }: ShotOutcomes): string {
  const all = outcomesByText(texts)
    .map((one) => ({ ...one, devices: Object.values(one.states).reduce((sum, more) => sum + more, 0) }))
    .toSorted((a, b) => b.devices - a.devices);
  const told = all.slice(0, TEXTS_TOLD).map(({ text, states }) => {
    const some = DEVICE_STATES.filter((state) => timesOf(states, state) > 0);
    return `${text} ${some.map((state) => `${count(timesOf(states, state))} ${state}`).join(', ')}`;
  });
  const more = all.length - told.length;
  return `${shotId}: ${[...told, ...(more > 0 ? [`and ${plural(more, 'more text', 'more texts')}`] : [])].join('; ')}.`;
}

/** What nothing else says comes first, as a message may have no room for all; the counts stand on lines of their own. */
export function countedText({ shots, refused, times }: Extract<CompileState, { is: 'counted' }>): string {
  const untold = shots.reduce((sum, one) => sum + one.untold, 0);
  const counted = shots.filter(({ texts }) => texts.length > 0);
  const said = [
    `Outcomes of ${shots.map(({ shotId }) => shotId).join(', ')} by language are in the record, and in the postmortem that is made next.`,
    ...(untold === 0 ? [] : [`${plural(untold, 'device')} of them have no account any more.`]),
    refused === null
      ? 'No token was refused for good.'
      : `${plural(refused.tokens, 'token')} that ${refused.tokens === 1 ? 'was' : 'were'} refused for good ${refused.tokens === 1 ? 'lies' : 'lie'} in the bucket at ${refused.key}, for whoever owns the table of devices.`,
    ...(times === undefined ? [] : goneTimesSay(times)),
  ].join(' ');
  const which = counted.length > SHOTS_TOLD ? [`The last ${SHOTS_TOLD}:`] : [];
  return [said, ...which, ...counted.slice(-SHOTS_TOLD).map(shotText)].join('\n');
}
