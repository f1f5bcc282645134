import { endedPhase } from '../../runbooks/launch/effects.ts';
import type { EntryOf } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { actorOf } from './names.ts';
import { cleanedUpMessage } from './stand-down.ts';
import { safe } from './words.ts';

/** The end of a step: what somebody has answered, why it was refused, that its phase is over; null where there is nothing to say. */
export function stepEndMessage(launch: Launch, entry: EntryOf<'StepDone'>): Message | null {
  const phase = phaseEnd(launch, entry.step);
  const title = safe(stepNamed(launch.runbook, entry.step)?.title ?? entry.step, 120);
  if (!('person' in entry.by)) {
    if (entry.refused === true) return refused(launch, entry);
    return launch.stoodDown === null ? phase : cleanedUpMessage(launch, title, entry.say);
  }
  const sign = entry.refused === true ? ':warning:' : ':speech_balloon:';
  const text = `*${actorOf(launch, entry.by)}* answered *${title}*: ${safe(entry.say, 200)}`;
  return message(text.replaceAll('*', ''), [section(`${sign} ${text}`), ...(phase?.blocks ?? [])]);
}

/** Nothing else will do a refused step's work, so people must hear of it. */
function refused(launch: Launch, { step, say }: EntryOf<'StepDone'>): Message {
  const text = `*${safe(stepNamed(launch.runbook, step)?.title ?? step, 120)}* was refused: ${safe(say, 1_000)}`;
  return message(text.replaceAll('*', ''), [section(`:red_circle: ${text}`)]);
}

function phaseEnd(launch: Launch, step: string): Message | null {
  const phase = endedPhase(launch, step);
  if (phase === null) return null;
  // "Done" alone reads as sent.
  const sent = Object.keys(launch.shots).length > 0 ? '' : ' Nothing was sent so far.';
  return message(`Every step of ${phase.title} is done.${sent}`, [
    section(`:checkered_flag: Every step of *${safe(phase.title, 120)}* is done.${sent}`),
  ]);
}
