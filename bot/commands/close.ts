import { remainingDevices } from '../../runbooks/launch/remaining.ts';
import { done } from '../views/answers.ts';
import { count, oneLine } from '../views/words.ts';
import { misuse, submit } from './subcommand.ts';
import type { Subcommand } from './subcommand.ts';

export const close: Subcommand = {
  name: 'close',
  also: ['end'],
  usage: ['close', 'close all went well'],
  group: 'Talk and end',
  needs: 'person',
  does: 'Ends the launch: nothing can be fired any more, the timeline stays.',
  async run(ask) {
    const left = (ask.launch.audience?.segments ?? []).reduce(
      (sum, { id }) => sum + remainingDevices(ask.launch, id),
      0,
    );
    if (left > 0 && ask.typed.rest === '' && ask.launch.stoodDown === null)
      return misuse(
        close,
        `*${count(left)} devices got nothing yet*, and a closed launch can't send any more. If that is meant, say why: \`/go close the ad was pulled\``,
      );
    const answer = await submit(
      ask,
      (by) => ({ kind: 'close-launch', by, reason: oneLine(ask.typed.rest) }),
      () => done('The launch is closed. `/go timeline` gives its record; scale-downs still run by `/go scale`.'),
    );
    ask.desk.rooms.forget();
    return answer;
  },
};
