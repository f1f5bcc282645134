import { beforeEach, describe, expect, test } from 'vitest';
import { blankMessage } from '../../infra/aws/channel-message.ts';
import { Given } from '../../test/given-words.ts';
import { Scene } from '../../test/properties/scene.ts';
import type { Entry } from '../launch/entries.ts';
import { postmortemMarkdown } from '../postmortem/markdown.ts';
import { postmortemOf } from '../postmortem/postmortem.ts';
import { givenIn } from './given.ts';
import type { TimelineMessage } from './rows.ts';
import { timelineMarkdown } from './timeline.ts';

/** Words that entries name: read where they can be, and said of what became of them where they can't. */

const QUESTION = 'Who or what helped when it mattered?';
let scene: Scene;
let given: Given;
beforeEach(() => {
  scene = Scene.ready();
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  given = new Given();
});

const options = { chain: { ok: true } as const, slackNames: new Map([['U9GUEST', 'Kim']]) };
const timeline = (messages: readonly TimelineMessage[] = given.messages) =>
  timelineMarkdown(scene.entries, messages, options);
const postmortem = (messages: readonly TimelineMessage[] = given.messages) => {
  const found = postmortemOf(scene.entries, messages, options);
  if (found === null) throw new Error('no postmortem');
  return postmortemMarkdown(found);
};
const wordsIn = (messages: readonly TimelineMessage[]) =>
  givenIn(scene.entries, messages).entries.flatMap((entry) => (entry.kind === 'QuestionAnswered' ? [entry.words] : []));
/** As the chain gives one whose key is gone. */
const gone = ({ seq, hash, atMs }: Given['messages'][number]): TimelineMessage => ({
  ...blankMessage(atMs),
  seq,
  hash,
  forgotten: true,
});

describe('an answer', () => {
  test('stands in timeline and postmortem with its words, once, and its item says which entry it is', () => {
    const { seq } = given.answer(scene, 'ben', 'One room.', QUESTION);
    expect(timeline()).toContain(`answered “${QUESTION}”: One room.`);
    expect(timeline()).toContain(`gave an answer to “${QUESTION}”: entry ${seq}`);
    expect(timeline().split('One room.')).toHaveLength(2);
    expect(postmortem()).toContain('> One room.');
    // Nobody said it in the channel.
    expect(postmortem()).not.toMatch(/Ben Okafor .*message in the channel/);
  });

  test('of somebody who is not on the roster has the name of who wrote it, and without it that nobody knows it', () => {
    const { seq } = given.guest(scene, 'U9GUEST', 'The page was slow.', QUESTION);
    given.guest(scene, 'U9GUEST', 'The link, too.', QUESTION);
    expect(timeline()).toContain('Kim (U9GUEST), not on the roster');
    expect(postmortem()).toMatch(
      /> Kim \(U9GUEST\), not on the roster, [^\n]*, answered again [^\n]*\n *> The link, too\./,
    );
    const [first, second] = given.messages;
    if (first === undefined || second === undefined) throw new Error('two answers');
    // With one of theirs the other has its writer still.
    expect(postmortem([gone(first), second])).toMatch(/> Kim \(U9GUEST\), not on the roster, .*answered again/);
    const without = timeline([gone(first), gone(second)]);
    expect(without).toContain('the writer of m1, not on the roster');
    expect(without + postmortem([gone(first), gone(second)])).not.toMatch(/U9GUEST|Kim|slow|link, too/);
    expect(JSON.stringify(scene.entries.find((one) => one.seq === seq))).not.toContain('U9GUEST');
  });
});

