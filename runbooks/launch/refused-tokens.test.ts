import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { describeEntry } from '../record/describe.ts';
import type { Command } from './commands.ts';
import type { Totals } from './entries.ts';
import type { Launch } from './launch.ts';
import { answeredIn, isSuspect, refusedIn, refusedTokensRefusal } from './refused-tokens.ts';

const parent = Scene.ready();
const launch = parent.state;

/** A rehearsal whose one segment was answered so; absent: it was not sent. */
function source(rest?: Partial<Totals>): Scene {
  const scene = Scene.ready();
  if (rest !== undefined) scene.closes(scene.fired(['us-ios']), { 'us-ios': rest });
  return scene;
}
const of = ({ state }: Scene): Launch => ({ ...state, id: 'sb-rehearsal-1', name: 'REHEARSAL of Super Bowl' });
const BAD: Partial<Totals> = { failed: 6, reasons: { Unregistered: 3, BadDeviceToken: 1, InternalServerError: 2 } };
const TAKEN = { launchId: 'sb-rehearsal-1', tokens: 4 };
const set = (hash: string, more: object = {}): Command => ({
  kind: 'set-skip-list',
  by: 'ana',
  skipList: { hash, key: `k-${hash}`, tokens: 4 },
  ...more,
});
const refusal = (rehearsal: Launch, into = launch, by = 'mia') => refusedTokensRefusal(into, rehearsal, by);

test('how many tokens were refused for good is counted by the closed shots, corrections included', () => {
  expect(refusedIn(of(source(BAD)))).toEqual(TAKEN);
  expect(refusedIn(of(source()))).toMatchObject({ tokens: 0 });
  const answered = source(BAD);
  const [shot] = Object.values(answered.state.shots);
  expect(answeredIn(answered.state)).toBe(answered.devicesOf(shot as never, 'us-ios'));
  // Of a shot that still runs nothing is known.
  answered.fired(['us-android']);
  expect(refusedIn(of(answered))).toEqual(TAKEN);
  expect(refusal(of(source(BAD)))).toBeNull();
});

test('what was not sent, or refused nobody, or still runs, has nothing to skip', () => {
  expect(refusal(of(source()))).toMatchObject({
    code: 'NO_REFUSED_TOKENS',
    say: expect.stringContaining('has sent nothing yet') as string,
  });
  expect(refusal(of(source({ failed: 1, reasons: { InternalServerError: 1 } })))).toMatchObject({
    code: 'NO_REFUSED_TOKENS',
    say: expect.stringContaining('No token was refused for good') as string,
  });
  const running = source(BAD);
  const { id } = running.fired(['us-android']);
  expect(refusal(of(running))).toMatchObject({
    code: 'SHOT_RUNNING',
    say: `REHEARSAL of Super Bowl is still sending: ${id} (us-android). Ask again once it is closed.`,
  });
});

test('they are taken once; more that were refused since can be taken, and after a list in its place all of them', () => {
  const scene = Scene.ready();
  const taken = scene.gives('SkipListSet', set('one', { adds: null, refusedIn: TAKEN }));
  expect(describeEntry(taken, new Map(), {})).toMatch(/4 tokens, with those that were refused in sb-rehearsal-1$/);
  expect(refusal(of(source(BAD)), scene.state)).toMatchObject({
    code: 'ALREADY_SO',
    say: 'The 4 that were refused in REHEARSAL of Super Bowl are on the skip list already; nothing changed.',
  });
  expect(refusal({ ...of(source(BAD)), id: 'another' }, scene.state)).toBeNull();
  expect(refusal(of(source({ failed: 5, reasons: { Unregistered: 5 } })), scene.state)).toBeNull();
  scene.does(set('two', { adds: 'one' }));
  expect(refusal(of(source(BAD)), scene.state)?.code).toBe('ALREADY_SO');
  scene.does(set('three'));
  expect(refusal(of(source(BAD)), scene.state)).toBeNull();
});

test('a launch that is closed, sends, or has sent everything takes none, nor its own, nor by an observer', () => {
  const rehearsal = of(source(BAD));
  expect(refusal(rehearsal, { ...launch, closed: true })?.code).toBe('LAUNCH_CLOSED');
  expect(refusal(rehearsal, launch, 'nobody')?.code).toBe('NOT_ON_ROSTER');
  expect(refusal({ ...rehearsal, id: launch.id })?.code).toBe('VALUE_INVALID');
  const sending = Scene.ready();
  const shot = sending.fired();
  expect(refusal(rehearsal, sending.state)).toMatchObject({
    code: 'SHOT_RUNNING',
    say: expect.stringMatching(/^Super Bowl is sending: .*That shot would get nothing of it/) as string,
  });
  sending.closes(shot);
  expect(refusal(rehearsal, sending.state)).toMatchObject({
    code: 'NOTHING_TO_FIRE',
    say: expect.stringContaining('has nobody left to skip') as string,
  });
  const halted = Scene.ready();
  halted.does({
    kind: 'set-halt',
    by: 'mia',
    source: 'slack',
    reason: '',
    epoch: 1,
    pressedAtMs: halted.nowMs,
  } as Command);
  expect(refusal(rehearsal, halted.state)).toBeNull();
});

test('half of the answers are more than the usual losses', () => {
  expect([isSuspect(0, 0), isSuspect(1, 2), isSuspect(1, 3)]).toEqual([false, true, false]);
});
