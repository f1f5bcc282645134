import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { dueAtMs, openActions, respondersOf, unheardOf } from './aftermath.ts';
import type { Command } from './commands.ts';
import { evolve } from './evolve.ts';
import type { Launch } from './launch.ts';

const closed = (): Scene => {
  const scene = Scene.created();
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  return scene;
};
const item = (seq: number) => ({ seq, hash: 'a'.repeat(64) });
const answer = (by: string, words: string, question = 'What helped?', seq = 1): Command => ({
  kind: 'answer-question',
  by,
  question,
  words,
  item: item(seq),
});
const action = (more: Partial<Extract<Command, { kind: 'set-action' }>> = {}): Command => ({
  kind: 'set-action',
  by: 'ana',
  actionId: null,
  when: 'next',
  words: 'Raise the edge sooner',
  owner: 'mia',
  due: '2027-03-01',
  ...more,
});

describe('answers', () => {
  test('a closed launch takes them, a second of the same person follows the first, and no entry holds a word of them', () => {
    const scene = closed();
    scene.does(answer('ben', 'One room.\nAnd *coffee*.'));
    scene.does(answer('ben', 'Coffee alone.', 'What helped?', 2));
    expect(scene.state.postmortem.answers).toEqual([
      { by: 'ben', question: 'What helped?', words: null, item: item(1) },
      { by: 'ben', question: 'What helped?', words: null, item: item(2) },
    ]);
    expect(JSON.stringify(scene.entries)).not.toMatch(/coffee/i);
  });

  test('somebody who is not on the roster answers as a guest, so many times, and no question is answered by that alone', () => {
    const scene = closed();
    const guest = (seq: number, as = 'm1', who = 'U9GUEST'): Command => ({
      kind: 'answer-as-guest',
      guest: who,
      as,
      question: 'What helped?',
      words: 'The page was slow.',
      item: item(seq),
    });
    expect(scene.refuses(guest(2)).say).toContain('Nobody has answered as m1 here; expected m2');
    scene.does(guest(1));
    expect(scene.refuses(guest(1)).code).toBe('ALREADY_SO');
    expect(scene.state.postmortem).toMatchObject({ answers: [], guests: [{ by: 'm1', words: null, item: item(1) }] });
    // Who is not on the roster is known by what they wrote alone.
    expect(JSON.stringify(scene.entries)).not.toMatch(/U9GUEST|slow/);
    const done: Command = { kind: 'turn-postmortem', by: 'ana', to: 'done', questions: ['What helped?'] };
    expect(scene.refuses(done).code).toBe('POSTMORTEM_OPEN');
    expect(scene.refuses(guest(2, 'm2', 'U0ONCALL')).say).toContain('is on the roster');
    for (let more = 2; more <= 40; more += 1) scene.does(guest(more));
    expect(scene.refuses(guest(41)).say).toContain('takes no more answers');
    for (let more = 41; more <= 200; more += 1) scene.does(guest(more, `m${more}`, `U9OTHER${more}`));
    expect(scene.refuses(guest(201, 'm201', 'U9LAST')).say).toContain('200 of all');
  });

  test('the same words of the same person are in the record once', () => {
    const scene = closed();
    scene.does(answer('ben', 'One room.'));
    expect(scene.refuses(answer('ben', 'One room.')).code).toBe('ALREADY_SO');
    scene.does(answer('mia', 'One room.', 'What helped?', 2));
    scene.does(answer('ben', 'One room.', 'What else?', 3));
  });

  test('of a record that holds words itself they stay, and are known when they come again', () => {
    const scene = closed();
    const entry = scene.does(answer('ben', 'x', 'What else?'));
    const old = { ...entry, seq: entry.seq + 1, prev: entry.hash, question: 'What helped?', words: 'One room.' };
    scene.launch = evolve(scene.state, { ...old, item: undefined } as never);
    expect(scene.state.postmortem.answers.at(-1)).toMatchObject({ by: 'ben', words: 'One room.', item: null });
    expect(scene.refuses(answer('ben', ' One room. ', 'What helped?', 2)).code).toBe('ALREADY_SO');
  });

  test.each([
    ['0', { seq: 0, hash: 'a'.repeat(64) }],
    ['2.5', { seq: 2.5, hash: 'a'.repeat(64) }],
    ['one without a hash', { seq: 1, hash: '' }],
  ])('item %s is none', (_what, place) => {
    expect(closed().refuses({ ...answer('ben', 'yes'), item: place } as Command).code).toBe('VALUE_INVALID');
  });

  test.each([
    ['no word', answer('ben', ' \n'), 'VALUE_INVALID'],
    ['nothing that can be seen', answer('ben', '\u200B\uFEFF\uFE0F\u0301'), 'VALUE_INVALID'],
    ['3,001 characters', answer('ben', 'x'.repeat(3_001)), 'VALUE_INVALID'],
    ['no question', answer('ben', 'yes', ''), 'VALUE_INVALID'],
    ['a question of 1,001 characters', answer('ben', 'yes', 'x'.repeat(1_001)), 'VALUE_INVALID'],
    ['somebody who is not on the roster', answer('nobody', 'yes'), 'NOT_ON_ROSTER'],
  ])('%s is refused', (_what, command, code) => {
    expect(closed().refuses(command).code).toBe(code);
  });

  test('3,000 characters are taken, of a question 1,000', () => {
    closed().does(answer('ben', 'x'.repeat(3_000), 'x'.repeat(1_000)));
  });
});

