import type { KnownBlock } from '@slack/types';
import { COPY_GATE } from '../../runbooks/launch/copy-doubts.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { forecast, paceOf } from '../../runbooks/launch/forecast.ts';
import type { FireOrder, GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { isMeasuredAgain } from '../../runbooks/launch/moment.ts';
import { takenBack } from '../../runbooks/launch/order-words.ts';
import { isExpired } from '../../runbooks/launch/remaining.ts';
import { paceSwitch } from '../../runbooks/launch/switches.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { ACTION } from '../action-ids.ts';
import { armedSection, heldText, measuredThen, momentAhead, pressText } from './armed.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import { contentTexts } from './content.ts';
import { earlyBlocks } from './market-moments.ts';
import type { Message } from './message.ts';
import { goBy, actorOf, mentionsOf, nameOf, platformName, switchState } from './names.ts';
import { rehearsalBanner } from './rehearsal.ts';
import { renewalBlocks } from './renewal.ts';
import { refsOf, segmentsText, shotSegments } from './segments-text.ts';
import { surgeLine } from './surge.ts';
import { splitLines } from './variants.ts';
import { clockOf, count, fit, plural, safe, short, span, stamp, timeOfDay } from './words.ts';

/**
 * The message that asks for the second person. While the order is open it carries one GO button (instant, no
 * dialog) and, apart from it, Decline; afterwards the outcome and no buttons. `gates` are the lines of now, for
 * the order's segments; what isn't green or waived has turned since the order was asked for.
 */
export function orderMessage(launch: Launch, order: FireOrder, gates: readonly GateLine[], nowMs: number): Message {
  const what = segmentsText(launch, order.shown.segments);
  const asker = nameOf(launch, order.requestedBy);
  if (order.state === 'armed') return outcome(launch, order, what, asker, armedSection(launch, order, nowMs));
  if (order.state !== 'open' || isExpired(order, nowMs)) return outcome(launch, order, what, asker);

  const red = gates.filter((gate) => gate.status === 'red' || gate.status === 'unknown');
  const atMs = momentAhead(order);
  // With a moment ahead, what is measured again then need not be green now.
  const turned = red.filter((gate) => atMs === null || !isMeasuredAgain(gate));
  const decline = button(ACTION.decline, 'Decline', { launchId: launch.id, orderId: order.id });
  const platforms = platformsOf(launch, order);
  const isHalted = launch.halt.active && order.lifts !== launch.halt.epoch;
  const lifts = order.lifts === null ? '' : `\n:warning: This GO also *lifts the halt* (${order.lifts}).`;
  const banner = rehearsalBanner(launch);
  const blocks: KnownBlock[] = [
    header(`${launch.rehearses === null ? 'Fire order' : 'REHEARSAL, fire order'}: ${count(order.devices)} devices`),
    ...(banner === null ? [] : [banner]),
    section(
      `*${asker}* asks to send *${what}* to *${plural(order.devices, 'device')}*${atMs === null ? '' : `, by itself ${stamp(atMs)}`}.\nA second person ${atMs === null ? 'presses GO' : 'arms it'}: ${mentionsOf(launch, 'approve-fire', order.requestedBy)}${lifts}`,
      decline,
      `decline:${order.id}`,
    ),
    section(
      [...platforms.map((platform) => platformLine(launch, order, platform)), ...splitOf(launch, order)].join('\n'),
    ),
    ...earlyBlocks(launch, order, nowMs),
    ...textBlocks(launch, order),
    ...haltedBefore(launch, order),
    ...gates
      .filter(({ id, status }) => id === COPY_GATE.id && status === 'green')
      .map(({ say }) => section(`:warning: This looks unfinished and goes out exactly so: ${safe(say, 600)}`)),
    ...waivedBlock(gates),
    section(howItGoesOut(launch, order)),
    context(hashesText(order)),
    ...measuredThen(order, red),
    ...heldText(order),
  ];
  if (turned.length > 0)
    blocks.push(section(`:red_circle: *Turned since the order was asked for*\n${fit(turned.map(gateText), 1_500)}`));
  if (isHalted) blocks.push(section(HALTED_NOW));
  blocks.push(
    actions(`go:${order.id}`, [
      button(
        ACTION.go,
        goLabel(turned, isHalted, atMs),
        { launchId: launch.id, orderId: order.id, shownHash: order.shownHash },
        turned.length > 0 || isHalted ? 'danger' : 'primary',
      ),
    ]),
    context(pressText(order)),
    ...renewalBlocks(launch, order, nowMs),
  );
  return message(
    `${asker} asks to fire ${what} to ${count(order.devices)} devices: a second person ${atMs === null ? 'presses GO' : 'arms it'}`,
    blocks,
  );
}

const HALTED_NOW =
  ':octagonal_sign: *Everything is halted.* GO works again once two people have lifted it: `/go resume`.';

/** Who presses knows what is let pass. */
function waivedBlock(gates: readonly GateLine[]): KnownBlock[] {
  const waived = gates.filter(({ status }) => status === 'waived');
  return waived.length === 0 ? [] : [section(`:large_yellow_circle: *Waived*\n${fit(waived.map(gateText), 1_000)}`)];
}

function goLabel(turned: readonly GateLine[], isHalted: boolean, atMs: number | null): string {
  if (isHalted) return ':no_entry: GO is blocked: halted';
  const hard = turned.filter((gate) => gate.hard);
  // Slack cuts labels at some 30 characters (docs/facts.md#slack-block-limits); which gates these are stands above it.
  if (hard.length > 0)
    return `:no_entry: GO is blocked: ${hard.length === 1 && (hard[0]?.id.length ?? 0) <= 14 ? (hard[0]?.id ?? '') : plural(hard.length, 'hard gate')}`;
  if (atMs !== null) return `:alarm_clock: ARM for ${clockOf(atMs)} UTC`;
  return turned.length === 0 ? ':large_green_square: GO' : `:large_green_square: GO anyway, ${turned.length} red`;
}

const gateText = (gate: GateLine): string =>
  `• *${safe(gate.title, 120)}*${gate.hard ? ' (hard: blocks the press)' : ''}: ${gate.status === 'unknown' ? 'unknown, ' : ''}${safe(gate.say, 200)}`;

const platformsOf = (launch: Launch, order: FireOrder): Platform[] =>
  PLATFORMS.filter((platform) => refsOf(launch, order.shown, platform).length > 0);

/** The texts that this order shows: of a shot those that were sent. Null: they were changed since, and nothing of them was sent. */
export function campaignOf(launch: Launch, order: FireOrder): Campaign | null {
  const shot = Object.values(launch.shots).find((one) => one.orderId === order.id);
  if (shot !== undefined) return shot.campaign;
  return launch.contentHash === order.shown.contentHash ? launch.campaign : null;
}

/** What exactly these segments get, and how many of them; whole texts, or the way to them. */
function textBlocks(launch: Launch, order: FireOrder): KnownBlock[] {
  if (order.shown.silent === true)
    return [section('Nothing of the texts goes out: the app is woken, and shows nothing.')];
  const campaign = campaignOf(launch, order);
  if (campaign === null) return [context('Its texts were changed since and were never sent; `/go timeline` has them.')];
  const devices = devicesPerText(campaign, launch.audience, order.shown.segments);
  const { sections, shortened } = contentTexts(campaign, devices);
  const again = order.shown.segments.some(({ attempt }) => attempt > 1);
  const notes = [
    ...(devices === null
      ? [
          'How many devices of these segments read each language is not known: the audience was compiled by an older version.',
        ]
      : []),
    ...(again && devices !== null
      ? ['Counts per language are of the whole segments; only what was not sent goes out.']
      : []),
  ];
  return [
    ...sections,
    ...(notes.length === 0 ? [] : [context(...notes)]),
    ...(shortened
      ? [
          section(
            'Some texts are shortened here.',
            button(ACTION.readTexts, 'Read every text', { launchId: launch.id, orderId: order.id }),
            `texts:${order.id}`,
          ),
        ]
      : []),
  ];
}

/** Somebody stopped exactly these texts: whoever presses knows it, since what was wrong with them may be so still. */
function haltedBefore(launch: Launch, { shown }: FireOrder): KnownBlock[] {
  if (shown.silent === true) return [];
  const halted = Object.values(launch.shots).findLast(
    (shot) => shot.haltedAtMs !== null && shot.shown.contentHash === shown.contentHash,
  );
  if (halted === undefined) return [];
  return [
    section(
      `:warning: *These are the texts of \`${safe(halted.id, 60)}\`, which was halted.* If they were why, \`/go campaign\` changes them before anybody presses.`,
    ),
  ];
}

const hashesText = ({ id, shown }: FireOrder): string =>
  `content \`${short(shown.contentHash)}\` · audience \`${short(shown.audienceHash)}\`${shown.skipListHash === null ? '' : ` · skip list \`${short(shown.skipListHash)}\``} · order \`${safe(id, 60)}\``;

