import type { FireOrder } from '../../runbooks/launch/launch.ts';
import { submitAs } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import { segmentsText } from '../views/segments-text.ts';
import { timeOfDay } from '../views/words.ts';
import { openOrders } from './lead.ts';
import type { Subcommand } from './subcommand.ts';

export const renew: Subcommand = {
  name: 'renew',
  also: ['extend', 'prolong'],
  usage: ['renew'],
  group: 'Fire and halt',
  needs: 'person',
  does: 'Keeps your own open orders open for one more lifetime, while the ad is late. What they show stays as it is, and so does their GO button.',
  async run(ask) {
    const { desk, launch, slackId, person } = ask;
    const mine = openOrders(ask).filter(({ requestedBy }) => requestedBy === person.id);
    if (mine.length === 0)
      return info('No open order is yours, so there is nothing to renew. `/go fire` asks for one.');
    const said: string[] = [];
    for (const { id } of mine) {
      const outcome = await submitAs(desk, launch.id, slackId, (by) => ({ kind: 'renew-order', by, orderId: id }));
      if (!outcome.ok) return refused(outcome.code, outcome.say);
      const order: FireOrder | undefined = outcome.launch.orders[id];
      if (order !== undefined)
        said.push(
          `The order for ${segmentsText(outcome.launch, order.shown.segments)} waits until ${timeOfDay(order.expiresAtMs)}.`,
        );
    }
    return done(said.join('\n'));
  },
};