describe('actions', () => {
  test('words are kept without the blanks around them, and no more than a form takes', () => {
    const scene = closed();
    expect(scene.gives('ActionSet', action({ words: ' Raise it ' })).words).toBe('Raise it');
    const actionId = `A${scene.state.seq}`;
    const close = (words: string): Command => ({ kind: 'close-action', by: 'ben', actionId, words });
    expect(scene.refuses(close('x'.repeat(3_001))).code).toBe('VALUE_INVALID');
    expect(scene.gives('ActionClosed', close(' done ')).words).toBe('done');
  });

  test('a refusal says which actions are open, and repeats little of what was typed', () => {
    const scene = closed();
    const close = (actionId: string): Command => ({ kind: 'close-action', by: 'ben', actionId, words: '' });
    expect(scene.refuses(close('x'.repeat(30))).say).toBe(`There is no action ${'x'.repeat(20)} here; none is open.`);
    scene.does(action());
    scene.does(action({ words: 'Ask earlier' }));
    expect(scene.refuses(close('A1')).say).toMatch(/^There is no action A1 here; open: A\d+, A\d+\.$/);
    expect(scene.refuses(action({ actionId: 'A1' })).say).toContain('There is no action A1 here');
    expect(scene.refuses(action({ due: 'x'.repeat(50) })).say).toContain(`“${'x'.repeat(40)}” is no date`);
  });

  test('one is set, changed, closed by whoever says so, and opened again by a change', () => {
    const scene = closed();
    scene.does(action());
    const id = `A${scene.state.seq}`;
    expect(openActions(scene.state)).toMatchObject([{ id, when: 'next', owner: 'mia', due: '2027-03-01' }]);
    scene.does(action({ actionId: id, due: '2027-04-01' }));
    expect(openActions(scene.state)).toMatchObject([{ id, due: '2027-04-01' }]);
    scene.does({ kind: 'close-action', by: 'ben', actionId: id, words: 'It is in the plan' });
    expect(openActions(scene.state)).toEqual([]);
    expect(scene.state.postmortem.actions[id]?.closed).toEqual({ by: 'ben', atMs: scene.nowMs });
    expect(scene.refuses({ kind: 'close-action', by: 'ben', actionId: id, words: '' }).code).toBe('ALREADY_SO');
    scene.does(action({ actionId: id, due: '2027-04-01' }));
    expect(openActions(scene.state)).toMatchObject([{ id }]);
  });

  test.each([
    ['a date that no calendar has', action({ due: '2027-02-31' }), 'TIME_INVALID'],
    ['a date of other years', action({ due: '2207-02-01' }), 'TIME_INVALID'],
    ['a time in place of a date', action({ due: 'next week' }), 'TIME_INVALID'],
    ['words around a date', action({ due: '2027-03-01 at noon' }), 'TIME_INVALID'],
    ['a year of six digits', action({ due: '+002027-03-01' }), 'TIME_INVALID'],
    ['an owner who is not on the roster', action({ owner: 'nobody' }), 'VALUE_INVALID'],
    ['an action that is not there', action({ actionId: 'A9' }), 'NO_SUCH_ACTION'],
    ['a name that every object has', action({ actionId: 'constructor' }), 'NO_SUCH_ACTION'],
    ['no word', action({ words: '' }), 'VALUE_INVALID'],
    ['nothing that can be seen', action({ words: '\u2060\u3164' }), 'VALUE_INVALID'],
  ])('%s is refused', (_what, command, code) => {
    expect(closed().refuses(command).code).toBe(code);
  });

  test('what changes nothing is refused', () => {
    const scene = closed();
    scene.does(action());
    const actionId = `A${scene.state.seq}`;
    expect(scene.refuses(action({ actionId })).code).toBe('ALREADY_SO');
    for (const more of [{ when: 'now' }, { words: 'Other' }, { owner: 'ben' }, { due: '2027-03-02' }] as const)
      expect(scene.decide(action({ actionId, ...more })).ok).toBe(true);
  });

  test('a date begins with its day in UTC', () => {
    expect(dueAtMs({ due: '2027-03-01' })).toBe(Date.UTC(2027, 2, 1));
  });
});

