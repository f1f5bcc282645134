import { describe, expect, it } from 'vitest';
import { blocksTooLong, messageBlockProblems, viewProblems } from './validate.ts';

const text = (chars: number) => 'x'.repeat(chars);
const plain = (value: string) => ({ type: 'plain_text', text: value });
const section = (value: string) => ({ type: 'section', text: { type: 'mrkdwn', text: value } });
const button = (extra: object = {}) => ({ type: 'button', text: plain('GO'), action_id: 'fire.go', ...extra });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const option = (value: string) => ({ text: plain(value), value });
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

describe('messages that Slack takes', () => {
  it.each([
    ['a section of exactly 3,000 characters', [section(text(3000))]],
    ['50 blocks', many(50, () => ({ type: 'divider' }))],
    [
      '25 buttons with a value of 2,000',
      [actions(...many(25, (i) => button({ action_id: `a${i}`, value: text(2000) })))],
    ],
    [
      'a confirm dialog',
      [
        actions(
          button({
            confirm: {
              title: plain(text(100)),
              text: { type: 'mrkdwn', text: text(300) },
              confirm: plain(text(30)),
              deny: plain(text(30)),
              style: 'danger',
            },
          }),
        ),
      ],
    ],
    [
      'a context with an image',
      [
        {
          type: 'context',
          elements: [
            { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'a' },
            { type: 'mrkdwn', text: 'b' },
          ],
        },
      ],
    ],
    [
      'a table',
      [
        {
          type: 'table',
          rows: [
            [
              { type: 'raw_text', text: 'a' },
              {
                type: 'rich_text',
                elements: [
                  { type: 'rich_text_section', elements: [{ type: 'text', text: 'b', style: { bold: true } }] },
                ],
              },
            ],
          ],
          column_settings: [{ align: 'right' }],
        },
      ],
    ],
    ['the same action id in two blocks', [actions(button()), actions(button())]],
  ])('%s', (_name, blocks) => expect(messageBlockProblems(blocks)).toEqual([]));
});

