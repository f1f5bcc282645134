import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { copyDoubts } from '../../runbooks/launch/copy-doubts.ts';
import { figureText } from '../../runbooks/launch/gate-figures.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { PAYLOAD_LIMIT_BYTES, payloadSizes } from '../../runbooks/launch/payload.ts';
import { textAt, writtenText } from '../../runbooks/launch/variants.ts';
import { campaignFaults } from '../../runbooks/playbook/campaign-rules.ts';
import type { Campaign, Gate } from '../../runbooks/playbook/schema.ts';
import { ACTION, VIEW } from '../action-ids.ts';
import { actions, button, context, section } from './blocks.ts';
import { platformName } from './names.ts';
import { clip, count, fit, oneLine, safe, short } from './words.ts';

/** Modals: title, submit and close at most 24 characters, 100 blocks, `private_metadata` 3,000. */

export const plain = (text: string) => ({ type: 'plain_text' as const, text: clip(text, 150), emoji: true });

export function input(
  blockId: string,
  label: string,
  element: InputBlock['element'],
  more: { hint?: string; optional?: boolean } = {},
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label),
    element,
    ...(more.hint === undefined ? {} : { hint: plain(more.hint) }),
    ...(more.optional === undefined ? {} : { optional: more.optional }),
  };
}

/** Blocks are named after their field; every element's action id is `value`. */
export function createModal(
  listed: readonly { id: string; title: string; problem?: string | null }[],
  channelId: string,
  nowMs: number,
): ModalView {
  const base = { type: 'modal' as const, title: plain('New launch'), close: plain('Cancel') };
  const bad = listed.flatMap(({ problem }) => (problem == null ? [] : [`• ${safe(problem, 300)}`]));
  const problems =
    bad.length === 0 ? [] : [section(`:warning: *With problems, so not to choose here*\n${fit(bad, 2_500)}`)];
  // Slack takes 100 options (docs/facts.md#slack-block-limits); any other can be typed.
  const good = listed.filter(({ problem }) => problem == null);
  const runbooks = good.slice(0, 100);
  const more =
    good.length > runbooks.length
      ? [context(`${good.length - runbooks.length} more runbooks don't fit here: \`/go create NAME in 2h\``)]
      : [];
  if (listed.length === 0)
    return {
      ...base,
      blocks: [section('There is no runbook in the folder that the bot reads (`GOBUTTON_RUNBOOKS`).')],
    };
  if (runbooks.length === 0)
    return {
      ...base,
      blocks: [
        section('There is no runbook that can be used in the folder that the bot reads (`GOBUTTON_RUNBOOKS`).'),
        ...problems,
      ],
    };
  const options = runbooks.map((one) => ({
    text: plain(clip(`${one.title} (${one.id})`, 75)),
    value: clip(one.id, 75),
  }));
  const inTwoHours = Math.ceil((nowMs + 7_200_000) / 300_000) * 300;
  return {
    ...base,
    callback_id: VIEW.create,
    private_metadata: JSON.stringify({ channelId }),
    submit: plain('Create'),
    blocks: [
      section('This channel becomes the war room. Nothing is sent by creating a launch.'),
      input('runbook', 'Runbook', {
        type: 'static_select',
        action_id: 'value',
        options,
        ...(options[0] === undefined ? {} : { initial_option: options[0] }),
      }),
      input(
        'name',
        'Name',
        { type: 'plain_text_input', action_id: 'value', max_length: 120, placeholder: plain('as the runbook says') },
        { optional: true },
      ),
      input(
        'target',
        'Target',
        { type: 'datetimepicker', action_id: 'value', initial_date_time: inTwoHours },
        { hint: 'The earliest moment of the event, on your own clock. Steps count from it; nothing fires by itself.' },
      ),
      input(
        'compress',
        'Compress',
        { type: 'plain_text_input', action_id: 'value', initial_value: '1', max_length: 12 },
        { hint: '1 is real time. For a rehearsal 24 makes an hour of a day.' },
      ),
      ...more,
      ...problems,
    ],
  };
}

/** With more locales than this, the ones to edit are named: `/go campaign de fr`. */
export const CAMPAIGN_LOCALES = 20;

/** Edits the texts of these locales; with `preview`, what people would see and how many bytes it takes. */
export function campaignModal(
  launch: Launch,
  locales: readonly string[],
  channelId: string,
  preview: Campaign | null,
): ModalView {
  const blocks: KnownBlock[] = [
    context(`Content \`${short(launch.contentHash)}\`. Saving another text voids open orders, ticks and test copies.`),
  ];
  for (const locale of locales) {
    const text = writtenText(preview ?? launch.campaign, locale);
    blocks.push(
      input(`title:${locale}`, `${locale}: title`, {
        type: 'plain_text_input',
        action_id: 'value',
        max_length: 200,
        ...initial(text?.title),
      }),
      input(
        `subtitle:${locale}`,
        `${locale}: subtitle, on iOS alone`,
        { type: 'plain_text_input', action_id: 'value', max_length: 200, ...initial(text?.subtitle) },
        { optional: true },
      ),
      input(`body:${locale}`, `${locale}: text`, {
        type: 'plain_text_input',
        action_id: 'value',
        multiline: true,
        max_length: 3_000,
        ...initial(text?.body),
      }),
    );
  }
  blocks.push(actions('preview', [button(ACTION.previewCampaign, 'Preview', { launchId: launch.id })]));
  if (preview !== null) blocks.push(...previewBlocks(launch, preview, locales));
  return {
    type: 'modal',
    callback_id: VIEW.campaign,
    title: plain('Text of the push'),
    submit: plain('Save'),
    close: plain('Cancel'),
    private_metadata: JSON.stringify({ launchId: launch.id, channelId, contentHash: launch.contentHash }),
    blocks,
  };
}

