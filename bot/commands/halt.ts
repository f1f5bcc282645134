import { waitAtMost } from '../../infra/time-limit.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import type { Desk } from '../desk.ts';
import { whoIs } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { oneLine, safe } from '../views/words.ts';
import { requestFire } from './fire.ts';
import { misuse, submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

/** How long a halt waits to learn who pressed it. */
const ROSTER_WITHIN_MS = 800;
/** How long the answer to a halt, which stands by then, waits to hear what the launch made of it. */
const RECORDED_WITHIN_MS = 1_000;

/**
 * Halts at once. The one thing that waits for nothing: if the roster can't be read in time the halt goes ahead without
 * a name, because a halt too many costs a minute and a halt too few can't be taken back.
 */
export async function haltNow(
  desk: Desk,
  launchId: string,
  press: { slackId: string; reason: string; pressedAtMs: number },
): Promise<Message> {
  const refuse = (code: string, say: string): Message => {
    desk.refusals.note(launchId, press.slackId, { what: 'halting', code, say });
    return refused(code, say);
  };
  const known = desk.journal.peek(launchId);
  // What this instance has read last may be old. It is good enough to halt by, never to refuse by.
  const launch =
    known !== null && whoIs(known, press.slackId) !== null
      ? known
      : await inTime(desk, ROSTER_WITHIN_MS, desk.journal.launch(launchId));
  const person = launch === null ? null : whoIs(launch, press.slackId);
  // Whatever their role: who sees that it goes wrong stops it.
  if (launch !== null && person === null)
    return refuse(
      'NOT_ON_ROSTER',
      "You are not on the roster of this launch, so you can't halt it. Say it in the channel: anyone on the roster can, with one tap.",
    );
  // A closed launch stays closed, however old the news.
  const closed = [launch, known].find((one) => one?.closed === true);
  if (closed != null) return refuse('LAUNCH_CLOSED', nothingToHalt(closed));
  const reason =
    person === null
      ? `${press.reason} (pressed by ${press.slackId}; the roster could not be read)`.trim()
      : press.reason;
  const { epoch, recorded } = await desk.conductor.halt(launchId, {
    by: person?.id ?? null,
    source: 'slack',
    reason,
    pressedAtMs: press.pressedAtMs,
  });
  recorded.catch((error: unknown) =>
    desk.log.error({ err: error, launchId, epoch }, 'the halt stands, its entry does not'),
  );
  const taken = await inTime(desk, RECORDED_WITHIN_MS, recorded);
  const now = taken?.ok === true ? taken.launch : desk.journal.peek(launchId);
  if (taken?.ok === false && now?.closed === true) return refused('LAUNCH_CLOSED', nothingToHalt(now));
  const stopped =
    taken?.ok === true && runningShots(taken.launch).length === 0
      ? 'No shot was running, so nothing was cut off; nothing can be fired now.'
      : 'Workers stop within a second.';
  return done(`*Halted* (halt ${epoch}). ${stopped} Two people lift it: \`/go resume\`.`);
}

const nothingToHalt = (launch: Launch): string =>
  `${safe(launch.name, 120)} is closed: nothing of it is being sent, and nothing can be. There is nothing to halt.`;

/** Null: the record did not say, or not in time. What was begun goes on: a halt's entry must come. */
function inTime<T>(desk: Desk, waitMs: number, work: Promise<T>): Promise<T | null> {
  const said = work.catch((error: unknown) => {
    desk.log.warn({ err: error }, 'halt: the record did not answer');
    return null;
  });
  return waitAtMost(waitMs, said, null);
}

export const halt: Subcommand = {
  name: 'halt',
  also: ['stop', 'abort'],
  usage: ['halt', 'halt wrong copy in German'],
  group: 'Fire and halt',
  needs: 'launch',
  does: 'Stops all sending at once. One tap by anyone on the roster; the HALT button does the same. Test copies asked for afterwards still go out.',
  run: ({ desk, launch, slackId, typed, atMs }) =>
    haltNow(desk, launch.id, { slackId, reason: oneLine(typed.rest), pressedAtMs: atMs }),
};

export const resume: Subcommand = {
  name: 'resume',
  also: ['lift', 'unhalt'],
  usage: ['resume', 'resume because the copy is fixed', 'resume fire', 'resume fire all', 'resume fire us-ios'],
  group: 'Fire and halt',
  needs: 'person',
  does: 'Asks to lift the halt; a second person approves. `resume fire` is one order that also sends what the halt cut off.',
  async run(ask) {
    const [first, ...others] = ask.typed.words;
    if (first?.toLowerCase() === 'fire') return requestFire(ask, others, true);
    if (!ask.launch.halt.active && ask.typed.rest === '')
      return info('Nothing is halted, so there is nothing to resume. `/go fire` asks to send.');
    if (
      first !== undefined &&
      ask.launch.audience?.segments.some((segment) => segment.id === first.toLowerCase()) === true
    ) {
      return misuse(resume, `To send ${first} again, type \`/go resume fire ${first}\`.`);
    }
    const reason = oneLine(ask.typed.rest).replace(/^because\s+/i, '');
    return submit(
      ask,
      (by) => ({ kind: 'request-lift', by, reason }),
      () =>
        done(
          'Asked to lift the halt. Another person approves with the button in the channel; it sends nothing by itself.',
        ),
    );
  },
};
