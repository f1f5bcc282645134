import type { KnownBlock } from '@slack/types';
import type { EntryOf } from '../../runbooks/launch/entries.ts';
import type { FireOrder, GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { isMeasuredAgain } from '../../runbooks/launch/moment.ts';
import { isExpired } from '../../runbooks/launch/remaining.ts';
import { ACTION } from '../action-ids.ts';
import { button, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOf, nameOf } from './names.ts';
import { segmentsText } from './segments-text.ts';
import { count, fit, plural, safe, span, stamp, timeOfDay } from './words.ts';

/** What the room says of an order that goes by itself: before it is armed, while it is, and if it did not go. */

/** An order with a moment that nobody has held: its GO arms. */
export const momentAhead = (order: FireOrder): number | null =>
  order.held === null ? (order.shown.moment?.atMs ?? null) : null;

/** What a press does, below the button. */
export function pressText(order: FireOrder): string {
  const { moment } = order.shown;
  if (moment === undefined || order.held !== null)
    return `Expires ${timeOfDay(order.expiresAtMs)}. GO sends at once, there is no second question.`;
  return `The press arms it, and nothing is sent yet. It goes by itself ${stamp(moment.atMs)}, at most ${span(moment.withinMs)} late, if hard gates are green then; else it waits here for a press. Anyone on duty can disarm it, HALT disarms all.`;
}

/** What is red and need not be green yet. */
export function measuredThen(order: FireOrder, turned: readonly GateLine[]): KnownBlock[] {
  const atMs = momentAhead(order);
  const later = turned.filter((line) => isMeasuredAgain(line));
  if (atMs === null || later.length === 0) return [];
  const lines = later.map(({ title, say }) => `• *${safe(title, 120)}*: ${safe(say, 200)}`);
  return [section(`:hourglass_flowing_sand: *Must be green by ${timeOfDay(atMs)}*\n${fit(lines, 1_200)}`)];
}

export function heldText(order: FireOrder): KnownBlock[] {
  if (order.held === null) return [];
  return [section(`:warning: *It did not go at its moment*: ${safe(order.held, 600)}\nGO sends it now.`)];
}

/** The line of an armed order, with what one tap does. */
export function armedSection(launch: Launch, order: FireOrder, nowMs: number): KnownBlock {
  const atMs = order.shown.moment?.atMs ?? nowMs;
  const who = order.armed === null ? '' : ` by *${nameOf(launch, order.armed.by)}*`;
  const left = atMs > nowMs ? `in ${span(Math.ceil((atMs - nowMs) / 1_000) * 1_000)}` : 'now';
  return section(
    `:alarm_clock: *Armed*${who}: goes by itself ${stamp(atMs)}, *${left}*`,
    button(ACTION.disarm, 'Disarm', { launchId: launch.id, orderId: order.id }, 'danger'),
    `disarm:${order.id}`,
  );
}

/** Orders that are armed, next first: what will happen without anybody doing anything. */
export function armedLines(launch: Launch, nowMs: number): KnownBlock[] {
  return Object.values(launch.orders)
    .filter((order) => order.state === 'armed' && !isExpired(order, nowMs))
    .toSorted((a, b) => (a.shown.moment?.atMs ?? 0) - (b.shown.moment?.atMs ?? 0))
    .map((order) => {
      const atMs = order.shown.moment?.atMs ?? nowMs;
      return section(
        `:alarm_clock: *Armed*, goes by itself ${stamp(atMs)}, *${atMs > nowMs ? `in ${span(atMs - nowMs)}` : 'now'}*: ${segmentsText(launch, order.shown.segments)}, ${plural(order.devices, 'device')}`,
        button(ACTION.disarm, 'Disarm', { launchId: launch.id, orderId: order.id }),
        `disarm:${order.id}`,
      );
    });
}

export function armedText(launch: Launch, orderId: string): string {
  const order = launch.orders[orderId];
  if (order === undefined) return `armed ${safe(orderId, 60)}`;
  const { moment } = order.shown;
  return `*armed* ${segmentsText(launch, order.shown.segments)}, ${count(order.devices)} devices: it goes by itself ${moment === undefined ? '' : stamp(moment.atMs)}. \`/go decline\` or Disarm on its message stops it.`;
}

/** Somebody has to come and press: it calls those whose press counts. */
export function heldMessage(launch: Launch, entry: EntryOf<'FireHeld'>): Message {
  const order = launch.orders[entry.orderId];
  const what = order === undefined ? safe(entry.orderId, 60) : segmentsText(launch, order.shown.segments);
  const who =
    order === undefined
      ? ''
      : ` ${mentionsOf(launch, 'approve-fire', order.requestedBy)}: GO on its message sends it now, until ${timeOfDay(order.expiresAtMs)}.`;
  return message(`${what} did not go at its moment`, [
    section(`:warning: *${what} did not go at its moment*: ${safe(entry.reason, 600)}${who}`),
  ]);
}

/** An order's id says nothing to people. */
export function ofOrder(launch: Launch, orderId: string): string {
  const order = launch.orders[orderId];
  return order === undefined ? '' : ` (${segmentsText(launch, order.shown.segments)})`;
}

export function renewedText(launch: Launch, { orderId, expiresAtMs }: EntryOf<'FireRenewed'>): string {
  const order = launch.orders[orderId];
  const what = order === undefined ? safe(orderId, 60) : segmentsText(launch, order.shown.segments);
  return `keeps the order for ${what} open: GO on its message holds until ${timeOfDay(expiresAtMs)}`;
}
