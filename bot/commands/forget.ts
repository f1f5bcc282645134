import { info } from '../views/answers.ts';
import type { Subcommand } from './subcommand.ts';

/** Deletes nothing: keys and files may be removed by whoever has the rights of the command line, and by no bot. */
export const forget: Subcommand = {
  name: 'forget',
  also: ['erase', 'delete'],
  usage: ['forget'],
  group: 'Talk and end',
  needs: 'launch',
  does: 'Says how a message that should not be in the record (a password, a phone number), or all that one person wrote, is deleted from it for good.',
  run: async ({ launch }) =>
    info(
      `Nothing was deleted: that takes the command line's rights, so ask whoever is on call for AWS.\n• a message, with its edits and files: \`npm run go -- forget --launch ${launch.id} --message LINK\` (_Copy link_ of the message; without \`--yes\` it shows what would go)\n• what one person wrote, noted, and answered to the postmortem: \`… --person NAME\`; an answer or a note alone by its number in the timeline: \`… --message m12\`\nIn Slack it stands until you delete it there, and so do timelines that were posted before. A password that was written here is known: change it.`,
    ),
};