export const initial = (text: string | undefined) => (text === undefined || text === '' ? {} : { initial_value: text });

function previewBlocks(launch: Launch, campaign: Campaign, locales: readonly string[]): KnownBlock[] {
  const sizes = payloadSizes(campaign, launch.id);
  return locales.map((locale) => {
    const text = writtenText(campaign, locale);
    const own = sizes.filter((one) => one.text === locale);
    const isTooLarge = own.some(({ bytes }) => bytes > PAYLOAD_LIMIT_BYTES);
    const size = `\n${isTooLarge ? ':no_entry: ' : ''}_${own.map(({ bytes, platform }) => `${count(bytes)} bytes on ${platformName[platform]}`).join(', ')}; providers take ${count(PAYLOAD_LIMIT_BYTES)}_`;
    const doubts = copyDoubts(campaign).filter(({ where }) => where.startsWith(`${locale} `));
    const faults = campaignFaults(campaign)
      .filter(({ path }) => textAt(campaign, path)?.text === locale)
      .map(({ found }) => `\n:no_entry: ${safe(found, 200)}`)
      .join('');
    return section(
      `:iphone: \`${safe(locale, 20)}\`\n*${safe(oneLine(text?.title ?? ''), 220)}*${text?.subtitle === undefined ? '' : `\n_${safe(oneLine(text.subtitle), 220)}_`}\n${safe(text?.body ?? '', 600)}${size}${faults}${doubts.map(({ where, found }) => `\n:warning: ${safe(`${where} has ${found}`, 200)}`).join('')}`,
    );
  });
}

/** Why an order is declined: whoever asked for it has to know what to mend. */
export function declineModal(launchId: string, orderId: string, channelId: string, what: string): ModalView {
  return {
    type: 'modal',
    callback_id: VIEW.decline,
    title: plain('Decline the order'),
    submit: plain('Decline'),
    close: plain('Keep it open'),
    private_metadata: JSON.stringify({ launchId, orderId, channelId }),
    blocks: [
      section(`The order for ${what} stays open until you press Decline here.`),
      input('reason', 'Why?', {
        type: 'plain_text_input',
        action_id: 'value',
        max_length: 400,
        placeholder: plain('the German copy has the old link'),
      }),
    ],
  };
}

/** A waiver for one gate: for whom, how bad at worst, until when, why. */
export function waiverModal(
  launch: Launch,
  gateId: string,
  channelId: string,
  line: { value: number | null; say: string },
): ModalView {
  const { value } = line;
  const gate = gateNamed(launch, gateId);
  const segments = (launch.audience?.segments ?? [])
    .slice(0, 99)
    .map((segment) => ({ text: plain(clip(segment.id, 75)), value: clip(segment.id, 75) }));
  return {
    type: 'modal',
    callback_id: VIEW.waiver,
    title: plain('Ask for a waiver'),
    submit: plain('Ask'),
    close: plain('Cancel'),
    private_metadata: JSON.stringify({ launchId: launch.id, channelId, gate: gateId }),
    blocks: [
      section(
        `*${safe(gate?.title ?? gateId, 120)}*\n${safe(line.say, 400)}\n\nAnother person grants it. It ends by itself, and when things get worse than what you name.`,
      ),
      input('reason', 'Why may it be red?', { type: 'plain_text_input', action_id: 'value', max_length: 400 }),
      input(
        'worst',
        'Worst value that you accept',
        {
          type: 'plain_text_input',
          action_id: 'value',
          max_length: 20,
          ...initial(value === null ? undefined : String(value)),
        },
        {
          optional: true,
          hint:
            value === null
              ? 'This gate has no figure now; leave it empty.'
              : `It is ${figureText(gate ?? {}, value)} now; larger is worse.`,
        },
      ),
      input(
        'until',
        'Until',
        { type: 'plain_text_input', action_id: 'value', max_length: 40, initial_value: 'in 2h' },
        { hint: 'in 2h, 23:30 UTC, 2027-02-07T23:30Z' },
      ),
      ...(segments.length === 0
        ? []
        : [
            input(
              'segments',
              'Segments',
              { type: 'multi_static_select', action_id: 'value', options: segments, placeholder: plain('all') },
              { optional: true, hint: 'None chosen: all of them.' },
            ),
          ]),
    ],
  };
}

/** The tick of a gate whose runbook asks for evidence. */
export function tickModal(
  gate: Gate,
  meta: { launchId: string; channelId: string; gate: string; contentHash?: string | undefined },
): ModalView {
  const isLink = gate.evidence === 'link';
  return {
    type: 'modal',
    callback_id: VIEW.tick,
    title: plain('Tick a gate'),
    submit: plain('Tick'),
    close: plain('Cancel'),
    private_metadata: JSON.stringify(meta),
    blocks: [
      section(`*${safe(gate.title, 120)}*${gate.help === undefined ? '' : `\n${safe(gate.help, 300)}`}`),
      input(
        'note',
        isLink ? 'Link that shows it' : 'What was found',
        { type: 'plain_text_input', action_id: 'value', max_length: 400 },
        {
          hint: isLink
            ? 'An address that begins with https://, with a word if you like.'
            : 'It stands in the record with your name.',
        },
      ),
    ],
  };
}
