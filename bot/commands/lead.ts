import type { KnownBlock } from '@slack/types';
import { isWaiting, waitingChanges } from '../../runbooks/launch/change-waits.ts';
import { gateLines, orderGates } from '../../runbooks/launch/gates.ts';
import type { FireOrder, GateLine } from '../../runbooks/launch/launch.ts';
import { isExpired } from '../../runbooks/launch/remaining.ts';
import { isPending } from '../../runbooks/launch/voiding.ts';
import { code, info } from '../views/answers.ts';
import { context, message, section } from '../views/blocks.ts';
import type { Message } from '../views/message.ts';
import { nameOf, namesOfWho } from '../views/names.ts';
import { orderMessage } from '../views/order.ts';
import { readinessMessage } from '../views/readiness.ts';
import { liftMessage, rosterMessage, switchMessage, waiverMessage } from '../views/requests.ts';
import { runbookChangeMessage } from '../views/runbook-change.ts';
import { oneLine, safe, timeOfDay } from '../views/words.ts';
import { bareWord } from './arguments.ts';
import { didYouMean } from './nearest.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

/**
 * What is decided by a button, typed as a command: it leads to the button. Only a button carries what was shown, so
 * nothing is approved by typing.
 */

/** A message holds 50 blocks, an order about a dozen. */
const ORDERS_SHOWN = 2;

export const openOrders = ({ launch, atMs }: PersonAsk): FireOrder[] =>
  Object.values(launch.orders).filter((order) => order.state === 'open' && !isExpired(order, atMs));

const pendingOrders = ({ launch, atMs }: PersonAsk): FireOrder[] =>
  Object.values(launch.orders).filter((order) => isPending(order) && !isExpired(order, atMs));

/** The newest orders whole, with their buttons: what is pressed here was seen here. */
async function ordersShown({ desk, launch, atMs }: PersonAsk, orders: readonly FireOrder[]): Promise<KnownBlock[]> {
  const measured = await desk.conductor.measured(launch.id);
  return orders
    .slice(-ORDERS_SHOWN)
    .flatMap(
      (order) => orderMessage(launch, order, orderGates(launch, order, measured, atMs), atMs).blocks as KnownBlock[],
    );
}

export const approve: Subcommand = {
  name: 'approve',
  also: ['go', 'confirm', 'grant', 'yes', 'accept', 'press'],
  usage: ['approve'],
  group: 'Fire and halt',
  needs: 'person',
  does: 'Shows what waits for a second person, with its button: an order to fire, a lift, a waiver, a switch, a change of the roster or of the runbook.',
  async run(ask) {
    const { launch, person } = ask;
    const orders = openOrders(ask);
    const others = [
      ...Object.values(launch.lifts)
        .filter((one) => isWaiting(one, ask.atMs))
        .map((one) => ({ by: one.by, show: () => liftMessage(launch, one.id) })),
      ...Object.values(launch.waivers)
        .filter((one) => one.grantedBy === null && one.endsAtMs > ask.atMs)
        .map((one) => ({ by: one.requestedBy, show: () => waiverMessage(launch, one.id) })),
      ...Object.values(launch.switchRequests)
        .filter((one) => isWaiting(one, ask.atMs))
        .map((one) => ({ by: one.by, show: () => switchMessage(launch, one.id) })),
      ...Object.values(launch.rosterChanges)
        .filter((one) => isWaiting(one, ask.atMs))
        .map((one) => ({ by: one.by, show: () => rosterMessage(launch, one.id) })),
      ...Object.values(launch.runbookChanges)
        .filter((one) => isWaiting(one, ask.atMs))
        .map((one) => ({ by: one.by, show: () => runbookChangeMessage(launch, one.id) })),
    ];
    if (orders.length + others.length === 0)
      return info(
        'Nothing waits for a second person. `/go fire` asks to send, `/go ready` shows what is missing, `/go halt` stops all sending.',
      );
    const blocks: KnownBlock[] = [];
    const own = [...orders.map((one) => one.requestedBy), ...others.map((one) => one.by)].filter(
      (by) => by === person.id,
    ).length;
    if (own > 0)
      blocks.push(
        section(
          `:grey_question: ${own === orders.length + others.length ? 'What waits was' : `${own} of these were`} asked for by you: another person presses, ${namesOfWho(launch, others.length === 0 ? 'approve-fire' : 'approve-lift', person.id)}.`,
        ),
      );
    blocks.push(
      ...(await ordersShown(
        ask,
        orders.filter((order) => order.requestedBy !== person.id),
      )),
    );
    for (const { show } of others.filter(({ by }) => by !== person.id).slice(-8))
      blocks.push(...(show().blocks as KnownBlock[]));
    return message('What waits for a second person. Nothing is approved by typing: press its button.', [
      ...blocks,
      context('Nothing is approved by typing; the button is. Nothing was changed.'),
    ]);
  },
};

