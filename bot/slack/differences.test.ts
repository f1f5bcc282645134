import { expect, test } from 'vitest';
import { blankMessage } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { differences } from './differences.ts';
import type { Shown } from './differences.ts';

const kept = (ts: string, more: Partial<ChannelMessage> = {}): ChannelMessage => ({
  ...blankMessage(Number(ts) * 1_000),
  ts,
  user: 'U1',
  text: 'said',
  thread: null,
  ...more,
});
const shown = (channel: object[], threads: [string, object[]][] = []): Shown => ({
  since: '100.000000',
  from: '100.000000',
  until: '899.999999',
  channel,
  threads: new Map(threads),
  marks: ['pushpin'],
});
const message = (ts: string, more: object = {}) => ({ type: 'message', ts, user: 'U1', text: 'said', ...more });
const told = (chain: ChannelMessage[], now: Shown) =>
  differences(chain, now, 900_000).map(({ ts, edits, deleted, thread }) => [ts, edits, deleted, thread ?? null]);

test('what the chain has is not told again, and what it has not is told in the order in which it was said', () => {
  const now = shown([message('130.1'), message('120.1'), message('110.1')]);
  expect(told([kept('120.1')], now)).toEqual([
    ['110.1', null, false, null],
    ['130.1', null, false, null],
  ]);
  expect(told([kept('110.1'), kept('120.1'), kept('130.1')], now)).toEqual([]);
});

test('of what was deleted from the record nothing comes again, though the channel shows it still', () => {
  const forgot = { messages: 1, files: 0, tokens: 0, seqs: [1], of: ['110.1'] };
  const chain = [kept('', { forgotten: true }), kept('', { forgot })];
  const edited = { text: 'other', edited: { user: 'U1', ts: '115.0' } };
  for (const now of [message('110.1'), message('110.1', edited)]) expect(told(chain, shown([now]))).toEqual([]);
});

test('of an edit there is the last text alone: it is told as an edit, once', () => {
  const now = shown([message('110.1', { text: 'other', edited: { user: 'U1', ts: '115.0' } })]);
  expect(differences([kept('110.1')], now, 900_000)).toEqual([
    { ...kept('115.0', { text: 'other', edits: '110.1', found: true }), permalink: undefined },
  ]);
  expect(told([], now)).toEqual([['115.0', '110.1', false, null]]);
  expect(told([kept('115.0', { edits: '110.1' })], now)).toEqual([]);
});

test('what is not there any more was deleted, once, also where replies keep a tombstone in its place', () => {
  const tombstone = message('120.1', { subtype: 'tombstone', user: 'USLACKBOT', reply_count: 1, thread_ts: '120.1' });
  const chain = [kept('110.1'), kept('120.1')];
  const now = shown([tombstone], [['120.1', [tombstone]]]);
  expect(told(chain, now)).toEqual([
    ['900.000000', '110.1', true, null],
    ['900.000000', '120.1', true, null],
  ]);
  const gone = ['110.1', '120.1'].map((edits) => kept('140.1', { edits, deleted: true }));
  expect(told([...chain, ...gone], now)).toEqual([]);
});

test('nothing is taken for deleted that was not read: older messages, threads that Slack refused, places not kept', () => {
  const { thread: _thread, ...nowhere } = kept('150.1');
  const chain = [kept('90.1'), nowhere, kept('160.1', { thread: '110.1' }), kept('160.2', { thread: '95.1' })];
  const parent = message('110.1', { reply_count: 1 });
  expect(told([...chain, kept('110.1')], shown([parent]))).toEqual([]);
  // Read, and not in it.
  expect(told([...chain, kept('110.1')], shown([parent], [['110.1', [parent]]]))).toEqual([
    ['900.000000', '160.1', true, null],
  ]);
  // The thread has no reply left.
  expect(told([...chain, kept('110.1')], shown([message('110.1')]))).toEqual([['900.000000', '160.1', true, null]]);
});

test('replies are told with their thread, and bots, joins and refusals are no speech', () => {
  const parent = message('110.1', { thread_ts: '110.1', reply_count: 1 });
  const reply = message('111.1', { thread_ts: '110.1' });
  const refused = kept('refused 5', { refused: { what: 'x', code: 'X', say: '', times: 1 } });
  const bots = [message('112.1', { bot_id: 'B1' }), message('113.1', { subtype: 'channel_join' })];
  const { thread: _thread, ...placeless } = refused;
  expect(told([placeless], shown([...bots, parent], [['110.1', [parent, reply]]]))).toEqual([
    ['110.1', null, false, null],
    ['111.1', null, false, '110.1'],
  ]);
});

test('marks that were put on or taken off are told once, of whoever Slack names, and of no other reaction', () => {
  const pinned = (users: string[], count = users.length) =>
    shown([
      message('110.1', {
        reactions: [
          { name: 'pushpin', users, count },
          { name: 'tada', users: ['U9'], count: 1 },
        ],
      }),
    ]);
  const mark = (user: string, on: boolean, ts = '120.1'): ChannelMessage => {
    const { thread: _thread, ...placeless } = kept(ts, { user, text: '', mark: { of: '110.1', name: 'pushpin', on } });
    return placeless;
  };
  const marks = (chain: ChannelMessage[], now: Shown) =>
    differences([kept('110.1'), ...chain], now, 900_000).map(({ user, mark: one }) => [user, one]);
  expect(marks([mark('U1', true)], pinned(['U1', 'U2']))).toEqual([['U2', { of: '110.1', name: 'pushpin', on: true }]]);
  expect(marks([mark('U1', true)], pinned(['U1']))).toEqual([]);
  expect(marks([mark('U1', true)], shown([message('110.1')]))).toEqual([
    ['U1', { of: '110.1', name: 'pushpin', on: false }],
  ]);
  expect(marks([mark('U1', true), mark('U1', false, '130.1')], shown([message('110.1')]))).toEqual([]);
  // Slack names two of three: who is missing may be the third.
  expect(
    marks(
      ['U1', 'U2', 'U3'].map((user) => mark(user, true)),
      pinned(['U2', 'U3'], 3),
    ),
  ).toEqual([]);
  expect(marks([{ ...mark('U1', true), mark: { of: '90.1', name: 'pushpin', on: true } }], pinned([]))).toEqual([]);
});
