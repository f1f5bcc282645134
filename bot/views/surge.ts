import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { paceThatFits, rehearsedPushes, surgeNumbers, surgeOf, unknownText } from '../../runbooks/launch/surge.ts';
import type { FleetSurge, Surge } from '../../runbooks/launch/surge.ts';
import { SURGE_HEAD } from '../../runbooks/typed/surge-lines.ts';
import { ACTION, VIEW } from '../action-ids.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { initial, input, plain } from './modals.ts';
import { nameOf } from './names.ts';
import { count, fit, plural, safe, stamp } from './words.ts';

/** What a push brings upon the servers, in words. */

export function forecastMessage(launch: Launch): Message {
  const surge = surgeOf(launch, 'all');
  if (surge === null)
    return message('No forecast yet', [
      section(
        ':grey_question: *No forecast yet.* The runbook has no `surge`, and nobody has entered figures: how many people open the push, and what that asks of each fleet.',
      ),
      ...rehearsedBlock(launch),
      ...enterButton(launch),
    ]);
  const short = surge.fleets.filter(({ isShort }) => isShort);
  const unknown = unknownText(surge);
  const title = titleOf(short.length, unknown !== null);
  return message(title, [
    header(title),
    section(
      `*${surge.perSecond === null ? 'An unknown number of' : count(surge.perSecond)} pushes a second* at the peak, by the pace that holds now${openText(launch)}.${unknown === null ? '' : `\n:white_circle: ${safe(unknown, 600)}.`}`,
    ),
    section(fit(surge.fleets.map(fleetText))),
    ...fitsBlock(surge, short),
    ...rehearsedBlock(launch),
    ...enterButton(launch),
    context(sourceText(launch)),
  ]);
}

/** What divides a monitor's count into requests a push, and whether it went faster than anybody has entered. */
function rehearsedBlock(launch: Launch): KnownBlock[] {
  const rehearsed = rehearsedPushes(launch);
  if (rehearsed === null) return [];
  const { rehearsal, endedAtMs, accepted, bestSecond } = rehearsed;
  const entered = surgeNumbers(launch)?.unpacedPerSecond ?? null;
  const faster =
    entered !== null && bestSecond > entered
      ? ` :warning: That is more than the ${count(entered)} that are entered for a platform without a pace; the form begins with it.`
      : '';
  return [
    section(
      `*Rehearsal \`${safe(rehearsal, 80)}\`*, ended ${stamp(endedAtMs)}: *${plural(accepted, 'push', 'pushes')}* accepted, ${count(bestSecond)} in its best second.${faster} What a fleet was asked for then beyond the usual, divided by ${count(accepted)}, is its requests a push.`,
    ),
  ];
}

function titleOf(short: number, isUnknown: boolean): string {
  if (short > 0) return `${plural(short, 'fleet is', 'fleets are')} too small for the push`;
  return isUnknown ? 'Not known yet what the push brings' : 'Every fleet can take the push';
}

function openText(launch: Launch): string {
  const rate = surgeNumbers(launch)?.openRate ?? null;
  return rate === null ? '' : `, opened at once by ${count(rate * 100)} %`;
}

function fleetText({ title, needed, takes, units, has, isShort, perPush, fits }: FleetSurge): string {
  const sign = isShort ? ':red_circle:' : needed === null || takes === null ? ':white_circle:' : ':large_green_circle:';
  const asks = perPush === null ? 'what a push asks of it is not known' : `${count(perPush)} requests a push`;
  const load = needed === null ? '' : `, *${count(Math.ceil(needed))} a second*`;
  const room =
    takes === null ? `${count(has)} units, what one takes is not known` : `${count(has)} units take ${count(takes)}`;
  const wants = isShort ? `; *${count(units ?? 0)} units are needed*` : '';
  const bears = fits === null || fits === Number.POSITIVE_INFINITY ? '' : `; it bears ${count(fits)} pushes a second`;
  return `${sign} *${safe(title, 80)}*: ${asks}${load}; ${room}${wants}${bears}`;
}

function fitsBlock(surge: Surge, short: readonly FleetSurge[]): KnownBlock[] {
  if (short.length === 0) return [];
  const scale = short.map(({ target, units }) => `\`/go scale ${target} ${units ?? 0}\``);
  return [
    section(
      `*What would fit*: ${count(paceThatFits(surge) ?? 0)} pushes a second in all (\`/go pace ios …\`, \`/go pace android …\`), or ${scale.join(' and ')}.`,
    ),
  ];
}

