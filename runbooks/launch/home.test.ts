import { expect, test } from 'vitest';
import { elsewhereText, firstHome, toSend, toTakeOver } from './home.ts';
import type { Home, NextHome } from './home.ts';

const REGIONS = { home: 'us-east-1', standby: 'us-west-2' };
const AT_HOME = firstHome(REGIONS);
const TAKEN: Home = { region: 'us-west-2', firstShot: null };
const SENT: Home = { region: 'us-east-1', firstShot: 'S9' };

test('a launch begins in its own region, where its first shot is kept for ever', () => {
  expect(AT_HOME).toEqual({ region: 'us-east-1', firstShot: null });
  expect(toSend(AT_HOME, 'us-east-1', 'S9')).toEqual({ ok: true, home: SENT });
  expect(toSend(SENT, 'us-east-1', 'S20')).toEqual({ ok: true, home: SENT });
});

test('a region that has not the launch sends nothing of it, and says who has it', () => {
  expect(toSend(AT_HOME, 'us-west-2', 'S9')).toMatchObject({ ok: false, code: 'HOME_ELSEWHERE' });
  expect(toSend(TAKEN, 'us-east-1', 'S9')).toMatchObject({ ok: false, say: elsewhereText(TAKEN, 'us-east-1') });
});

test('a launch of which nothing was sent can be taken over, and back, as often as people want', () => {
  expect(toTakeOver(AT_HOME, 'us-east-1', 'us-west-2')).toEqual({ ok: true, home: TAKEN });
  expect(toTakeOver(TAKEN, 'us-east-1', 'us-west-2')).toEqual({ ok: true, home: TAKEN });
  expect(toTakeOver(TAKEN, 'us-west-2', 'us-east-1')).toEqual({ ok: true, home: AT_HOME });
  expect(toTakeOver({ region: 'eu-west-1', firstShot: null }, 'us-east-1', 'us-west-2')).toMatchObject({
    code: 'HOME_ELSEWHERE',
  });
});

test('from its first shot on a launch stays where it is', () => {
  expect(toTakeOver(SENT, 'us-east-1', 'us-west-2')).toMatchObject({ ok: false, code: 'SHOT_BEGAN' });
  expect(toTakeOver({ ...TAKEN, firstShot: 'S9' }, 'us-east-1', 'us-west-2')).toMatchObject({ code: 'SHOT_BEGAN' });
});

test('in every order of sends and take-overs of two regions at most one of them sends', () => {
  type Move = (home: Home) => NextHome;
  const send =
    (region: string): Move =>
    (home) =>
      toSend(home, region, `S-${region}`);
  const moves: [string, Move][] = [
    ['us-east-1', send('us-east-1')],
    ['us-west-2', send('us-west-2')],
    ['', (home) => toTakeOver(home, 'us-east-1', 'us-west-2')],
    ['', (home) => toTakeOver(home, 'us-west-2', 'us-east-1')],
  ];
  const sentBy = new Set<string>();
  let histories = 0;
  const walk = (home: Home, senders: readonly string[], left: number): void => {
    histories += 1;
    expect(new Set(senders).size).toBeLessThanOrEqual(1);
    for (const sender of senders) sentBy.add(sender);
    if (left === 0) return;
    for (const [region, move] of moves) {
      const next = move(home);
      if (next.ok) walk(next.home, region === '' ? senders : [...senders, region], left - 1);
    }
  };
  walk(AT_HOME, [], 7);
  expect(histories).toBeGreaterThan(100);
  expect([...sentBy].toSorted()).toEqual(['us-east-1', 'us-west-2']);
});
