import type { App } from '@slack/bolt';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import type { Desk } from '../desk.ts';
import { sharedFiles } from '../slack/shared-files.ts';
import { marksOf, reacted, spoken } from '../slack/spoken.ts';
import type { Listener } from '../slack/teller.ts';
import type { ChannelLog } from './channel-log.ts';
import { haltSaidAnswer, isHaltSaid } from './halt-said.ts';

/** What happens in Slack beside commands and presses: people talk, leave the company, and channels get shared. */
export function listen(app: App, desk: Desk, channelLog: ChannelLog): void {
  app.event('message', async ({ event, body }) => {
    const said = spoken(event);
    if (said === null) return;
    const channelId = event.channel;
    const launch = await desk.rooms.launchOf(channelId);
    if (launch === null) return;
    // First: whoever writes HALT waits for something to happen.
    if (said.edits === null && isHaltSaid(said.text)) await answerHalt(desk, launch, { channelId, slackId: said.user });
    desk.log.debug({ launchId: launch.launchId, eventId: body.event_id }, 'a message in the war room');
    await channelLog.append(launch.launchId, channelId, said);
    for (const file of sharedFiles(event)) void desk.roomFiles.keep(launch.launchId, channelId, file);
  });

  const onReaction = async (event: unknown) => {
    const mark = reacted(event);
    const item = mark === null ? null : await desk.rooms.launchOf(mark.channelId);
    if (mark === null || item === null) return;
    const launch = desk.journal.peek(item.launchId) ?? (await desk.journal.launch(item.launchId));
    if (launch === null || !marksOf(launch.runbook).includes(mark.name)) return;
    await channelLog.append(item.launchId, mark.channelId, mark.said);
  };
  app.event('reaction_added', async ({ event }) => onReaction(event));
  app.event('reaction_removed', async ({ event }) => onReaction(event));

  app.event('user_change', async ({ event }) => {
    if (event.user.deleted !== true) return;
    for (const { launchId } of await desk.rooms.open()) {
      const launch = await desk.journal.launch(launchId);
      const person = launch?.people.find((one) => one.slack.includes(event.user.id));
      if (person === undefined) continue;
      const answer = await desk.conductor.execute(launchId, {
        kind: 'remove-person',
        person: person.id,
        reason: 'deactivated in Slack',
      });
      desk.log.warn({ launchId, person: person.id, ok: answer.ok }, 'a person on the roster was deactivated in Slack');
    }
  });

  app.event('channel_shared', async ({ event }) => desk.rooms.noteShared(event.channel, true));
  // Unshared from one company does not mean from all: the next fire asks Slack.
  app.event('channel_unshared', async ({ event }) => desk.rooms.forgetShared(event.channel));
}

async function answerHalt(desk: Desk, item: LaunchIndexItem, to: Listener): Promise<void> {
  if (item.closed) return;
  const known = desk.journal.peek(item.launchId);
  if (known?.halt.active === true || known?.closed === true) return;
  await desk.teller.tell(undefined, to, haltSaidAnswer(item));
}
