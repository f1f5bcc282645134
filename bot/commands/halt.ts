import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import type { Desk } from '../desk.ts';
import { whoIs } from '../desk.ts';
import { pressHalt } from '../press-halt.ts';
import { done, info, refused } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { oneLine, safe } from '../views/words.ts';
import { requestFire } from './fire.ts';
import { misuse, submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

/** How long the answer to a halt, which stands by then, waits to hear what the launch made of it. */
const RECORDED_WITHIN_MS = 1_000;

/** Halts at once (press-halt.ts) and says so. */
export async function haltNow(
  desk: Desk,
  launchId: string,
  press: { slackId: string; reason: string; pressedAtMs: number },
): Promise<Message> {
  const refuse = (code: string, say: string): Message => {
    desk.refusals.note(launchId, press.slackId, { what: 'halting', code, say });
    return refused(code, say);
  };
  const answer = await pressHalt(desk, launchId, {
    source: 'slack',
    who: (launch) => whoIs(launch, press.slackId),
    alias: `pressed by ${press.slackId}`,
    reason: press.reason,
    pressedAtMs: press.pressedAtMs,
    recordedWithinMs: RECORDED_WITHIN_MS,
  });
  if (!answer.stands)
    switch (answer.code) {
      case 'NOT_ON_ROSTER':
        return refuse(
          answer.code,
          "You are not on the roster of this launch, so you can't halt it. Say it in the channel: anyone on the roster can, with one tap.",
        );
      case 'NO_LAUNCH':
        return refuse(answer.code, 'There is no such launch, so nothing was halted.');
      case 'LAUNCH_CLOSED':
        return refuse(answer.code, nothingToHalt(answer.launch));
      default:
        return answer satisfies never;
    }
  const taken = await answer.taken;
  const now = taken?.ok === true ? taken.launch : desk.journal.peek(launchId);
  if (taken?.ok === false && now?.closed === true) return refused('LAUNCH_CLOSED', nothingToHalt(now));
  const stopped =
    taken?.ok === true && runningShots(taken.launch).length === 0
      ? 'No shot was running, so nothing was cut off; nothing can be fired now.'
      : 'Workers stop within a second.';
  return done(`*Halted* (halt ${answer.epoch}). ${stopped} Two people lift it: \`/go resume\`.`);
}

const nothingToHalt = (launch: Launch): string =>
  `${safe(launch.name, 120)} is closed: nothing of it is being sent, and nothing can be. There is nothing to halt.`;

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
    if (first?.toLowerCase() === 'fire')
      return requestFire(ask, others, { lift: ask.launch.halt.active, isRest: others.length === 0 });
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