describe('messages that Slack refuses, in its words', () => {
  it.each<[string, unknown, string]>([
    ['51 blocks', many(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
    ['an unknown block', [{ type: 'banner' }], 'unsupported type: banner [json-pointer:/blocks/0/type]'],
    ['a block without a type', [{ text: 'x' }], 'missing required field: type [json-pointer:/blocks/0]'],
    [
      'an unknown field',
      [{ ...section('a'), colour: 'red' }],
      'invalid additional property: colour [json-pointer:/blocks/0]',
    ],
    [
      'a section over 3,000',
      [section(text(3001))],
      'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      'a section without text',
      [{ type: 'section' }],
      'must define either `text` or `fields` [json-pointer:/blocks/0/type]',
    ],
    [
      '11 fields',
      [{ type: 'section', fields: many(11, () => plain('x')) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    [
      'a field over 2,000',
      [{ type: 'section', fields: [plain(text(2001))] }],
      'must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]',
    ],
    [
      'a header over 150',
      [{ type: 'header', text: plain(text(151)) }],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'a header in mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'must be a valid enum value: plain_text [json-pointer:/blocks/0/text/type]',
    ],
    [
      'mrkdwn with emoji',
      [{ type: 'section', text: { type: 'mrkdwn', text: 'x', emoji: true } }],
      'invalid additional property: emoji [json-pointer:/blocks/0/text]',
    ],
    [
      'a button text over 75',
      [actions(button({ text: plain(text(76)) }))],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'a button value over 2,000',
      [actions(button({ value: text(2001) }))],
      'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      'a button with a bad url',
      [actions(button({ url: 'javascript:alert(1)' }))],
      'must be a valid url [json-pointer:/blocks/0/elements/0/url]',
    ],
    [
      'a button style',
      [actions(button({ style: 'warning' }))],
      'must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]',
    ],
    [
      'a confirm title over 100',
      [
        actions(
          button({ confirm: { title: plain(text(101)), text: plain('x'), confirm: plain('y'), deny: plain('n') } }),
        ),
      ],
      'must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]',
    ],
    [
      '26 elements',
      [actions(...many(26, (i) => button({ action_id: `a${i}` })))],
      'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'an input element in actions',
      [actions({ type: 'plain_text_input' })],
      'unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]',
    ],
    [
      '11 context elements',
      [{ type: 'context', elements: many(11, () => plain('x')) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
    ],
    ['a button in a context', [{ type: 'context', elements: [button()] }], '[json-pointer:/blocks/0/elements/0'],
    [
      '101 options',
      [actions({ type: 'static_select', options: many(101, (i) => option(`v${i}`)) })],
      'no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]',
    ],
    [
      'no options',
      [actions({ type: 'static_select', options: [] })],
      'must provide at least 1 items [json-pointer:/blocks/0/elements/0/options]',
    ],
    [
      'an option text over 75',
      [actions({ type: 'overflow', options: [option(text(76))] })],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]',
    ],
    [
      '6 overflow options',
      [actions({ type: 'overflow', options: many(6, (i) => option(`v${i}`)) })],
      'no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]',
    ],
    [
      'an initial option that is none',
      [actions({ type: 'static_select', options: [option('a')], initial_option: option('b') })],
      'could not find initial option "b"',
    ],
    [
      'a block id twice',
      [
        { ...section('a'), block_id: 'x' },
        { ...section('b'), block_id: 'x' },
      ],
      '`block_id` already exists: x [json-pointer:/blocks/1/block_id]',
    ],
    ['an action id twice in a block', [actions(button(), button())], '`action_id` "fire.go" already exists'],
    [
      'an image without alt text',
      [{ type: 'image', image_url: 'https://example.com/a.png' }],
      'missing required field: alt_text [json-pointer:/blocks/0]',
    ],
    [
      'two tables',
      many(2, () => ({ type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] })),
      'only_one_table_allowed [json-pointer:/blocks/1]',
    ],
    [
      '21 columns',
      [{ type: 'table', rows: [many(21, () => ({ type: 'raw_text', text: 'a' }))] }],
      'no more than 20 items allowed [json-pointer:/blocks/0/rows/0]',
    ],
    ['blocks that are no list', { type: 'section' }, 'must provide an array [json-pointer:/blocks]'],
  ])('%s', (_name, blocks, complaint) => expect(messageBlockProblems(blocks).join('\n')).toContain(complaint));

  it('counts the text of all blocks together', () => {
    expect(blocksTooLong(many(4, () => section(text(3000))))).toBe(false);
    expect(blocksTooLong([...many(4, () => section(text(3000))), section('x')])).toBe(true);
  });
});

describe('views', () => {
  const input = { type: 'input', label: plain('Why'), element: { type: 'plain_text_input', action_id: 'why' } };
  const modal = (extra: object = {}) => ({
    type: 'modal',
    title: plain('Waive'),
    submit: plain('Ask'),
    blocks: [input],
    ...extra,
  });

  it('takes a modal with an input and a submit button', () => expect(viewProblems(modal())).toEqual([]));

  it.each<[string, unknown, string]>([
    [
      'a title over 24',
      modal({ title: plain(text(25)) }),
      'must be less than 25 characters [json-pointer:/view/title/text]',
    ],
    ['no title', modal({ title: undefined }), 'missing required field: title [json-pointer:/view]'],
    [
      'an input without submit',
      modal({ submit: undefined }),
      'must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]',
    ],
    [
      'private_metadata over 3,000',
      modal({ private_metadata: text(3001) }),
      'must be less than 3001 characters [json-pointer:/view/private_metadata]',
    ],
    [
      'callback_id over 255',
      modal({ callback_id: text(256) }),
      'must be less than 256 characters [json-pointer:/view/callback_id]',
    ],
    [
      '101 blocks',
      modal({ blocks: many(101, () => ({ type: 'divider' })) }),
      'no more than 100 items allowed [json-pointer:/view/blocks]',
    ],
    [
      'a number input that says not whether decimals are allowed',
      modal({ blocks: [{ ...input, element: { type: 'number_input' } }] }),
      'missing required field: is_decimal_allowed [json-pointer:/view/blocks/0/element]',
    ],
    [
      'a button as input',
      modal({ blocks: [{ ...input, element: button() }] }),
      'unsupported type: button [json-pointer:/view/blocks/0/element/type]',
    ],
    [
      'two focused elements',
      modal({ blocks: many(2, () => ({ ...input, element: { type: 'plain_text_input', focus_on_load: true } })) }),
      'only one element can have `focus_on_load`',
    ],
  ])('refuses %s', (_name, candidate, complaint) => expect(viewProblems(candidate).join('\n')).toContain(complaint));
});
