import type { KnownBlock } from '@slack/types';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { ACTION } from '../action-ids.ts';
import { code, noLaunch } from '../views/answers.ts';
import { actions, button, context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { safe } from '../views/words.ts';
import type { Meant } from './meaning.ts';
import { listRunbooks, namesAndProblems } from './runbook-folder.ts';
import type { Ask } from './subcommand.ts';

/** A message holds 50 blocks; so many launches at a time have nobody looking at this list. */
const LAUNCHES_SHOWN = 20;

interface Named {
  launchId: string;
  name: string;
}

/** One HALT button a launch. A press there counts as one in its channel does: it is checked against the roster. */
function haltButtons(launches: readonly Named[]): KnownBlock[] {
  const halt = (launch: Named) => button(ACTION.halt, ':octagonal_sign: HALT', { launchId: launch.launchId }, 'danger');
  const [only] = launches;
  if (launches.length === 1 && only !== undefined) return [actions('halt-asked', [halt(only)])];
  return launches
    .slice(0, LAUNCHES_SHOWN)
    .map((launch) =>
      section(`*${safe(launch.name, 120)}* (${code(launch.launchId)})`, halt(launch), `halt-asked:${launch.launchId}`),
    );
}

const SAY = {
  halt: 'HALT stops all sending at once; two people lift it again. An order that waits is turned down with `/go decline`, a launch is ended with `/go close`.',
  slow: 'HALT stops all sending at once; two people lift it again. To go on slower, set the pace: `/go pace ios 1k`, `/go pace android 1k`.',
  'take-back':
    "What was sent can't be taken back. HALT stops what has not gone out yet, at once; two people lift it again.",
  lift: 'HALT stops all sending at once. A halt is lifted by two people: `/go resume` asks for it. `/go help halt` explains it.',
} as const;

/** Not surely a halt: one press decides. Nothing is read for this but the index of launches. */
export async function askHalt(ask: Ask, meant: Extract<Meant, { kind: 'ask' }>): Promise<Message> {
  const here = (await ask.desk.rooms.launchesOf(ask.channelId)).find((item) => !item.closed);
  const launches = here === undefined ? await ask.desk.rooms.open() : [here];
  const found = `${code(`/go ${meant.word}`)} is no command.`;
  if (launches.length === 0)
    return message('No launch is open.', [
      section(`:grey_question: ${found} No launch is open, so nothing is being sent and there is nothing to halt.`),
      context('Nothing was changed. `/go help` shows what there is.'),
    ]);
  const [only] = launches;
  const what =
    launches.length === 1 && only !== undefined
      ? `*Halt ${safe(only.name, 120)} now?*`
      : '*Halt now?* Choose the launch.';
  return message('Halt now?', [
    section(`:octagonal_sign: ${what} ${found}`),
    ...haltButtons(launches),
    context(`${SAY[meant.about]} Nothing was changed.`),
  ]);
}

/** `/go halt` where nothing can be halted: a direct message, another channel, the channel of a closed launch. */
export async function haltElsewhere(ask: Ask, here: Pick<Launch, 'id' | 'name'> | null): Promise<Message> {
  // The index hears of a close a moment later than the record.
  const launches = (await ask.desk.rooms.open()).filter(({ launchId }) => launchId !== here?.id);
  const found =
    here === null
      ? 'No launch belongs to this channel'
      : `${safe(here.name, 120)}, the launch of this channel, is closed`;
  if (launches.length === 0) {
    if (here === null) return noLaunch(...namesAndProblems(await listRunbooks(ask.desk.runbooksDir)));
    return message('There is nothing to halt.', [
      section(`:grey_question: ${found}, and no other is open: nothing is being sent, and there is nothing to halt.`),
      context('Nothing was changed.'),
    ]);
  }
  const more =
    launches.length > LAUNCHES_SHOWN
      ? ` ${launches.length - LAUNCHES_SHOWN} more are open: type \`/go halt\` in their channels.`
      : '';
  return message('*Nothing is halted yet.* Press HALT of the launch that is meant.', [
    section(
      `:octagonal_sign: *Nothing is halted yet.* ${found}. ${launches.length === 1 ? 'This one is open' : 'These are open'}; press HALT:`,
    ),
    ...(launches.length === 1
      ? launches.map((launch) =>
          section(`*${safe(launch.name, 120)}* (${code(launch.launchId)}) in <#${launch.channelId}>`),
        )
      : []),
    ...haltButtons(launches),
    context(`One press by anyone on its roster halts.${more}`),
  ]);
}
