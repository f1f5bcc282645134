import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import type { Launch } from './launch.ts';
import { fireArguments, fireCommand, wordsFor } from './order-words.ts';

const ALL = ['us-ios', 'us-android', 'br-ios'];

/** The audience is us-ios, us-android and br-ios. */
function after(...sent: string[]): Launch {
  const scene = Scene.ready();
  if (sent.length > 0) scene.closes(scene.fired(sent));
  return scene.state;
}
const running = (): Launch => {
  const scene = Scene.ready();
  scene.fired(['us-android']);
  return scene.state;
};

test.each([
  { say: 'all that there is', launch: after(), segments: ALL, words: '' },
  { say: 'a platform, in any order', launch: after(), segments: ['br-ios', 'us-ios'], words: 'ios' },
  { say: 'one of a platform', launch: after(), segments: ['us-ios'], words: 'us-ios' },
  { say: 'a platform of one segment', launch: after(), segments: ['us-android'], words: 'us-android' },
  { say: 'two of both platforms', launch: after(), segments: ['us-ios', 'us-android'], words: 'us-ios us-android' },
  { say: 'all that is left', launch: after('us-ios'), segments: ['us-android', 'br-ios'], words: '' },
  { say: 'the last one', launch: after('us-ios', 'br-ios'), segments: ['us-android'], words: '' },
  { say: 'all but what runs', launch: running(), segments: ['us-ios', 'br-ios'], words: 'ios' },
  { say: 'what went out, with nothing left', launch: after('us-ios'), segments: ['us-ios'], words: 'us-ios' },
  { say: 'a platform of which one went out', launch: after('us-ios'), segments: ['us-ios', 'br-ios'], words: 'ios' },
  { say: 'what nobody has', launch: after(), segments: ['nowhere'], words: '' },
])('$say is asked for with “$words”', ({ launch, segments, words }) => {
  expect(wordsFor(launch, segments)).toBe(words);
});

test('the command resumes while sending is halted', () => {
  const scene = Scene.ready();
  expect([fireCommand(scene.state, ALL), fireArguments(scene.state, ALL)]).toEqual([
    '/go fire',
    'fire request --segments all',
  ]);
  scene.halt();
  const some = ['us-ios', 'us-android'];
  expect([fireCommand(scene.state, some), fireArguments(scene.state, some)]).toEqual([
    '/go resume fire us-ios us-android',
    'fire request --segments us-ios,us-android --lift',
  ]);
});

test('without an audience there is nothing to name', () => expect(wordsFor(Scene.created().state, ALL)).toBe(''));
