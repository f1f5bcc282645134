import type { Launch } from '../../../runbooks/launch/launch.ts';
import { remindersDue } from '../../../runbooks/launch/reminders.ts';
import { slackFault } from '../../slack/slack-fault.ts';
import { dueMessage, unheardMessage } from '../../views/aftermath.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { indexItem } from '../effects/perform.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * What a launch that is closed says again in its channel: it has no keeper any more, so the index says when. It is noted before it is
 * posted, so that a crash in between calls nobody twice; what Slack did not take is tried again, but for a channel that takes no posts.
 */
export async function remind(context: Context, launchId: string): Promise<void> {
  const { cloud, journal, slack, nowMs, log } = context;
  if (slack === null) return;
  try {
    const launch = await journal.launch(launchId);
    if (launch?.closed !== true) return;
    const sinceMs = await remindedMs(context, launchId);
    const nowAtMs = nowMs();
    await keepFact(context, launchId, FACT.reminded, String(nowAtMs));
    try {
      const said = messageOf(launch, sinceMs, nowAtMs);
      if (said !== null) await slack.postMessage(launch.channelId, said);
    } catch (error) {
      if (slackFault(error) !== 'room') {
        await keepFact(context, launchId, FACT.reminded, String(sinceMs));
        throw error;
      }
      log.error({ launchId, err: error }, 'a reminder is left out: its channel takes no posts');
    }
    await cloud.live.putLaunch(indexItem(launch, true, nowAtMs));
    // Somebody may have ordered something meanwhile, and put it on the index before we took it off.
    const later = await journal.launch(launchId);
    if (later !== null && later.seq > launch.seq) await cloud.live.putLaunch(indexItem(later, false));
  } catch (error) {
    log.warn({ launchId, err: error }, 'what a closed launch reminds of could not be said');
  }
}

/** One message, so that nobody is called twice because Slack has taken half. */
function messageOf(launch: Launch, sinceMs: number, nowMs: number): Message | null {
  const { unheard, due } = remindersDue(launch, sinceMs, nowMs);
  const parts = [
    ...(due.length === 0 ? [] : [dueMessage(launch, due)]),
    ...(unheard.length === 0 ? [] : [unheardMessage(launch, unheard)]),
  ];
  const [first] = parts;
  return first === undefined ? null : { text: first.text, blocks: parts.flatMap(({ blocks }) => blocks) };
}

/** Up to when reminders were given; 0: none ever. */
export const remindedMs = async (context: Context, launchId: string): Promise<number> =>
  Number((await fact(context, launchId, FACT.reminded)) ?? 0);
