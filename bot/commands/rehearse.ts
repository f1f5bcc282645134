import { sha256 } from '../../infra/aws/sha256.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import { openRehearsal } from '../../runbooks/launch/rehearsals.ts';
import { whoIs } from '../desk.ts';
import { code, done, info, refused, stranger } from '../views/answers.ts';
import { askRehearsal, rehearsalsMessage } from '../views/rehearsal.ts';
import { oneLine } from '../views/words.ts';
import { bareWord } from './arguments.ts';
import { launchHere } from './launch-here.ts';
import { didYouMean } from './nearest.ts';
import { sending } from './rehearse-sending.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';
import { testCopies } from './test-copies.ts';

const KINDS = ['infrastructure', 'limited', 'silent', 'copy', 'stop'];
/** What was shown is true for so long. */
const ASKED_FOR_MS = 120_000;

export const rehearse: Subcommand = {
  name: 'rehearse',
  also: ['rehearsal'],
  usage: [
    'rehearse',
    'rehearse infrastructure',
    'rehearse limited 1000 of superbowl-2027-02-14',
    'rehearse limited market us of superbowl-2027-02-14',
    'rehearse silent all of superbowl-2027-02-14',
    'rehearse copy',
    'rehearse stop',
  ],
  group: 'Prepare',
  // One that sends begins in a channel without a launch.
  needs: 'nothing',
  does: 'Rehearses before the day. `infrastructure` raises the fleets, has workers load and prime, and takes all of it back, with the times; nothing is sent. `limited` makes a launch of its own in a channel of its own, for so many devices, a share or a market; `silent` the same with a push that shows nothing, at most one an hour to a device. `copy` sends copies to yourselves, as `/go test`.',
  async run(ask) {
    const [typed = '', ...words] = ask.typed.words;
    const what = bareWord(typed);
    if (what === 'limited' || what === 'silent')
      return sending(ask, what, words, (problem) => misuse(rehearse, problem));
    const launch = await launchHere(ask.desk, ask.channelId);
    if (launch === null)
      return info(
        'There is no launch in this channel. `/go rehearse limited 1000 of LAUNCH` begins a rehearsal of one; with `silent`, people see nothing of it.',
      );
    const person = whoIs(launch, ask.slackId);
    return person === null ? stranger(launch) : here({ ...ask, launch, person }, typed, words);
  },
};

async function here(ask: PersonAsk, typed: string, words: string[]): Promise<Answer> {
  switch (bareWord(typed)) {
    case '':
      return rehearsalsMessage(ask.launch);
    case 'infrastructure':
    case 'infra':
      return infrastructure(ask);
    case 'copy':
    case 'copies':
      return testCopies({ ...ask, typed: { ...ask.typed, words, rest: words.join(' ') } });
    case 'stop':
      return stop(ask, oneLine(words.join(' ')));
    default:
      return misuse(rehearse, `There is no rehearsal ${code(typed)}.${didYouMean(typed, KINDS)}`);
  }
}

/** What would be refused is refused before anything is asked. */
function infrastructure({ desk, launch, person, slackId }: PersonAsk): Answer {
  const nowMs = desk.nowMs();
  const judged = decide(launch, { kind: 'begin-rehearsal', by: person.id }, { nowMs, sha256 });
  if (!judged.ok) {
    desk.refusals.note(launch.id, slackId, { what: 'rehearsing', code: judged.code, say: judged.say });
    return refused(judged.code, judged.say);
  }
  return askRehearsal(launch, slackId, nowMs + ASKED_FOR_MS);
}

async function stop(ask: PersonAsk, why: string): Promise<Answer> {
  const open = openRehearsal(ask.launch);
  if (open === undefined) return info('No rehearsal runs here. `/go rehearse` shows those that did.');
  return submit(
    ask,
    (by) => ({ kind: 'turn-rehearsal', by, rehearsalId: open.id, outcome: 'stopped', why }),
    () => done('Stopped: the fleets go back to what ran before.'),
  );
}
