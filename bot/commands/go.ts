import type { Launch } from '../../runbooks/launch/launch.ts';
import { nearest } from '../../runbooks/typed/nearest.ts';
import type { RoomTrouble } from '../conductor/conductor-port.ts';
import { whoIs } from '../desk.ts';
import { roomFaultText } from '../slack/slack-fault.ts';
import { code, noLaunch, stranger } from '../views/answers.ts';
import { context, message, section } from '../views/blocks.ts';
import { helpMessage } from '../views/help.ts';
import { withRoomTrouble } from '../views/room-trouble.ts';
import { oneLine } from '../views/words.ts';
import { action, actions, answer } from './afterwards.ts';
import { bareWord } from './arguments.ts';
import { audience } from './audience.ts';
import { campaign } from './campaign.ts';
import { close } from './close.ts';
import { compare } from './compare.ts';
import { create, createWith } from './create.ts';
import { doctor } from './doctor.ts';
import { move, pace, scale, switchTo, zombie } from './drive.ts';
import { ofThisLaunch } from './examples.ts';
import { fire } from './fire.ts';
import { forecast } from './forecast.ts';
import { forget } from './forget.ts';
import { askHalt, haltElsewhere } from './halt-asked.ts';
import { haltWord, slipsFromHalt } from './halt-words.ts';
import { halt, haltNow, resume } from './halt.ts';
import { haltable, launchHere } from './launch-here.ts';
import { approve, decline, tick, waive } from './lead.ts';
import { mattersNow } from './matters-now.ts';
import { meaning } from './meaning.ts';
import { note } from './note.ts';
import { people } from './people.ts';
import { postmortem } from './postmortem.ts';
import { rehearse } from './rehearse.ts';
import { renew } from './renew.ts';
import { listRunbooks, namesAndProblems } from './runbook-folder.ts';
import { runbook } from './runbook.ts';
import { here, markets, ready, stats, status, steps } from './see.ts';
import { standDown } from './stand-down.ts';
import type { Answer, Ask, Subcommand } from './subcommand.ts';
import { test } from './test-copies.ts';
import { timeline } from './timeline.ts';

const help: Subcommand = {
  name: 'help',
  also: ['?', '-h', '--help'],
  usage: ['help', 'help all', 'help fire'],
  group: 'See',
  needs: 'nothing',
  does: 'Shows what to type now; all commands, or one of them explained.',
  async run({ desk, typed, channelId, atMs }) {
    const topic = typed.words.map(bareWord).find((word) => word !== '' && word !== 'go');
    const isAll = topic === 'all';
    const only =
      topic === undefined || isAll ? null : (subcommandNamed(topic) ?? (haltWord(topic) === null ? null : halt));
    if (topic !== undefined && !isAll && only === null) return unknown(topic);
    const room = await desk.rooms.launchOf(channelId);
    const shown = only === create ? createWith(await listRunbooks(desk.runbooksDir)) : only;
    const launch = room === null ? null : desk.journal.peek(room.launchId);
    return helpMessage(
      SUBCOMMANDS.map((sub) => ofThisLaunch(sub, launch)),
      shown && ofThisLaunch(shown, launch),
      room?.name ?? null,
      launch?.runbook,
      // This bot has not read its record yet: all of them is never wrong.
      isAll || (room !== null && launch === null) ? null : mattersNow(launch, atMs),
    );
  },
};

export const SUBCOMMANDS: readonly Subcommand[] = [
  help,
  status,
  stats,
  steps,
  markets,
  create,
  ready,
  doctor,
  here,
  compare,
  forecast,
  rehearse,
  tick,
  waive,
  campaign,
  audience,
  people,
  runbook,
  test,
  fire,
  approve,
  decline,
  renew,
  halt,
  resume,
  scale,
  pace,
  zombie,
  switchTo,
  move,
  note,
  timeline,
  forget,
  postmortem,
  answer,
  action,
  actions,
  standDown,
  close,
];

export const subcommandNamed = (name: string): Subcommand | undefined =>
  SUBCOMMANDS.find((sub) => sub.name === name || sub.also?.includes(name) === true);