/** One line for the board and an order; null while nothing is short. */
export function surgeLine(launch: Launch, segments: readonly string[] | 'all'): string | null {
  const surge = surgeOf(launch, segments);
  const short = surge?.fleets.filter(({ isShort }) => isShort) ?? [];
  if (surge === null || short.length === 0) return null;
  const fleets = short.map(({ title, units, has }) => `${safe(title, 60)} ${count(has)} of ${count(units ?? 0)} units`);
  return `:red_circle: too small for the push: ${fit(fleets, 400).replaceAll('\n', ', ')}; ${count(paceThatFits(surge) ?? 0)} pushes a second would fit (\`/go forecast\`)`;
}

function enterButton(launch: Launch): KnownBlock[] {
  return launch.closed
    ? []
    : [actions('surge', [button(ACTION.askSurge, 'Enter what was measured', { launchId: launch.id })])];
}

function sourceText(launch: Launch): string {
  const { surge } = launch;
  return surge === null
    ? 'By the numbers of the runbook; nothing was measured yet.'
    : `Measured: ${safe(surge.source, 200)}, entered by ${nameOf(launch, surge.by)} ${stamp(surge.atMs)}. What was not measured is the runbook's.${surge.unconfirmed === true ? ' *On-call has not confirmed it*: whoever is on call looks, and enters it again.' : ''}`;
}

/** A field takes 3,000 characters. */
const FLEETS_SHOWN = 40;

/** It went that fast at least; where nobody has entered anything, too few devices must not become the figure. */
function unpacedInput(launch: Launch): InputBlock {
  const rehearsed = rehearsedPushes(launch);
  const entered = surgeNumbers(launch)?.unpacedPerSecond ?? null;
  const fastest = entered === null ? undefined : String(Math.max(entered, rehearsed?.bestSecond ?? 0));
  return input(
    'unpaced',
    'Pushes a second where no pace holds them back',
    { type: 'plain_text_input', action_id: 'value', max_length: 20, ...initial(fastest) },
    {
      optional: true,
      ...(rehearsed === null ? {} : { hint: `${count(rehearsed.bestSecond)} in the best second of the rehearsal.` }),
    },
  );
}

/** Figures that were measured, over those that hold now. A line a fleet can be pasted from a sheet. */
export function surgeModal(launch: Launch, channelId: string): ModalView {
  const numbers = surgeNumbers(launch);
  const rehearsed = rehearsedPushes(launch);
  const isNew = rehearsed !== null && rehearsed.endedAtMs > (launch.surge?.atMs ?? 0);
  const targets = launch.runbook.scale_targets.map(({ id }) => id);
  const lines = (numbers?.fleets ?? [])
    .slice(0, FLEETS_SHOWN)
    .map(({ target, perOpen, perDelivery, perUnit }) => [target, perOpen ?? '', perDelivery, perUnit ?? ''].join(','));
  return {
    type: 'modal',
    callback_id: VIEW.surge,
    title: plain('What was measured'),
    submit: plain('Enter'),
    close: plain('Cancel'),
    private_metadata: JSON.stringify({ launchId: launch.id, channelId }),
    blocks: [
      input('source', 'Where the figures are from', {
        type: 'plain_text_input',
        action_id: 'value',
        max_length: 200,
        placeholder: plain('load balancer, rehearsal of 3 February'),
        ...initial(isNew ? `rehearsal ${rehearsed.rehearsal}` : undefined),
      }),
      input(
        'open',
        'How many open it at once, in percent',
        {
          type: 'plain_text_input',
          action_id: 'value',
          max_length: 12,
          ...initial(numbers?.openRate == null ? undefined : String(Number((numbers.openRate * 100).toFixed(4)))),
        },
        { optional: true, hint: '4.5 is 4.5 %.' },
      ),
      unpacedInput(launch),
      input(
        'fleets',
        'A line for each fleet, as CSV',
        {
          type: 'plain_text_input',
          action_id: 'value',
          multiline: true,
          max_length: 3_000,
          initial_value: [SURGE_HEAD, ...lines].join('\n'),
        },
        {
          optional: true,
          hint: `Requests of an open and of a delivery, and requests a second that one unit takes. Fleets: ${targets.join(', ')}. Empty: not measured.`,
        },
      ),
    ],
  };
}
