import { compareOf, sectionText } from '../../runbooks/postmortem/compare.ts';
import type { Recorded } from '../../runbooks/postmortem/compare.ts';
import { whoIs } from '../desk.ts';
import { code } from '../views/answers.ts';
import { context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { safe } from '../views/words.ts';
import { misuse } from './subcommand.ts';
import type { PersonAsk, Subcommand } from './subcommand.ts';

export const compare: Subcommand = {
  name: 'compare',
  also: ['versus'],
  usage: ['compare', 'compare superbowl-2026'],
  group: 'See',
  needs: 'person',
  does: 'Sets this launch beside its last rehearsals and the last launch of the same runbook, or the one that you name: readiness, times, failures.',
  async run(ask) {
    const id = ask.typed.rest.trim();
    const earlier = id === '' ? await lastOfItsKind(ask) : await withMe(ask, id);
    if (id !== '' && earlier === null)
      return misuse(compare, `There is no other launch ${code(id)} with you on its roster, to stand beside this one.`);
    const { desk, launch } = ask;
    const entries = await desk.journal.entries(launch.id);
    return comparedMessage(sectionText(compareOf({ launch, entries }, earlier)));
  },
};

/** Figures of a launch are for those who were there. Null: there is none such. */
export async function withMe({ desk, launch: here, slackId }: PersonAsk, id: string): Promise<Recorded | null> {
  const launch = id === here.id ? null : await desk.journal.launch(id);
  return launch === null || whoIs(launch, slackId) === null
    ? null
    : { launch, entries: await desk.journal.entries(id) };
}

/** So many launches back. */
const LOOKED_AT = 10;

async function lastOfItsKind(ask: PersonAsk): Promise<Recorded | null> {
  const { launch } = ask;
  const items = (await ask.desk.rooms.all())
    .filter(({ launchId, runbook }) => launchId !== launch.id && runbook === launch.runbook.id)
    .filter(({ closed, createdAtMs }) => closed && createdAtMs < launch.createdAtMs)
    .slice(0, LOOKED_AT);
  for (const { launchId } of items) {
    const found = await withMe(ask, launchId);
    // A rehearsal of this launch stands beside it anyhow.
    if (found !== null && found.launch.rehearses === null) return found;
  }
  return null;
}

/** A section takes 3,000 characters, and a table must not be cut within a line. */
const PART_CHARS = 2_700;

function comparedMessage(lines: readonly string[]): Message {
  const parts: string[] = [];
  for (const line of lines.map((one) => safe(one.replaceAll('```', "'''"), 600))) {
    const last = parts.at(-1);
    if (last === undefined || last.length + line.length + 1 > PART_CHARS) parts.push(line);
    else parts[parts.length - 1] = `${last}\n${line}`;
  }
  return message('This launch beside others', [
    ...parts.map((part) => section(`\`\`\`\n${part}\n\`\`\``)),
    context('`/go postmortem` has the same with its evidence. –: not known, or not asked for.'),
  ]);
}
