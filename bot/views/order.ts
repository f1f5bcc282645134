import type { KnownBlock } from '@slack/types';
import { forecast } from '../../runbooks/launch/forecast.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { FireOrder, GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { isExpired, remainingDevices } from '../../runbooks/launch/remaining.ts';
import { ACTION } from '../actions/action-ids.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import { contentSections } from './content.ts';
import type { Message } from './message.ts';
import { nameOf, peopleWith, platformName } from './names.ts';
import { count, fit, plural, safe, short, span, stamp, timeOfDay } from './words.ts';

/**
 * The message that asks for the second person. While the order is open it carries one GO button (instant, no
 * dialog) and, apart from it, Decline; afterwards the outcome and no buttons. `gates` are the lines of now, for
 * the order's segments; what isn't green or waived has turned since the order was asked for.
 */
export function orderMessage(launch: Launch, order: FireOrder, gates: readonly GateLine[], nowMs: number): Message {
  const what = segmentsText(order);
  const asker = nameOf(launch, order.requestedBy);
  if (order.state !== 'open' || isExpired(order, nowMs)) return outcome(launch, order, what, asker);

  const turned = gates.filter((gate) => gate.status === 'red' || gate.status === 'unknown');
  const decline = button(ACTION.decline, 'Decline', { launchId: launch.id, orderId: order.id });
  const lifts = order.lifts === null ? '' : `\n:warning: This GO also *lifts the halt* (${order.lifts}).`;
  const blocks: KnownBlock[] = [
    header(`Fire order: ${count(order.devices)} devices`),
    section(
      `*${asker}* asks to send *${what}* to *${plural(order.devices, 'device')}*.\nA second person presses GO: ${peopleWith(launch, ['on-call', 'marketer'], order.requestedBy)}.${lifts}`,
      decline, `decline:${order.id}`,
    ),
    section(segmentLines(launch, order)),
    ...contentSections(launch.campaign, launch.audience?.locales ?? {}),
    context(
      `content \`${short(order.shown.contentHash)}\` · audience \`${short(order.shown.audienceHash)}\`${order.shown.skipListHash === null ? '' : ` · skip list \`${short(order.shown.skipListHash)}\``} · order \`${safe(order.id, 60)}\``,
      `late after ${span(order.shown.notAfterMs.ios)} (iOS), ${span(order.shown.notAfterMs.android)} (Android) · uncertain devices: ${order.shown.uncertain}`,
      forecastText(launch, order),
    ),
  ];
  if (turned.length > 0) blocks.push(section(`:red_circle: *Turned since the order was asked for*\n${fit(turned.map(gateText), 1_500)}`));
  blocks.push(
    actions(`go:${order.id}`, [button(ACTION.go, goLabel(turned), { launchId: launch.id, orderId: order.id, shownHash: order.shownHash }, 'primary')]),
    context(`Expires ${timeOfDay(order.expiresAtMs)}. GO sends at once, there is no second question.`),
  );
  return message(`${asker} asks to fire ${what} to ${count(order.devices)} devices: a second person presses GO`, blocks);
}

function goLabel(turned: readonly GateLine[]): string {
  const hard = turned.filter((gate) => gate.hard);
  if (hard.length > 0) return `:no_entry: GO is blocked: ${hard.map((gate) => gate.id).join(', ')}`;
  return turned.length === 0 ? ':large_green_square: GO' : `:large_green_square: GO anyway, ${turned.length} red`;
}

const gateText = (gate: GateLine): string =>
  `• *${safe(gate.title, 120)}*${gate.hard ? ' (hard: blocks the press)' : ''}: ${gate.status === 'unknown' ? 'unknown, ' : ''}${safe(gate.say, 200)}`;

export function segmentsText(order: Pick<FireOrder, 'shown'>): string {
  const names = order.shown.segments.map(({ segment, attempt }) => (attempt === 1 ? segment : `${segment} (attempt ${attempt})`));
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more segments`;
}

function segmentLines(launch: Launch, order: FireOrder): string {
  const refs = new Map((launch.audience?.segments ?? []).map((segment) => [segment.id, segment]));
  const byPlatform = { ios: 0, android: 0 };
  const lines = order.shown.segments.map(({ segment, attempt }) => {
    const ref = refs.get(segment);
    const devices = remainingDevices(launch, segment);
    if (ref !== undefined) byPlatform[ref.platform] += devices;
    return `\`${segment}\`  ${ref === undefined ? '' : `${platformName[ref.platform]}  `}${count(devices)}${attempt === 1 ? '' : `  attempt ${attempt}: only what was not sent`}`;
  });
  return fit([`*iOS ${count(byPlatform.ios)} · Android ${count(byPlatform.android)}*`, ...lines], 1_800);
}

function forecastText(launch: Launch, order: FireOrder): string {
  const plan = forecast(launch, order.shown.segments);
  const parts = PLATFORMS.flatMap((platform) => {
    const part = plan[platform];
    if (part === null) return [];
    const late = part.lateDevices === 0 ? '' : `, *${count(part.lateDevices)} of them too late*`;
    return [`${platformName[platform]} ${part.durationMs === null ? 'as fast as the workers can' : `in ${span(part.durationMs)}`}${late}`];
  });
  return `forecast: ${parts.join(' · ')}`;
}

function outcome(launch: Launch, order: FireOrder, what: string, asker: string): Message {
  const line = outcomeText(launch, order);
  return {
    text: `Fire order ${order.id}: ${line}`,
    blocks: [
      section(`*Fire order* · ${what} · ${plural(order.devices, 'device')}\n${line}`),
      context(`asked by ${asker} ${stamp(order.requestedAtMs)} · content \`${short(order.shown.contentHash)}\` · audience \`${short(order.shown.audienceHash)}\` · order \`${safe(order.id, 60)}\``),
    ],
  };
}

/** What became of an order, in one line of mrkdwn. An open order past its expiry counts as expired: nobody can press it any more. */
export function outcomeText(launch: Launch, order: FireOrder): string {
  switch (order.state) {
    case 'approved': {
      const shot = Object.values(launch.shots).find((one) => one.orderId === order.id);
      if (shot === undefined) return ':rocket: approved';
      const red = shot.redGates.length === 0 ? '' : `, in spite of ${shot.redGates.map((gate) => safe(gate.gate, 40)).join(', ')}`;
      return `:rocket: *GO* by *${nameOf(launch, shot.approvedBy)}* ${timeOfDay(shot.pressedAtMs)}${red}: shot \`${safe(shot.id, 60)}\``;
    }
    case 'declined': return ':no_entry_sign: declined; nothing was sent';
    case 'expired': return ':hourglass: expired without a second person; nothing was sent';
    case 'void': return `:wastebasket: void: ${safe(order.voidedBy ?? 'something that it showed has changed', 200)}; nothing was sent. Ask again with \`/go fire\`.`;
    case 'open': return ':hourglass: expired without a second person; nothing was sent';
    default: {
      const unknown: never = order.state;
      throw new Error(`ORDER_STATE_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}
