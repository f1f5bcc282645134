import type { KnownBlock } from '@slack/types';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { context, header, message, section } from './blocks.ts';
import { contactsBlocks } from './contacts.ts';
import type { Message } from './message.ts';
import { safe } from './words.ts';

export interface HelpLine {
  name: string;
  usage: readonly string[];
  does: string;
  group: HelpGroup;
}

const HELP_GROUPS = ['See', 'Prepare', 'Fire and halt', 'Drive', 'Talk and end'] as const;
export type HelpGroup = (typeof HELP_GROUPS)[number];

const OVERVIEW_CHARS = 200;

/** Whole sentences, as many as there is room for: one that is cut says less than none, and may lose half of a \`code\`. */
function beginning(does: string): string {
  const sentences = does.split(/(?<=\.) (?=[A-Z`])/);
  let kept = sentences[0] ?? '';
  for (const sentence of sentences.slice(1)) {
    if (kept.length + 1 + sentence.length > OVERVIEW_CHARS) break;
    kept = `${kept} ${sentence}`;
  }
  return kept;
}

/** What matters `now`, or, where that is null, every subcommand in groups; with whom the launch's runbook says to call, or one of them in detail. */
export function helpMessage(
  lines: readonly HelpLine[],
  only: HelpLine | null,
  launchName: string | null,
  runbook: Pick<Runbook, 'contacts' | 'playbook'> = {},
  now: { when: string; names: readonly string[] } | null = null,
): Message {
  if (only !== null)
    return message(`/go ${only.name}`, [
      section(`*/go ${safe(only.name, 40)}*  ${safe(only.does, 400)}`),
      context(only.usage.map((usage) => `\`/go ${safe(usage, 160)}\``).join('\n')),
    ]);
  const blocks: KnownBlock[] = [header(launchName === null ? 'gobutton' : `gobutton: ${launchName}`)];
  const listed = (title: string, here: readonly HelpLine[]) => {
    const texts = here.map(
      (line) => `\`/go ${safe(line.usage[0] ?? line.name, 80)}\`  ${safe(beginning(line.does), OVERVIEW_CHARS)}`,
    );
    if (texts.length > 0) blocks.push(section(`*${title}*\n${texts.join('\n')}`));
  };
  if (now === null)
    for (const group of HELP_GROUPS)
      listed(
        group,
        lines.filter((line) => line.group === group),
      );
  else
    listed(
      `Now: ${now.when}`,
      now.names.flatMap((name) => lines.filter((line) => line.name === name)),
    );
  blocks.push(
    ...contactsBlocks(runbook),
    context(
      'Firing takes two people: one asks with `/go fire`, another presses GO. Halting takes one: the HALT button on the pinned board, or `/go halt`. `/go help fire` explains one command, `/go help all` lists them all.',
    ),
  );
  return message('gobutton: what to type', blocks);
}
