import { fireableSegments } from '../../runbooks/launch/remaining.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { code, done, refused } from '../views/answers.ts';
import { peopleWith } from '../views/names.ts';
import { segmentsText } from '../views/order.ts';
import { plural, timeOfDay } from '../views/words.ts';
import { didYouMean } from './nearest.ts';
import { misuse, submit, type Answer, type PersonAsk, type Subcommand } from './subcommand.ts';

export const fire: Subcommand = {
  name: 'fire', also: ['send'], usage: ['fire', 'fire all', 'fire us-ios de-ios', 'fire ios'], group: 'Fire and halt', needs: 'person',
  does: 'Asks to send to all segments, or to those named. A second person presses GO in the channel.',
  run: (ask) => requestFire(ask, ask.typed.words, false),
};

/** `lift`: the order also lifts the present halt, when its second person presses; without words it is for what the halt cut off, and nothing that never went out. */
export async function requestFire(ask: PersonAsk, words: readonly string[], lift: boolean): Promise<Answer> {
  const { desk, launch, slackId, channelId, person } = ask;
  const shared = await desk.rooms.isShared(channelId);
  if (shared !== false) {
    return refused('CHANNEL_SHARED', shared === true
      ? 'This channel is shared with another company (Slack Connect), so nobody fires from it. Use a channel of your own, or the command line.'
      : 'Slack did not say whether this channel is shared with another company, so nothing can be fired from it just now. Try again, or use the command line.');
  }
  const wanted = lift && words.length === 0 ? { ok: true as const, segments: 'cut-off' as const } : segmentsOf(launch, words, ask.atMs);
  if (!wanted.ok) return misuse(lift ? { ...fire, usage: ['resume fire', 'resume fire all', 'resume fire us-ios'] } : fire, wanted.problem);
  const { segments } = wanted;
  const measured = await desk.conductor.measured(launch.id);
  return submit(
    ask,
    (by) => ({ kind: 'request-fire', by, segments, measured, via: { kind: 'slack', slackId }, lift }),
    (after) => {
      const order = Object.values(after.orders).findLast((one) => one.requestedBy === person.id && one.state === 'open');
      if (order === undefined) return done('Your order stands in the channel.');
      return done(`Your order for ${segmentsText(after, order.shown.segments)} (${plural(order.devices, 'device')}) stands in the channel until ${timeOfDay(order.expiresAtMs)}. Another person presses GO: ${peopleWith(after, ['on-call', 'marketer'], person.id)}.`);
    },
  );
}

/** Segment ids, a platform for all that is left of it, or `all`. `problem` is mrkdwn. */
export function segmentsOf(launch: Launch, words: readonly string[], nowMs: number): { ok: true; segments: string[] | 'all' } | { ok: false; problem: string } {
  if (words.length === 0 || (words.length === 1 && words[0]?.toLowerCase() === 'all')) return { ok: true, segments: 'all' };
  const known = launch.audience?.segments ?? [];
  if (known.length === 0) return { ok: false, problem: 'This launch has no audience yet, so there are no segments.' };
  const names = known.map((segment) => segment.id);
  const fireable = new Set(fireableSegments(launch, nowMs));
  const found: string[] = [];
  for (const word of words) {
    const wanted = word.toLowerCase();
    const one = names.find((name) => name.toLowerCase() === wanted);
    const ofPlatform = known.filter((segment) => segment.platform === wanted && fireable.has(segment.id)).map((segment) => segment.id);
    if (one !== undefined) found.push(one);
    else if (ofPlatform.length > 0) found.push(...ofPlatform);
    else if (wanted === 'ios' || wanted === 'android') return { ok: false, problem: `No ${wanted} segment can be fired now: each was sent, is being sent, or waits in an order.` };
    else return { ok: false, problem: `There is no segment ${code(word)}.${didYouMean(word, [...names, 'all', 'ios', 'android'])} There are ${names.slice(0, 20).map((name) => code(name)).join(' ')}${names.length > 20 ? ' …' : ''}` };
  }
  return { ok: true, segments: [...new Set(found)] };
}