/** Other requests are not declined: unpressed, they run out. */
function nothingToDecline({ launch, atMs }: PersonAsk): Answer {
  const [other] = waitingChanges(launch, atMs);
  const end = other?.change.expiresAtMs;
  return info(
    other === undefined
      ? 'No order waits, so there is nothing to decline. To stop what is being sent: `/go halt`.'
      : `No order waits. The ${safe(other.named, 120)} does, and can't be declined: it changes nothing unless another person presses${end === undefined ? '' : `, and runs out ${timeOfDay(end)}`}. To stop what is being sent: \`/go halt\`.`,
  );
}

export const decline: Subcommand = {
  name: 'decline',
  also: ['disarm', 'reject', 'deny', 'refuse', 'veto', 'withdraw', 'no'],
  usage: ['decline', 'decline the German copy is wrong'],
  group: 'Fire and halt',
  needs: 'person',
  does: 'Turns down the order that waits for its second person, or disarms one that is armed. Without a reason it leads to the button, which asks for one.',
  async run(ask) {
    const orders = pendingOrders(ask);
    const [only] = orders;
    if (only === undefined) return nothingToDecline(ask);
    const reason = oneLine(ask.typed.rest).replace(/^because\s+/i, '');
    if (reason === '' || orders.length > 1) {
      const say =
        orders.length > 1 && reason !== ''
          ? `${orders.length} orders wait, so nothing was declined: press Decline of the one that is meant; it asks for the reason.`
          : 'Press Decline; it asks for the reason.';
      return message(say, [section(`:grey_question: ${say}`), ...(await ordersShown(ask, orders))]);
    }
    return submit(
      ask,
      (by) => ({ kind: 'decline-fire', by, orderId: only.id, reason }),
      () =>
        info(
          `:white_check_mark: ${only.state === 'armed' ? 'Disarmed' : 'Declined'} the order of ${nameOf(ask.launch, only.requestedBy)}; nothing was sent.`,
        ),
    );
  },
};

function notTicked(line: GateLine): string {
  return `${code(line.id)} is measured, so nobody ticks it. ${line.hard ? "It is hard and can't be waived either." : `\`/go waive ${line.id}\` asks for a waiver.`}`;
}

function notWaived(line: GateLine): string {
  return line.hard
    ? `${code(line.id)} is a hard gate and can't be waived by anyone.`
    : `${code(line.id)} is ticked by a person: \`/go tick ${line.id}\`.`;
}

/** The gates that have the button, or the one that was named. */
async function gatesWith(ask: PersonAsk, sub: Subcommand, manual: boolean): Promise<Message> {
  const { desk, launch, typed, atMs } = ask;
  const lines = gateLines(launch, await desk.conductor.measured(launch.id), atMs, 'all');
  const word = bareWord(typed.words[0] ?? '');
  if (word === '') return readinessMessage(launch, lines, atMs);
  const line = lines.find(({ id }) => id.toLowerCase() === word);
  const ids = lines.filter((one) => one.manual === manual).map(({ id }) => id);
  if (line === undefined)
    return misuse(
      sub,
      `There is no gate ${code(word)}.${didYouMean(word, ids)} There are ${ids.map((id) => code(id)).join(' ') || 'none of that kind'}.`,
    );
  if (line.manual !== manual || (!manual && line.hard)) return misuse(sub, manual ? notTicked(line) : notWaived(line));
  return readinessMessage(launch, [line], atMs);
}

export const tick: Subcommand = {
  name: 'tick',
  also: ['untick', 'check', 'uncheck'],
  usage: ['tick', 'tick copy-read'],
  group: 'Prepare',
  needs: 'person',
  does: 'Shows the gates that people tick, with their buttons.',
  run: (ask) => gatesWith(ask, tick, true),
};

export const waive: Subcommand = {
  name: 'waive',
  also: ['waiver'],
  usage: ['waive', 'waive workers'],
  group: 'Prepare',
  needs: 'person',
  does: 'Shows the gates that can be waived, with their buttons. One person asks, another grants.',
  run: (ask) => gatesWith(ask, waive, false),
};
