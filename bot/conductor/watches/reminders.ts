import type { Launch } from '../../../runbooks/launch/launch.ts';
import { remindersDue } from '../../../runbooks/launch/reminders.ts';
import { slackFault } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { dueMessage, unheardMessage } from '../../views/aftermath.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { indexItem } from '../effects/perform.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * What a launch that is closed says again in its channel: it has no keeper any more, so the index says when. Said once, by whichever
 * instance; what Slack did not take is tried again, but for a channel that takes no posts.
 */
export async function remind(context: Context, launchId: string): Promise<void> {
  const { cloud, journal, slack, nowMs, log } = context;
  if (slack === null) return;
  try {
    const launch = await journal.launch(launchId);
    if (launch?.closed !== true) return;
    const sinceMs = await remindedMs(context, launchId);
    const nowAtMs = nowMs();
    const said = messageOf(launch, sinceMs, nowAtMs);
    const upToMs = said === null ? nowAtMs : await sayOnce(context, slack, launch, said, { sinceMs, nowAtMs });
    if (upToMs === null) return;
    await keepFact(context, launchId, FACT.reminded, String(upToMs));
    await cloud.live.putLaunch(indexItem(launch, true, upToMs));
    // Somebody may have ordered something meanwhile, and put it on the index before we took it off.
    const later = await journal.launch(launchId);
    if (later !== null && later.seq > launch.seq) await cloud.live.putLaunch(indexItem(later, false));
  } catch (error) {
    log.warn({ launchId, err: error }, 'what a closed launch reminds of could not be said');
  }
}

/**
 * Up to when the launch was reminded by it. Null: another instance is at it. Whoever leads no more and does not know it yet has the same reminders
 * before them: what is said after `sinceMs` has one claim, and a post that may have come through before is looked for.
 */
async function sayOnce(
  context: Context,
  slack: SlackPort,
  launch: Launch,
  said: Message,
  { sinceMs, nowAtMs }: { sinceMs: number; nowAtMs: number },
): Promise<number | null> {
  const { cloud, holder, hasEnded, timings, nowMs, log } = context;
  const mark = { launchId: launch.id, effectId: `reminder/${sinceMs}` };
  const claim = await cloud.live.claimEffect(launch.id, mark.effectId, holder, timings.claimMs, nowMs(), hasEnded);
  if (claim.done) return Number(claim.result);
  if (!claim.mine) return null;
  try {
    const standing = claim.again ? await slack.findPosted(launch.channelId, mark) : null;
    if (standing === null) await slack.postMessage(launch.channelId, said, { mark });
  } catch (error) {
    if (slackFault(error) !== 'room') {
      // Given back, so that the next look need not wait for its end.
      await cloud.live.renewEffect(launch.id, mark.effectId, claim.token, -1, nowMs());
      throw error;
    }
    log.error({ launchId: launch.id, err: error }, 'a reminder is left out: its channel takes no posts');
  }
  await cloud.live.finishEffect(launch.id, mark.effectId, String(nowAtMs));
  return nowAtMs;
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
