import type { Given } from './commands.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { SegmentAttempt } from './entries.ts';
import type { FireOrder, Launch } from './launch.ts';
import { takenBack } from './order-words.ts';
import { nameOf } from './people.ts';
import { isExpired, nextAttempt, runningShots } from './remaining.ts';
import { shownFor, shownHash } from './shown.ts';
import { covers } from './skip-cover.ts';
import { VOID_BY_HALT } from './voiding.ts';
import { clock, listed } from './words.ts';

/** The sentences of refused fire orders; the rule itself is in fire.ts. */

export function haltText(launch: Launch): string {
  const { halt } = launch;
  if (!halt.active) return 'That halt is over.';
  const who = halt.by === null ? 'the system' : nameOf(launch, halt.by);
  return `Sending was halted by ${who} at ${clock(halt.atMs)}${halt.reason === '' ? '' : ` (${halt.reason})`}.`;
}

export function noSuchOrder(orderId: string): Refusal {
  return refuse(
    'NO_SUCH_ORDER',
    `There is no fire order ${orderId} in this launch. See /go status, or ask for one with /go fire.`,
  );
}

export function expired(launch: Launch, order: FireOrder): Refusal {
  return refuse(
    'ORDER_EXPIRED',
    `${nameOf(launch, order.requestedBy)}'s order ended at ${clock(order.expiresAtMs)}. Ask for a new one with /go fire.`,
  );
}

export function nothingCutOff(launch: Launch, nowMs: number): Refusal {
  if (!launch.halt.active)
    return refuse(
      'NOTHING_TO_FIRE',
      'Nothing is halted, and of what a halt cut off nothing is left to ask for: it was sent, is being sent, or waits in an order already. See /go status.',
    );
  const waiting = Object.values(launch.orders).find(
    (order) => order.state === 'open' && order.lifts === launch.halt.epoch && !isExpired(order, nowMs),
  );
  if (waiting !== undefined)
    return refuse(
      'NOTHING_TO_FIRE',
      `${nameOf(launch, waiting.requestedBy)} has asked for what the halt cut off already (${waiting.id}): press GO there, or decline it.`,
    );
  if (runningShots(launch).length > 0)
    return refuse(
      'NOTHING_TO_FIRE',
      'The halted shot is still being counted; it closes within half a minute. Then ask again.',
    );
  return refuse(
    'NOTHING_TO_FIRE',
    'The halt has cut nothing off. /go resume lifts it; /go resume fire all also asks for everything that was never sent.',
  );
}

export function notOpen(launch: Launch, order: FireOrder, sha256: Given['sha256']): Refusal {
  switch (order.state) {
    case 'approved': {
      const shot = Object.values(launch.shots).find(({ orderId }) => orderId === order.id);
      const who = shot === undefined ? '' : ` by ${nameOf(launch, shot.approvedBy)} at ${clock(shot.pressedAtMs)}`;
      return refuse('ORDER_NOT_OPEN', `This order was approved${who} and is on its way. Nothing more to do.`);
    }
    case 'declined':
      return refuse('ORDER_NOT_OPEN', `This order was ${takenBack(order)}. Ask for a new one with /go fire.`);
    case 'expired':
      return expired(launch, order);
    case 'void': {
      if (order.voidedBy === VOID_BY_HALT) {
        return refuse(
          'HALTED',
          `${haltText(launch)} An order that was asked for before a halt is void after it: ask again with ${launch.halt.active ? '/go resume' : '/go fire'}.`,
        );
      }
      const segments = order.shown.segments.map(({ segment }) => ({ segment, attempt: nextAttempt(launch, segment) }));
      const say = `This order is void: ${order.voidedBy ?? 'what it showed has changed'}. Ask for a new one with /go fire.`;
      return refuse(
        shownHash(shownFor(launch, segments, undefined, order.shown.sets, order.shown.moment), sha256) ===
          order.shownHash
          ? 'ORDER_NOT_OPEN'
          : 'CONTENT_CHANGED',
        say,
      );
    }
    case 'open':
      return refuse('ORDER_NOT_OPEN', 'This order is open.');
    case 'armed': {
      const who = order.armed === null ? '' : ` by ${nameOf(launch, order.armed.by)}`;
      return refuse(
        'ORDER_ARMED',
        `This order was armed${who}; it goes by itself at ${clock(order.shown.moment?.atMs ?? order.expiresAtMs)}. Nothing more to do; anyone on duty may disarm it.`,
      );
    }
    default:
      return order.state satisfies never;
  }
}

export function changed(launch: Launch, order: FireOrder, segments: SegmentAttempt[]): Refusal {
  const { shown } = order;
  const present = shownFor(launch, segments);
  const what = [
    shown.contentHash === present.contentHash ? [] : ['the content'],
    shown.audienceHash === present.audienceHash ? [] : ['the audience'],
    covers(launch.skipList, shown.skipListHash) ? [] : ['the skip list'],
    segments.every(({ attempt }, index) => attempt === shown.segments[index]?.attempt) ? [] : ['the attempt'],
  ].flat();
  return refuse(
    'CONTENT_CHANGED',
    `${what.length === 0 ? 'This button shows something else than the order' : `Since this order was shown, ${listed(what)} changed`}. Look at it again: ask for a new order with /go fire.`,
  );
}
