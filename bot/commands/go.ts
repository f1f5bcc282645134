import type { Launch } from '../../runbooks/launch/launch.ts';
import { whoIs } from '../desk.ts';
import { type RoomTrouble, roomTrouble } from '../conductor/room.ts';
import { roomFaultText } from '../conductor/slack-fault.ts';
import { code, noLaunch, stranger } from '../views/answers.ts';
import { context, message, section } from '../views/blocks.ts';
import { helpMessage } from '../views/help.ts';
import { withRoomTrouble } from '../views/room-trouble.ts';
import { campaign } from './campaign.ts';
import { create, listRunbooks } from './create.ts';
import { move, pace, scale, switchTo, test, zombie } from './drive.ts';
import { fire } from './fire.ts';
import { halt, resume } from './halt.ts';
import { launchHere } from './launch-here.ts';
import { didYouMean } from './nearest.ts';
import { people } from './people.ts';
import { ready, stats, status, steps } from './see.ts';
import type { Answer, Ask, Subcommand } from './subcommand.ts';
import { close, note, timeline } from './talk.ts';

const help: Subcommand = {
  name: 'help', also: ['?', '-h', '--help'], usage: ['help', 'help fire'], group: 'See', needs: 'nothing',
  does: 'Shows what to type, or explains one command.',
  async run({ desk, typed, channelId }) {
    const topic = typed.words[0]?.toLowerCase();
    const only = topic === undefined ? null : (named(topic) ?? null);
    if (topic !== undefined && only === null) return unknown(topic);
    const launch = await desk.rooms.launchOf(channelId);
    return helpMessage(SUBCOMMANDS, only, launch?.name ?? null);
  },
};

export const SUBCOMMANDS: readonly Subcommand[] = [
  help, status, stats, steps, create, ready, campaign, people, test, fire, halt, resume, scale, pace, zombie, switchTo, move, note, timeline, close,
];

const named = (name: string): Subcommand | undefined => SUBCOMMANDS.find((sub) => sub.name === name || sub.also?.includes(name) === true);

function unknown(name: string): Answer {
  const near = didYouMean(name, SUBCOMMANDS.flatMap((sub) => [sub.name, ...(sub.also ?? [])]));
  const say = `There is no ${code(`/go ${name}`)}.`;
  return message(`There is no /go ${name}.`, [section(`:grey_question: ${say}${near}`), context(`There are ${SUBCOMMANDS.map((sub) => `\`${sub.name}\``).join(' ')}. \`/go help\` explains them. Nothing was changed.`)]);
}

/** Runs what was typed after `/go` and gives the answer for the asker alone. */
export async function runGo(ask: Ask): Promise<Answer> {
  const sub = named(ask.typed.name);
  if (sub === undefined) return unknown(ask.typed.name);
  if (sub.needs === 'nothing') return sub.run(ask);
  const launch = await launchHere(ask.desk, ask.channelId, sub === halt);
  if (launch === null) return noLaunch((await listRunbooks(ask.desk.runbooksDir)).map((one) => one.id));
  if (sub === halt) return runHere(ask, sub, launch);
  const [answer, trouble] = await Promise.all([runHere(ask, sub, launch), troubleOf(ask, launch)]);
  return answer === null || trouble === null ? answer : withRoomTrouble(answer, roomFaultText(trouble.code), trouble.sinceMs);
}

async function runHere(ask: Ask, sub: Subcommand, launch: Launch): Promise<Answer> {
  if (sub.needs === 'nothing') return sub.run(ask);
  if (sub.needs === 'launch') return sub.run({ ...ask, launch });
  const person = whoIs(launch, ask.slackId);
  if (person === null) return stranger(launch);
  return sub.run({ ...ask, launch, person });
}

/** The answer does not depend on it. */
async function troubleOf({ desk }: Ask, launch: Launch): Promise<RoomTrouble | null> {
  try {
    return await roomTrouble(desk, launch.id);
  } catch (error) {
    desk.log.warn({ err: error, launchId: launch.id }, 'could not look whether the channel takes posts');
    return null;
  }
}