/** By the audience that was sent, or would be. */
function splitOf(launch: Launch, order: FireOrder): string[] {
  const shot = Object.values(launch.shots).find((one) => one.orderId === order.id);
  return splitLines(shot?.audience ?? launch.audience, order.shown.segments);
}

/** One line a platform, biggest segment first: however many there are, GO stays on screen. */
const SEGMENTS_SHOWN = 16;

function platformLine(launch: Launch, order: FireOrder, platform: Platform): string {
  const refs = refsOf(launch, order.shown, platform).toSorted((a, b) => b.devices - a.devices);
  // Under its platform `us-ios` is `us`, if all are named that way.
  const isMixed = order.shown.segments.some(({ attempt }) => attempt === 1);
  const suffix = refs.every(({ id }) => id.endsWith(`-${platform}`)) ? platform.length + 1 : 0;
  const shown = refs
    .slice(0, SEGMENTS_SHOWN)
    .map(
      ({ id, attempt, devices }) =>
        `${safe(suffix === 0 ? id : id.slice(0, -suffix), 40)}\u00a0${count(devices)}${isMixed && attempt > 1 ? ' (again)' : ''}`,
    );
  return `*${platformName[platform]} ${count(refs.reduce((sum, { devices }) => sum + devices, 0))}*:  ${shown.join(' · ')}${refs.length > shown.length ? ` … and ${refs.length - shown.length} more` : ''}`;
}

