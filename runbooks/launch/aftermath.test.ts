import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { dueAtMs, openActions, respondersOf, unheardOf } from './aftermath.ts';
import type { Command } from './commands.ts';

const closed = (): Scene => {
  const scene = Scene.created();
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  return scene;
};
const answer = (by: string, words: string, question = 'What helped?'): Command => ({
  kind: 'answer-question',
  by,
  question,
  words,
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
  test('a closed launch takes them, as they were written, and a second of the same person follows the first', () => {
    const scene = closed();
    scene.does(answer('ben', 'One room.\nAnd *coffee*.'));
    scene.does(answer('ben', 'Coffee alone.'));
    expect(scene.state.postmortem.answers.map(({ words, by }) => `${by}: ${words}`)).toEqual([
      'ben: One room.\nAnd *coffee*.',
      'ben: Coffee alone.',
    ]);
  });

  test('the same words of the same person are in the record once', () => {
    const scene = closed();
    scene.does(answer('ben', 'One room.'));
    expect(scene.refuses(answer('ben', ' One room. ')).code).toBe('ALREADY_SO');
    scene.does(answer('mia', 'One room.'));
    scene.does(answer('ben', 'One room.', 'What else?'));
  });

  test.each([
    ['no word', answer('ben', ' \n'), 'VALUE_INVALID'],
    ['3,001 characters', answer('ben', 'x'.repeat(3_001)), 'VALUE_INVALID'],
    ['no question', answer('ben', 'yes', ''), 'VALUE_INVALID'],
    ['somebody who is not on the roster', answer('nobody', 'yes'), 'NOT_ON_ROSTER'],
  ])('%s is refused', (_what, command, code) => {
    expect(closed().refuses(command).code).toBe(code);
  });
});

describe('actions', () => {
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
    ['an owner who is not on the roster', action({ owner: 'nobody' }), 'VALUE_INVALID'],
    ['an action that is not there', action({ actionId: 'A9' }), 'NO_SUCH_ACTION'],
    ['a name that every object has', action({ actionId: 'constructor' }), 'NO_SUCH_ACTION'],
    ['no word', action({ words: '' }), 'VALUE_INVALID'],
  ])('%s is refused', (_what, command, code) => {
    expect(closed().refuses(command).code).toBe(code);
  });

  test('what changes nothing is refused', () => {
    const scene = closed();
    scene.does(action());
    expect(scene.refuses(action({ actionId: `A${scene.state.seq}` })).code).toBe('ALREADY_SO');
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
    scene.does(answer('ben', 'unknown'));
    scene.does(turn('done'));
    expect(scene.state.postmortem.state).toBe('done');
    expect(scene.refuses(turn('done')).code).toBe('ALREADY_SO');
    scene.does(turn('draft'));
  });

  test('of a launch that is not closed it is not done, and only on-call turns it', () => {
    const open = Scene.created();
    expect(open.refuses(turn('done', 'ana', [])).code).toBe('POSTMORTEM_OPEN');
    expect(open.refuses(turn('review', 'mia')).code).toBe('ROLE_MISSING');
  });
});

test('responders are those who asked, approved, halted and own gates; who has answered is not asked again', () => {
  const scene = Scene.ready();
  const shot = scene.fired('all');
  scene.halt('ben');
  scene.closes(shot);
  expect(respondersOf(scene.state)).toEqual(expect.arrayContaining(['ana', 'mia', 'ben']));
  scene.does(answer('ana', 'yes'));
  expect(unheardOf(scene.state)).not.toContain('ana');
  expect(unheardOf(scene.state)).toContain('ben');
});
