import type { ActionsBlock, Button, ContextBlock, HeaderBlock, KnownBlock, SectionBlock } from '@slack/types';
import type { Message } from './message.ts';
import { clip } from './words.ts';

/** Block Kit pieces within Slack's limits (docs/facts.md#slack-block-limits). */

export function header(text: string): HeaderBlock {
  return { type: 'header', text: { type: 'plain_text', text: clip(text, 150), emoji: true } };
}

/**
 * `blockId` is needed where the accessory is a button that another section has too. Slack folds a longer text behind
 * "See more" unless it is told to expand it (docs/facts.md#slack-fold), and what
 * people decide on must not be folded.
 */
export function section(text: string, accessory?: Button, blockId?: string): SectionBlock {
  return {
    type: 'section',
    text: { type: 'mrkdwn', text: text === '' ? ' ' : clip(text, 3_000) },
    expand: true,
    ...(accessory === undefined ? {} : { accessory }),
    ...(blockId === undefined ? {} : { block_id: clip(blockId, 255) }),
  };
}

/** Up to ten short pairs side by side. */
export function fields(pairs: readonly (readonly [string, string])[]): SectionBlock {
  return {
    type: 'section',
    fields: pairs.slice(0, 10).map(([name, value]) => ({ type: 'mrkdwn', text: clip(`*${name}*\n${value}`, 2_000) })),
  };
}

export function context(...texts: string[]): ContextBlock {
  return { type: 'context', elements: texts.slice(0, 10).map((text) => ({ type: 'mrkdwn', text: clip(text, 3_000) })) };
}

export function actions(blockId: string, buttons: readonly Button[]): ActionsBlock {
  return { type: 'actions', block_id: clip(blockId, 255), elements: buttons.slice(0, 25) };
}

/** `value` travels as JSON: only ids and hashes, never content. */
export function button(
  actionId: string,
  label: string,
  value: Readonly<Record<string, string>>,
  style?: 'primary' | 'danger',
): Button {
  return {
    type: 'button',
    action_id: actionId,
    value: JSON.stringify(value),
    text: { type: 'plain_text', text: clip(label, 75), emoji: true },
    ...(style === undefined ? {} : { style }),
  };
}

/**
 * Slack refuses a message whose blocks hold more text than this together (docs/facts.md#slack-message-text), or more
 * than 50 blocks.
 */
const MESSAGE_TEXT_CHARS = 11_800;
const MESSAGE_BLOCKS = 50;
/** `chat.update` refuses text that is a little longer (docs/facts.md#slack-update-rate). */
const FALLBACK_CHARS = 3_000;

/**
 * The message as Slack takes it. Views keep their own budgets; this is for what no budget foresees: it shortens the
 * longest sections first, and never drops a button.
 */
export function message(text: string, blocks: readonly KnownBlock[]): Message {
  let kept = [...blocks];
  for (const longest of [3_000, 1_500, 800, 400, 200, 100]) {
    kept = kept.map((block) =>
      block.type === 'section' && block.text !== undefined
        ? { ...block, text: { ...block.text, text: clip(block.text.text, longest) } }
        : block,
    );
    if (textChars(kept) <= MESSAGE_TEXT_CHARS) break;
  }
  // The fallback is read as mrkdwn too: nothing foreign in it may mention anybody.
  return {
    text: clip(text.replaceAll(/<(?!!date\^)/g, '&lt;'), FALLBACK_CHARS),
    blocks: kept.slice(0, MESSAGE_BLOCKS),
  };
}

function textChars(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textChars(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, one]: [string, unknown]) =>
      sum + (key === 'text' && typeof one === 'string' ? one.length : textChars(one)),
    0,
  );
}