/** Here only the pace is known, not what the workers can do: it says how soon at the earliest, and below some seconds it matters only if a person has set it. */
const PACE_MATTERS_MS = 5_000;

/** Everything besides text and segments that shapes this shot: pace with the time that follows, limits, and switches, each with who set it. */
function howItGoesOut(launch: Launch, order: FireOrder): string {
  const lines = platformsOf(launch, order).map((platform) => paceLine(launch, order, platform));
  const others = Object.entries(launch.switches).filter(
    ([id, { value }]) => !id.startsWith('pace.') && value !== false,
  );
  const set = others.map(([id, standing]) => `${switchState(id, standing.value)} (set by ${whoSet(launch, standing)})`);
  const resent = order.shown.uncertain === 'resend' ? ['Uncertain devices of an earlier attempt get it again.'] : [];
  const surge = surgeLine(
    launch,
    order.shown.segments.map(({ segment }) => segment),
  );
  if (surge !== null && (order.state === 'open' || order.state === 'armed')) lines.push(surge);
  return [...lines, ...(set.length === 0 ? [] : [`Switches: ${fit(set, 700).replaceAll('\n', ', ')}`]), ...resent].join(
    '\n',
  );
}

/** Who has set a switch, and that it is left from an earlier shot. */
function whoSet(launch: Launch, { by, seq }: Launch['switches'][string]): string {
  const earlier = Object.values(launch.shots).find(({ approvedSeq }) => approvedSeq > seq);
  return `${actorOf(launch, by)}${earlier === undefined ? '' : ` before ${shotSegments(launch, earlier)} went out`}`;
}

