import type { Launch } from '../../runbooks/launch/launch.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { safe, stamp } from './words.ts';

/** What a person can do about it meanwhile; the record and the sending know nothing of the channel. */
const MEANWHILE =
  'Nothing of the launch is lost: it goes on, and what was not shown follows. Fire and halt work from the command line too.';

/** To on-call people, directly, when the war room takes no posts. `what` says what is wrong and who mends it. */
export function roomShutMessage(launch: Launch, what: string): Message {
  const room = `the war room of ${safe(launch.name, 120)}`;
  return message(`I can't post in ${room}: ${what}.`, [
    section(`:no_bell: *I can't post in <#${launch.channelId}>, ${room}*: ${what}.`),
    ...(launch.closed
      ? []
      : [actions('room', [button(ACTION.halt, ':octagonal_sign: HALT', { launchId: launch.id }, 'danger')])]),
    context(MEANWHILE),
  ]);
}

/** Before any answer of `/go` while it lasts. */
export function withRoomTrouble(answer: Message, what: string, sinceMs: number): Message {
  return message(answer.text, [
    section(`:no_bell: *Since ${stamp(sinceMs)} I can't post in this channel*: ${what}.\n${MEANWHILE}`),
    ...answer.blocks,
  ]);
}
