import type { Launch } from '../../../runbooks/launch/launch.ts';
import { slackErrorCode } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { FACT, keepFact } from '../facts.ts';

/** `mine`: this call posted it; else another did, with what it knew then. */
export interface PostedAnew {
  ts: string;
  mine: boolean;
}

/**
 * Posts anew what stands in the channel and can't be edited any more: somebody deleted it, the workspace closed its edit
 * window, or it is not ours. Once, whoever else sees it; the old one is forgotten, and taken away where Slack lets us,
 * because its buttons are of an older state. Null: another instance is at it. Rejects if Slack takes no post.
 */
export async function postAnew(
  context: Context,
  slack: SlackPort,
  launch: Launch,
  what: { name: string; goneTs: string; message: Message; error: unknown },
): Promise<PostedAnew | null> {
  const { name, goneTs, message, error } = what;
  const posted = await postOnce(context, slack, launch, { name, message, effectId: `${name}/after/${goneTs}` });
  if (posted?.mine !== true) return posted;
  const { ts } = posted;
  context.log.warn(
    { name, goneTs, ts, code: slackErrorCode(error) },
    "a message that the room needs can't be edited any more; it was posted anew",
  );
  await quietly(context, 'the old message could not be taken away', async () => {
    if (!isDeleted(error)) await slack.remove(launch.channelId, goneTs);
  });
  await quietly(context, 'the board could not be pinned', async () => {
    if (name === FACT.board) await slack.pin(launch.channelId, ts);
  });
  return posted;
}

/**
 * Posts a message of this name once, whoever else is about to and whoever died before: what may have come through is looked for
 * first. Null: another instance is at it. Rejects if Slack takes no post.
 */
export async function postOnce(
  context: Context,
  slack: SlackPort,
  launch: Launch,
  { name, message, effectId = name }: { name: string; message: Message; effectId?: string },
): Promise<PostedAnew | null> {
  const { cloud, holder, hasEnded, timings, nowMs } = context;
  const claim = await cloud.live.claimEffect(launch.id, effectId, holder, timings.claimMs, nowMs(), hasEnded);
  if (!claim.mine) return claim.result === null ? null : { ts: claim.result, mine: false };
  const mark = { launchId: launch.id, effectId };
  const ts =
    (claim.again ? await slack.findPosted(launch.channelId, mark) : null) ??
    (await slack.postMessage(launch.channelId, message, { mark }));
  await keepFact(context, launch.id, name, ts);
  await cloud.live.finishEffect(launch.id, effectId, ts);
  return { ts, mine: true };
}

/** Somebody took it away; other reasons leave it standing as it was. */
export const isDeleted = (error: unknown): boolean => slackErrorCode(error) === 'message_not_found';

async function quietly({ log }: Context, say: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn({ err: error }, say);
  }
}