function paceLine(launch: Launch, order: FireOrder, platform: Platform): string {
  const part = forecast(
    launch,
    refsOf(launch, order.shown, platform).map(({ id: segment, devices }) => ({ segment, devices })),
  )[platform];
  const { perSecond, rampMs } = paceOf(launch, platform);
  const standing = launch.switches[paceSwitch(platform)];
  const isSet = typeof standing?.value === 'number' && standing.value > 0;
  const late =
    part === null || part.lateDevices === 0 ? '' : ` *${count(part.lateDevices)} of them would be too late.*`;
  const whose = isSet ? `pace set by ${whoSet(launch, standing)}` : "the runbook's pace";
  const ms = part?.durationMs ?? null;
  const how =
    ms === null || (!isSet && ms < PACE_MATTERS_MS)
      ? `as fast as the workers can${perSecond === 0 ? '' : `, at most ${count(perSecond)}/s (${whose})`}`
      : `${span(ms)}${rampMs === 0 ? ` at ${count(perSecond)}/s` : `, rising to ${count(perSecond)}/s within ${span(rampMs)}`} (${whose})`;
  return `*${platformName[platform]}*: ${how} · late after ${span(order.shown.notAfterMs[platform])}${late}`;
}

/** Texts and segments stay: what was sent is read in the room, not looked for. */
function outcome(launch: Launch, order: FireOrder, what: string, asker: string, next?: KnownBlock): Message {
  const line = outcomeText(launch, order);
  const sent =
    order.state === 'approved'
      ? [
          section(
            platformsOf(launch, order)
              .map((platform) => platformLine(launch, order, platform))
              .concat(splitOf(launch, order))
              .join('\n'),
          ),
        ]
      : [];
  return message(`Fire order ${order.id}: ${line}`, [
    section(`*Fire order* · ${what} · ${plural(order.devices, 'device')}${next === undefined ? `\n${line}` : ''}`),
    // What goes by itself says all that shapes it, until it has gone.
    ...(next === undefined ? [] : [next, section(howItGoesOut(launch, order))]),
    ...sent,
    ...textBlocks(launch, order),
    context(`asked by ${asker} ${stamp(order.requestedAtMs)}`, hashesText(order)),
  ]);
}

/** What became of an order, in one line of mrkdwn. An open order past its expiry counts as expired: nobody can press it any more. */
export function outcomeText(launch: Launch, order: FireOrder): string {
  switch (order.state) {
    case 'approved': {
      const shot = Object.values(launch.shots).find((one) => one.orderId === order.id);
      if (shot === undefined) return ':rocket: approved';
      const red =
        shot.redGates.length === 0
          ? ''
          : `, in spite of ${shot.redGates.map((gate) => safe(gate.gate, 40)).join(', ')}`;
      return `:rocket: *GO* ${goBy(launch, shot, '*')} ${timeOfDay(shot.pressedAtMs)}${red}: shot \`${safe(shot.id, 60)}\``;
    }
    case 'armed':
      return `:alarm_clock: armed${order.armed === null ? '' : ` by *${nameOf(launch, order.armed.by)}*`}, goes by itself ${stamp(order.shown.moment?.atMs ?? order.expiresAtMs)}`;
    case 'declined':
      return `:no_entry_sign: ${takenBack(order)}; nothing was sent`;
    case 'expired':
      return ':hourglass: expired without a second person; nothing was sent';
    case 'void':
      return `:wastebasket: void: ${safe(order.voidedBy ?? 'something that it showed has changed', 200)}; nothing was sent.${launch.stoodDown === null && !launch.closed ? ' Ask again with `/go fire`.' : ''}`;
    case 'open':
      return ':hourglass: expired without a second person; nothing was sent';
    default: {
      const unknown: never = order.state;
      throw new Error(`ORDER_STATE_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}
