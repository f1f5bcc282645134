import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { describeEntry } from '../../runbooks/record/describe.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { actorOf, namesOf } from './names.ts';
import { plural, safe, stamp } from './words.ts';

/** So many of the last things are named: a screen of a phone. */
const NAMED = 10;

/** What the room did not see while nothing could be posted, in one message. `why`: what kept it from being posted, if it is known. */
export function missedMessage(launch: Launch, entries: readonly Entry[], why: string | null): Message {
  const first = entries[0];
  if (first === undefined) throw new Error('MISSED_NOTHING');
  const head = `This room missed ${plural(entries.length, 'post')} since ${stamp(first.atMs)}`;
  const lines = entries.slice(-NAMED).map((entry) => {
    const who = 'person' in entry.by || entry.by.system === 'ssm' ? `${actorOf(launch, entry.by)} ` : '';
    return `• ${who}${safe(describeEntry(entry, namesOf(launch), launch.orders), 200)}`;
  });
  const before = entries.length - lines.length;
  return message(head, [
    section(
      `:inbox_tray: *${head}*${why === null ? '' : `: ${why.split('.')[0] ?? ''}`}\n${before === 0 ? '' : `… ${before} before these\n`}${lines.join('\n')}`,
    ),
    context('The board shows the state of now, `/go timeline` everything.'),
  ]);
}