test('a note is told as an answer is, stands in the short timeline, and names no answer', () => {
  const item = given.item('U0OBSERVER', 'the ad moved', { as: 'note' });
  const { seq } = scene.does({ kind: 'note', by: 'olu', text: 'the ad moved', item });
  expect(timeline()).toContain('| Olu Adeyemi | noted: the ad moved |');
  expect(timeline()).toContain(`gave a note: entry ${seq}`);
  expect(postmortem()).toMatch(/noted: the ad moved/);
  const [one] = given.messages;
  if (one === undefined) throw new Error('no note');
  const deleted = timeline([gone(one), { ...blankMessage(one.atMs), seq: 2, hash: '', forgot: FORGOT([1]) }]);
  expect(deleted).toContain('noted: (what was written here was deleted)');
  expect(deleted).not.toContain('the ad moved');
  const answered = { ...one, given: { as: 'answer' as const, question: QUESTION } };
  expect(timeline([answered])).toContain('(m1 was not given for this entry)');
  expect(JSON.stringify(scene.entries)).not.toContain('the ad moved');
});

describe('where the words are', () => {
  const last = 'is over, or, in another region, it has yet to come';
  const cases: [string, (item: Given['messages'][number]) => TimelineMessage[], string][] = [
    [
      'deleted alone',
      (item) => [gone(item), { ...gone(item), seq: 2, forgotten: undefined, forgot: FORGOT([1]) } as never],
      'what was written here was deleted',
    ],
    ['without a key', (item) => [gone(item)], last],
    ['not reached', (item) => [{ ...item, text: '', unread: 'away' }], 'S3 did not answer'],
    ['of a newer format', (item) => [{ ...item, text: '', unread: 'newer', v: 9 }], 'of format 9'],
    [
      'vandalised',
      (item) => [{ ...item, text: '', unread: 'broken', problem: 'no JSON' }],
      "m1 can't be read: no JSON",
    ],
    ['taken out', () => [], 'm1 is not in the chain of channel messages'],
    ['of another hash', (item) => [{ ...item, hash: 'b'.repeat(64) }], 'm1 is another item than this entry names'],
    ['somebody else’s', (item) => [{ ...item, user: 'U0ONCALL' }], 'm1 was given by somebody else'],
    ['no answer', (item) => [{ ...item, given: { as: 'note' } }], 'm1 was not given for this entry'],
    [
      'to another question',
      (item) => [{ ...item, given: { as: 'answer', question: 'Why?' } }],
      'm1 was not given for this entry',
    ],
  ];
  test.each(cases)('%s it is said, the question counts as answered, and the rest is told', (_what, change, why) => {
    given.answer(scene, 'ben', 'One room.', QUESTION);
    const [item] = given.messages;
    if (item === undefined) throw new Error('no answer');
    const messages = change(item);
    const [words = ''] = wordsIn(messages);
    expect(words.replace('message 1', 'm1')).toContain(why);
    expect(words).toMatch(/^\(.*\)$/);
    for (const text of [timeline(messages), postmortem(messages)]) expect(text).toContain('Ben Okafor');
    expect(postmortem(messages)).toMatch(/> Ben Okafor, [^\n]*\n *> \\?\(/);
    // What the chain has still is shown as what it is, and not as this answer.
    if (messages.every(({ text }) => text === '')) expect(timeline(messages)).not.toContain('One room.');
    expect(postmortem(messages)).not.toContain('> One room.');
    expect(scene.state.postmortem.answers).toHaveLength(1);
  });

  test('with no entry that names them, a row says so, and nobody’s answer is another', () => {
    given.item('U0MARKET2', 'cut off', { as: 'answer', question: QUESTION });
    expect(timeline()).toContain(`gave an answer to “${QUESTION}” that is in no entry: “cut off”`);
    expect(postmortem()).not.toContain('cut off');
  });

  test('an entry of a version before 8 has them itself', () => {
    given.answer(scene, 'ben', 'new', QUESTION);
    const entries = scene.entries.map((entry): Entry => {
      if (entry.kind !== 'QuestionAnswered') return entry;
      const { item: _, ...rest } = entry;
      return { ...rest, v: 7, words: 'old', by: { system: 'slack' } as const, guest: 'U9GUEST' };
    });
    const text = timelineMarkdown(entries, [], options);
    expect(text).toContain(`answered “${QUESTION}”: old`);
    expect(text).toContain('Kim (U9GUEST), not on the roster');
  });
});

const FORGOT = (seqs: number[]) => ({ messages: 1, given: 1, files: 0, tokens: 0, seqs });
