import { done } from '../views/answers.ts';
import { misuse, submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

export const note: Subcommand = {
  name: 'note',
  usage: ['note the ad moved to the third quarter'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Writes a line into the record. What people write in the channel is in the timeline anyway.',
  async run(ask) {
    if (ask.typed.rest === '') return misuse(note, 'What should it say?');
    return submit(
      ask,
      (by) => ({ kind: 'note', by, text: ask.typed.rest }),
      () => done('Noted.'),
    );
  },
};