/** What a slip of the finger is never taken for: what sends, ends or scales. `halt` has a question of its own. */
const NEVER_PROPOSED: ReadonlySet<Subcommand> = new Set([
  fire,
  approve,
  resume,
  standDown,
  close,
  scale,
  rehearse,
  halt,
]);

function proposed(name: string): string | null {
  return nearest(
    name,
    SUBCOMMANDS.filter((sub) => !NEVER_PROPOSED.has(sub)).flatMap((sub) => [sub.name, ...(sub.also ?? [])]),
  );
}

function unknown(name: string): Answer {
  const guess = proposed(name);
  const near = guess === null ? '' : ` Did you mean ${code(guess)}?`;
  const say = `There is no ${code(`/go ${name}`)}.`;
  return message(`There is no /go ${name}.`, [
    section(`:grey_question: ${say}${near}`),
    context(
      `There are ${SUBCOMMANDS.map((sub) => `\`${sub.name}\``).join(' ')}. \`/go help\` explains them, \`/go halt\` stops all sending. Nothing was changed.`,
    ),
  ]);
}

/** Runs what was typed after `/go` and gives the answer for the asker alone. */
export async function runGo(ask: Ask): Promise<Answer> {
  const meant = meaning(ask.typed, (name) => subcommandNamed(name) !== undefined);
  if (meant.kind === 'halt') return haltHere(ask, meant.reason);
  if (meant.kind === 'ask' && !isNearerTo(meant.word, proposed(meant.word))) return askHalt(ask, meant);
  const typed = meant.kind === 'ask' ? ask.typed : meant.typed;
  const sub = subcommandNamed(typed.name);
  if (sub === undefined) return unknown(typed.name);
  // `fire?` wants to know about it.
  if (typed.doubtful && sub.needs === 'person') return helpMessage(SUBCOMMANDS, sub, null);
  return runSub({ ...ask, typed }, sub);
}

/** `step` is one slip from `stop`, and the beginning of `steps`. */
function isNearerTo(word: string, name: string | null): boolean {
  return name !== null && slipsFromHalt(word) === 1 && name.startsWith(word);
}

/** The one command that reads nothing it doesn't have to. */
async function haltHere(ask: Ask, reason: string): Promise<Answer> {
  const launch = await haltable(ask.desk, ask.channelId);
  if (launch === null || launch.closed) return haltElsewhere(ask, launch);
  return haltNow(ask.desk, launch.id, { slackId: ask.slackId, reason: oneLine(reason), pressedAtMs: ask.atMs });
}

async function runSub(ask: Ask, sub: Subcommand): Promise<Answer> {
  if (sub.needs === 'nothing') return sub.run(ask);
  const launch = await launchHere(ask.desk, ask.channelId);
  if (launch === null) return noLaunch(...namesAndProblems(await listRunbooks(ask.desk.runbooksDir)));
  const [answer, trouble] = await Promise.all([runHere(ask, sub, launch), troubleOf(ask, launch)]);
  return answer === null || trouble === null
    ? answer
    : withRoomTrouble(answer, roomFaultText(trouble.code), trouble.sinceMs);
}

async function runHere(ask: Ask, sub: Subcommand, launch: Launch): Promise<Answer> {
  if (sub.needs === 'nothing') return sub.run(ask);
  if (sub.needs === 'launch') return sub.run({ ...ask, launch });
  const person = whoIs(launch, ask.slackId);
  if (person === null) {
    ask.desk.refusals.note(launch.id, ask.slackId, {
      what: `/go ${sub.name}`,
      code: 'NOT_ON_ROSTER',
      say: 'not on the roster of this launch',
    });
    return stranger(launch);
  }
  return sub.run({ ...ask, launch, person });
}

/** The answer does not depend on it. */
async function troubleOf({ desk }: Ask, launch: Launch): Promise<RoomTrouble | null> {
  try {
    return await desk.conductor.roomTrouble(launch.id);
  } catch (error) {
    desk.log.warn({ err: error, launchId: launch.id }, 'could not look whether the channel takes posts');
    return null;
  }
}
