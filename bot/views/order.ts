import type { KnownBlock } from '@slack/types';
import { forecast } from '../../runbooks/launch/forecast.ts';
import { PLATFORMS, type Platform, type SegmentAttempt } from '../../runbooks/launch/entries.ts';
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
  const what = segmentsText(launch, order.shown.segments);
  const asker = nameOf(launch, order.requestedBy);
  if (order.state !== 'open' || isExpired(order, nowMs)) return outcome(launch, order, what, asker);

  const turned = gates.filter((gate) => gate.status === 'red' || gate.status === 'unknown');
  const decline = button(ACTION.decline, 'Decline', { launchId: launch.id, orderId: order.id });
  const platforms = PLATFORMS.filter((platform) => refsOf(launch, order.shown.segments, platform).length > 0);
  const isHalted = launch.halt.active && order.lifts !== launch.halt.epoch;
  const lifts = order.lifts === null ? '' : `\n:warning: This GO also *lifts the halt* (${order.lifts}).`;
  const blocks: KnownBlock[] = [
    header(`Fire order: ${count(order.devices)} devices`),
    section(
      `*${asker}* asks to send *${what}* to *${plural(order.devices, 'device')}*.\nA second person presses GO: ${peopleWith(launch, ['on-call', 'marketer'], order.requestedBy)}.${lifts}`,
      decline, `decline:${order.id}`,
    ),
    section(platforms.map((platform) => platformLine(launch, order, platform)).join('\n')),
    // How many devices hold a locale is known of the whole audience only.
    ...contentSections(launch.campaign, launch.audience?.locales ?? {}, order.devices === launch.audience?.devices),
    context(
      `content \`${short(order.shown.contentHash)}\` · audience \`${short(order.shown.audienceHash)}\`${order.shown.skipListHash === null ? '' : ` · skip list \`${short(order.shown.skipListHash)}\``} · order \`${safe(order.id, 60)}\``,
      `${forecastText(launch, order)} · late after ${platforms.map((platform) => `${span(order.shown.notAfterMs[platform])} (${platformName[platform]})`).join(', ')}${order.shown.uncertain === 'resend' ? ' · uncertain devices get it again' : ''}`,
    ),
  ];
  if (turned.length > 0) blocks.push(section(`:red_circle: *Turned since the order was asked for*\n${fit(turned.map(gateText), 1_500)}`));
  if (isHalted) blocks.push(section(':octagonal_sign: *Everything is halted.* GO works again once two people have lifted it: `/go resume`.'));
  blocks.push(
    actions(`go:${order.id}`, [button(ACTION.go, goLabel(turned, isHalted), { launchId: launch.id, orderId: order.id, shownHash: order.shownHash }, turned.length > 0 || isHalted ? 'danger' : 'primary')]),
    context(`Expires ${timeOfDay(order.expiresAtMs)}. GO sends at once, there is no second question.`),
  );
  return message(`${asker} asks to fire ${what} to ${count(order.devices)} devices: a second person presses GO`, blocks);
}

function goLabel(turned: readonly GateLine[], isHalted: boolean): string {
  if (isHalted) return ':no_entry: GO is blocked: halted';
  const hard = turned.filter((gate) => gate.hard);
  if (hard.length > 0) return `:no_entry: GO is blocked: ${hard.map((gate) => gate.id).join(', ')}`;
  return turned.length === 0 ? ':large_green_square: GO' : `:large_green_square: GO anyway, ${turned.length} red`;
}

const gateText = (gate: GateLine): string =>
  `• *${safe(gate.title, 120)}*${gate.hard ? ' (hard: blocks the press)' : ''}: ${gate.status === 'unknown' ? 'unknown, ' : ''}${safe(gate.say, 200)}`;

/** More segments than this are counted, not named. */
const NAMED_SEGMENTS = 3;

/** What an order or a shot is for: `us-ios, de-ios`, `all 7 iOS segments`, `all 14 segments (5 of them: only what was not sent)`. */
export function segmentsText(launch: Launch, segments: readonly SegmentAttempt[]): string {
  const again = segments.filter(({ attempt }) => attempt > 1).length;
  const rest = again === 0 ? '' : ` (${again === segments.length ? '' : `${again} of them: `}only what was not sent)`;
  if (segments.length <= NAMED_SEGMENTS) return `${segments.map(({ segment }) => safe(segment, 60)).join(', ')}${rest}`;
  const all = launch.audience?.segments ?? [];
  const platform = PLATFORMS.find((one) => refsOf(launch, segments, one).length === segments.length);
  const ofPlatform = all.filter((segment) => segment.platform === platform).length;
  const isAll = segments.length === (platform === undefined ? all.length : ofPlatform);
  return `${isAll ? 'all ' : ''}${segments.length}${platform === undefined ? '' : ` ${platformName[platform]}`} segments${rest}`;
}

function refsOf(launch: Launch, segments: readonly SegmentAttempt[], platform: Platform): { id: string; attempt: number; devices: number }[] {
  const attempts = new Map(segments.map(({ segment, attempt }) => [segment, attempt]));
  return (launch.audience?.segments ?? []).flatMap(({ id, platform: own }) => {
    const attempt = attempts.get(id);
    return own !== platform || attempt === undefined ? [] : [{ id, attempt, devices: remainingDevices(launch, id) }];
  });
}

/** One line a platform, biggest segment first: however many there are, GO stays on screen. */
const SEGMENTS_SHOWN = 16;

function platformLine(launch: Launch, order: FireOrder, platform: Platform): string {
  const refs = refsOf(launch, order.shown.segments, platform).toSorted((a, b) => b.devices - a.devices);
  // Under its platform `us-ios` is `us`, if all are named that way.
  const isMixed = order.shown.segments.some(({ attempt }) => attempt === 1);
  const suffix = refs.every(({ id }) => id.endsWith(`-${platform}`)) ? platform.length + 1 : 0;
  const shown = refs.slice(0, SEGMENTS_SHOWN).map(({ id, attempt, devices }) => `${safe(suffix === 0 ? id : id.slice(0, -suffix), 40)}\u00a0${count(devices)}${isMixed && attempt > 1 ? ' (again)' : ''}`);
  return `*${platformName[platform]} ${count(refs.reduce((sum, { devices }) => sum + devices, 0))}*:  ${shown.join(' · ')}${refs.length > shown.length ? ` … and ${refs.length - shown.length} more` : ''}`;
}

/** Here only the pace is known, not what the workers can do: it says how soon at the earliest, and below some seconds it is not what matters. */
const PACE_MATTERS_MS = 5_000;

function forecastText(launch: Launch, order: FireOrder): string {
  const plan = forecast(launch, order.shown.segments);
  const parts = PLATFORMS.flatMap((platform) => {
    const part = plan[platform];
    if (part === null) return [];
    const late = part.lateDevices === 0 ? '' : `, *${count(part.lateDevices)} of them too late*`;
    return [`${platformName[platform]} ${part.durationMs === null || part.durationMs < PACE_MATTERS_MS ? 'as fast as the workers can' : `in ${span(part.durationMs)} at the earliest, by its pace`}${late}`];
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