describe('how far the postmortem is', () => {
  const turn = (to: 'draft' | 'review' | 'done', by = 'ana', questions = ['What helped?']): Command => ({
    kind: 'turn-postmortem',
    by,
    to,
    questions,
  });

  test('it is done once each question has an answer, and may become a draft again', () => {
    const scene = closed();
    scene.does(turn('review'));
    expect(scene.refuses(turn('done'))).toMatchObject({
      code: 'POSTMORTEM_OPEN',
      say: '1 question has no answer yet, the first is “What helped?”. /go answer opens the form; where nobody knows, write: unknown.',
    });
    expect(scene.refuses(turn('done', 'ana', ['What helped?', 'Why?'])).say).toContain(
      '2 questions have no answer yet',
    );
    scene.does(answer('ben', 'unknown'));
    expect(scene.refuses(turn('done', 'ana', ['What helped?', 'Why?'])).say).toContain('the first is “Why?”');
    scene.does(turn('done'));
    expect(scene.state.postmortem.state).toBe('done');
    expect(scene.refuses(turn('done')).code).toBe('ALREADY_SO');
    scene.does(turn('draft'));
  });

  test('of a launch that is not closed it is not done, and only on-call turns it', () => {
    const open = Scene.created();
    expect(open.refuses(turn('done', 'ana', [])).code).toBe('POSTMORTEM_OPEN');
    expect(open.refuses(turn('review', 'mia')).code).toBe('ROLE_MISSING');
    open.does(turn('review'));
  });
});

describe('responders', () => {
  const nobody = () => Scene.created(sampleRunbook({ gates: [{ id: 'seats', title: 'All sit' }] }));
  type Parts = Record<'orders' | 'shots' | 'lifts' | 'waivers' | 'ticks', unknown>;
  const by = (parts: Partial<Parts>): Launch => ({ ...nobody().state, ...(parts as Partial<Launch>) });

  test.each<[string, Partial<Parts>, string[]]>([
    ['who asked for fire', { orders: { F1: { requestedBy: 'olu', armed: null } } }, ['olu']],
    ['who armed it', { orders: { F1: { requestedBy: 'olu', armed: { by: 'ana' } } } }, ['ana', 'olu']],
    ['who pressed GO', { shots: { S1: { approvedBy: 'ben' } } }, ['ben']],
    ['who lifted a halt', { lifts: { L1: { by: 'ben' } } }, ['ben']],
    [
      'who asked for a waiver, and who granted it',
      { waivers: { W1: { requestedBy: 'ben', grantedBy: 'mia' } } },
      ['mia', 'ben'],
    ],
    ['who ticked a gate', { ticks: { copy: { by: 'ben' } } }, ['ben']],
  ])('%s', (_what, parts, found) => expect(respondersOf(by(parts))).toEqual(found));

  test('who owns a gate, halted, or called it off, each once and in the order of the roster', () => {
    expect(respondersOf(nobody().state)).toEqual([]);
    const gates = [
      { id: 'copy-read', title: 'The copy was read', owner: 'mia' },
      { id: 'seats', title: 'All sit' },
    ];
    const scene = Scene.created(sampleRunbook({ gates }));
    expect(respondersOf(scene.state)).toEqual(['mia']);
    scene.halt('ben');
    scene.halt('ben');
    // By no person of the roster.
    scene.halt(null);
    expect(scene.state.postmortem.halters).toEqual(['ben']);
    scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
    expect(respondersOf(scene.state)).toEqual(['ana', 'mia', 'ben']);
  });

  test('are asked again until they have answered something', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired('all'));
    expect(unheardOf(scene.state)).toEqual(['ana', 'mia']);
    scene.does(answer('ana', 'yes'));
    scene.does(answer('ben', 'yes', 'What helped?', 2));
    expect(unheardOf(scene.state)).toEqual(['mia']);
  });
});
