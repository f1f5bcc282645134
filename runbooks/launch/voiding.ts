import type { Person } from '../playbook/schema.ts';
import type { EntryOf, PersonId } from './entries.ts';
import { foldError, must } from './fold-error.ts';
import type { FireOrder, Launch } from './launch.ts';
import { covers } from './skip-cover.ts';

/** What ends an order, or anything else that waits for its second person, before that person has come. */

type Orders = Launch['orders'];

export const VOID_BY_CORRECTION = 'a late account has changed who is left to send to';
export const VOID_BY_HALT = 'halt was pressed after it was asked for';
export const VOID_BY_STAND_DOWN = 'the launch was stood down';

/** It may still send something: it waits for its second person, or for its moment. */
export const isPending = ({ state }: Pick<FireOrder, 'state'>): boolean => state === 'open' || state === 'armed';

/** Open and armed orders that `which` names become void. */
export function voidOrders(launch: Pick<Launch, 'orders'>, which: (order: FireOrder) => boolean, why: string): Orders {
  return Object.fromEntries(
    Object.entries(launch.orders).map(([id, order]) => [
      id,
      isPending(order) && which(order) ? { ...order, state: 'void', voidedBy: why } : order,
    ]),
  );
}

/** Open orders that showed another content, audience or skip list than the launch has now become void. A skip list that only adds voids nothing: it can't send anybody anything. */
export function voidStale(launch: Launch, why: string): Orders {
  return voidOrders(
    launch,
    ({ shown }) =>
      shown.contentHash !== launch.contentHash ||
      shown.audienceHash !== launch.audience?.hash ||
      !covers(launch.skipList, shown.skipListHash),
    why,
  );
}

/** Open orders for any of these segments become void: one segment waits in one order only. */
export function voidRivals(
  launch: Pick<Launch, 'orders'>,
  winner: { orderId: string; segments: readonly { segment: string }[] },
): Orders {
  const taken = new Set(winner.segments.map(({ segment }) => segment));
  return voidOrders(
    launch,
    (order) => order.id !== winner.orderId && order.shown.segments.some(({ segment }) => taken.has(segment)),
    `order ${winner.orderId} took its place`,
  );
}

/**
 * When the roster changes, everything that waits for a second person and that `which` names is over: fire orders, lifts,
 * waivers, switch requests, roster changes. Otherwise a moved Slack id could let one human be both of the two people.
 * `which` gets who asked, and the people that a waiting roster change would bring (back).
 */
export function voidAllOpen(
  launch: Launch,
  which: (by: PersonId, people: readonly Person[]) => boolean,
  why: string,
): Pick<Launch, 'orders' | 'lifts' | 'waivers' | 'switchRequests' | 'runbookChanges' | 'rosterChanges' | 'keyChanges'> {
  const close = <T extends { by: PersonId; open: boolean; people?: Person[] }>(
    requests: Record<string, T>,
  ): Record<string, T> =>
    Object.fromEntries(
      Object.entries(requests).map(([id, request]) => [
        id,
        request.open && which(request.by, request.people ?? []) ? { ...request, open: false } : request,
      ]),
    );
  return {
    orders: voidOrders(
      launch,
      ({ requestedBy, armed }) => which(requestedBy, []) || (armed !== null && which(armed.by, [])),
      why,
    ),
    lifts: close(launch.lifts),
    switchRequests: close(launch.switchRequests),
    runbookChanges: close(launch.runbookChanges),
    rosterChanges: close(launch.rosterChanges),
    keyChanges: close(launch.keyChanges),
    waivers: Object.fromEntries(
      Object.entries(launch.waivers).filter(
        ([, waiver]) => waiver.grantedBy !== null || !which(waiver.requestedBy, []),
      ),
    ),
  };
}

/** An order in its next state. */
export function turnOrder(
  launch: Launch,
  entry: EntryOf<'FireDeclined' | 'FireRenewed' | 'FireExpired' | 'FireApproved' | 'FireArmed' | 'FireHeld'>,
  from: readonly FireOrder['state'][],
  to: Partial<FireOrder> & Pick<FireOrder, 'state'>,
): Orders {
  const order = must(launch.orders, entry.orderId, entry);
  if (!from.includes(order.state))
    throw foldError('FOLD_IMPOSSIBLE', entry, `order ${order.id} is ${order.state}, expected ${from.join(' or ')}`);
  return { ...launch.orders, [order.id]: { ...order, ...to } };
}
