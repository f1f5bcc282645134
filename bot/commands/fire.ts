import { isDeepStrictEqual } from 'node:util';
import type { KnownBlock } from '@slack/types';
import { CloudError } from '../../infra/aws/cloud-error.ts';
import type { SegmentsAsked } from '../../runbooks/launch/commands.ts';
import type { FrozenSet } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { targetNameOf } from '../../runbooks/launch/market.ts';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import { segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { slackVia } from '../desk.ts';
import { done, refused } from '../views/answers.ts';
import { context, message } from '../views/blocks.ts';
import { namesOfWho } from '../views/names.ts';
import { segmentsText } from '../views/segments-text.ts';
import { plural, safe, timeOfDay } from '../views/words.ts';
import { momentOf, offer } from './ask-moment.ts';
import { ofThisLaunch } from './examples.ts';
import { segmentsOf } from './segments.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const fire: Subcommand = {
  name: 'fire',
  also: ['send'],
  usage: [
    'fire',
    'fire all',
    'fire us-ios, de-ios',
    'fire us',
    'fire ios',
    'fire us at 18:30',
    'fire all at its target',
  ],
  group: 'Fire and halt',
  needs: 'person',
  does: 'Asks to send to all segments, or to those named. A second person presses GO in the channel; with a time that press arms it, and it goes by itself then. `at its target` asks for each market at its own.',
  async run(ask) {
    const { words, at } = cutMoment(ask.typed.words);
    if (at === null) return requestFire(ask, words);
    if (at === '') return misuse(ofThisLaunch(fire, ask.launch), 'At what time? `/go fire us at 18:30`');
    if (ITS_TARGET.test(at)) return requestAtTargets(ask, words);
    const moment = await momentOf(ask.desk, ask.slackId, at, ask.atMs, ask.launch.targetAtMs);
    if (moment.kind === 'at') return requestFire(ask, words, { momentMs: moment.atMs });
    return offer(ask, fire, at, moment, (iso) => ['fire', ...words, 'at', iso].join(' '));
  },
};

const ITS_TARGET = /^(?:its|their|the|own)?\s*(?:own\s+)?targets?$/i;

/** An order for each moment that the runbook's targets give these segments: three midnights are three orders. */
async function requestAtTargets(ask: PersonAsk, words: readonly string[]): Promise<Answer> {
  const { launch, atMs } = ask;
  const wanted = segmentsOf(launch, words, atMs);
  if (!wanted.ok) return misuse(ofThisLaunch(fire, launch), wanted.problem);
  const groups = Map.groupBy(segmentsMeant(launch, wanted.segments, atMs), (id) => segmentTargetMs(launch, id));
  if (groups.size === 0) return requestFire(ask, words);
  const answers: { whose: string[]; blocks: KnownBlock[] }[] = [];
  for (const [momentMs, ids] of [...groups].toSorted(([a], [b]) => a - b)) {
    const whose = `${segmentsText(
      launch,
      ids.map((segment) => ({ segment, attempt: 1 })),
    )}, at ${timeOfDay(momentMs)}:`;
    // Each is asked for, whatever became of the one before: a waiver, a deadline or a store that answers again is a matter of its own segments and moment.
    const blocks = ((await requestFire(ask, ids, { momentMs }))?.blocks ?? []) as KnownBlock[];
    const before = answers.at(-1);
    if (before !== undefined && isDeepStrictEqual(before.blocks, blocks)) before.whose.push(whose);
    else answers.push({ whose: [whose], blocks });
  }
  return message(
    `What became of ${plural(groups.size, 'order')}, each at its own target.`,
    answers.flatMap(({ whose, blocks }) => [context(whose.join('\n')), ...blocks]),
  );
}

/** Its own target by its id or its market, else the launch's. */
function segmentTargetMs(launch: Launch, id: string): number {
  const segment = launch.audience?.segments.find((one) => one.id === id);
  return targetOf(launch, segment === undefined ? undefined : targetNameOf(launch.runbook, segment));
}

/** `us at 18:30` → the segments, and what was typed after the last `at` (null: no time was). */
function cutMoment(words: readonly string[]): { words: string[]; at: string | null } {
  const index = words.findLastIndex((word) => word.toLowerCase() === 'at' || word === '@');
  return index < 0
    ? { words: [...words], at: null }
    : {
        words: words.slice(0, index),
        at: words
          .slice(index + 1)
          .join(' ')
          .trim(),
      };
}

/** `lift`: the order also lifts the present halt, when its second person presses. `isRest`: it is for what a halt cut off, and nothing that never went out. */
export async function requestFire(
  ask: PersonAsk,
  words: readonly string[],
  { lift = false, isRest = false, momentMs }: { lift?: boolean; isRest?: boolean; momentMs?: number } = {},
): Promise<Answer> {
  const { desk, launch, slackId, teamId, channelId, person } = ask;
  const shared = await desk.rooms.isShared(channelId);
  if (shared !== false) {
    const say =
      shared === true
        ? 'This channel is shared with another company (Slack Connect), so nobody fires from it. Use a channel of your own, or the command line.'
        : 'Slack did not say whether this channel is shared with another company, so nothing can be fired from it just now. Try again, or use the command line.';
    desk.refusals.note(launch.id, slackId, { what: 'asking for fire', code: 'CHANNEL_SHARED', say });
    return refused('CHANNEL_SHARED', say);
  }
  const wanted = isRest
    ? { ok: true as const, segments: 'cut-off' as const, leftOut: [] }
    : segmentsOf(launch, words, ask.atMs);
  if (!wanted.ok)
    return misuse(
      ofThisLaunch(lift ? { ...fire, usage: ['resume fire', 'resume fire all', 'resume fire us-ios'] } : fire, launch),
      wanted.problem,
    );
  const { segments, leftOut } = wanted;
  const [measured, sets] = await Promise.all([desk.conductor.measured(launch.id), frozen(ask, segments)]);
  if (!Array.isArray(sets)) return sets;
  return submit(
    ask,
    (by) => ({
      kind: 'request-fire',
      by,
      segments,
      measured,
      via: slackVia({ slackId, teamId, channelId }),
      lift,
      sets,
      ...(momentMs === undefined ? {} : { momentMs }),
    }),
    (after) => {
      const order = Object.values(after.orders).findLast(
        (one) => one.requestedBy === person.id && one.state === 'open',
      );
      if (order === undefined) return done('Your order stands in the channel.');
      return done(
        `Your order for ${segmentsText(after, order.shown.segments)} (${plural(order.devices, 'device')}) stands in the channel until ${timeOfDay(order.expiresAtMs)}. Another person ${momentMs === undefined ? 'presses GO' : `arms it, before ${timeOfDay(momentMs)}`}: ${namesOfWho(after, 'approve-fire', person.id)}.${leftOut.length === 0 ? '' : ` *Left out:* ${safe(leftOut.join(', '), 300)}: sent, being sent, or in an order already.`}`,
      );
    },
  );
}

/** Who is left of what has been sent to before; or why that can't be told, which is the answer then. */
async function frozen({ desk, launch, slackId }: PersonAsk, segments: SegmentsAsked): Promise<FrozenSet[] | Answer> {
  try {
    return await desk.conductor.frozenSets(launch.id, segments);
  } catch (error) {
    if (!(error instanceof CloudError) || error.code !== 'CLAIMS_LOST') throw error;
    desk.refusals.note(launch.id, slackId, { what: 'asking for fire', code: error.code, say: error.message });
    return refused(error.code, error.message);
  }
}
