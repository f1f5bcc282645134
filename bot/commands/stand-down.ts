import { sentText } from '../../runbooks/record/describe.ts';
import { done } from '../views/answers.ts';
import { standDownMessage } from '../views/stand-down.ts';
import { oneLine } from '../views/words.ts';
import { misuse, submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

export const standDown: Subcommand = {
  name: 'stand-down',
  // `stand down` as two words.
  also: ['standdown', 'stand'],
  usage: ['stand-down', 'stand-down the ad was pulled'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Calls the launch off for good: orders are void, armed ones too, and nothing can be fired in it any more. Offers what puts fleets and switches back, and closes the launch once they are.',
  async run(ask) {
    const { launch, typed } = ask;
    if (typed.name === 'stand' && typed.words[0]?.toLowerCase() !== 'down')
      return misuse(standDown, 'Stand down? That is `/go stand-down`, and there is no way back.');
    if (launch.stoodDown !== null) return standDownMessage(launch);
    const reason = oneLine(typed.name === 'stand' ? typed.rest.replace(/^\W*down\b/i, '') : typed.rest);
    return submit(
      ask,
      (by) => ({ kind: 'stand-down', by, reason: reason.replace(/^because\s+/i, '') }),
      (after) =>
        done(
          `Called off. ${sentText(after.stoodDown?.sent ?? null)}. The channel has what is left to put back, with its buttons.`,
        ),
    );
  },
};
