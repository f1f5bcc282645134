import { describe, expect, it } from 'vitest';
import { nearest } from '../../runbooks/typed/nearest.ts';
import { lengthMs, onOff, parseTyped, slackIdOf, splitWords, textAfter, when } from './arguments.ts';
import { didYouMean } from './nearest.ts';

describe('what is typed after /go', () => {
  it('is a name, words, and the rest as typed', () => {
    expect(parseTyped('')).toEqual({ name: 'help', doubtful: false, words: [], rest: '' });
    expect(parseTyped('  FIRE us-ios, de-ios ')).toEqual({
      name: 'fire',
      doubtful: false,
      words: ['us-ios', 'de-ios'],
      rest: 'us-ios, de-ios',
    });
    expect(parseTyped('note  it   is on').rest).toBe('it   is on');
  });

  it('keeps quoted words together, straight or curly', () => {
    expect(parseTyped('switch banner “very big”').words).toEqual(['banner', 'very big']);
    expect(splitWords('a "never closed')).toEqual(['a', 'never closed']);
  });

  it('keeps what stands behind the first words as it was typed, but for quotes around all of it', () => {
    expect(textAfter('queue on because 8,000 wait, calmly', 2)).toBe('because 8,000 wait, calmly');
    expect(textAfter('next @mia 2027-03-01, "two" scanners, one spare', 3)).toBe('"two" scanners, one spare');
    expect(textAfter('"a b" <@U1|Mia Chen>  "raise it, early"', 2)).toBe('raise it, early');
    expect(textAfter('one two', 2)).toBe('');
    expect(textAfter(' a, b', 0)).toBe('a, b');
  });

  it('finds the person in a mention', () => {
    expect(slackIdOf('<@U0MARKET1|mia>')).toBe('U0MARKET1');
    expect(slackIdOf('<@U0MARKET1>')).toBe('U0MARKET1');
    expect(slackIdOf('U0MARKET1')).toBe('U0MARKET1');
    expect(slackIdOf('mia')).toBeNull();
    expect(slackIdOf('<#C0WARROOM>')).toBeNull();
    expect(splitWords('add <@U0MARKET1|Mia Chen> marketer')).toEqual(['add', '<@U0MARKET1|Mia Chen>', 'marketer']);
  });

  it('reads on and off', () => {
    expect(['on', 'OFF', 'maybe', '__proto__', 'constructor'].map(onOff)).toEqual([true, false, null, null, null]);
  });

  it('reads lengths of time', () => {
    expect(['20m', '1h30m', '90 s', '2 hours', '1d'].map(lengthMs)).toEqual([
      1_200_000, 5_400_000, 90_000, 7_200_000, 86_400_000,
    ]);
    expect(['', '20', '20 parsecs', '5constructor', 'm', '1h later'].map(lengthMs)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('reads points in time only when their zone is said', () => {
    const now = Date.parse('2027-02-07T18:00:00Z');
    const target = Date.parse('2027-02-07T23:00:00Z');
    expect(when('in 20m', now, null)).toBe(now + 1_200_000);
    expect(when('+10m', now, target)).toBe(target + 600_000);
    expect(when('-1h', now, target)).toBe(target - 3_600_000);
    expect(when('18:30 UTC', now, null)).toBe(now + 1_800_000);
    expect(when('17:30z', now, null)).toBe(now + 84_600_000);
    expect(when('2027-02-07T23:30Z', now, null)).toBe(Date.parse('2027-02-07T23:30:00Z'));
    expect(when('2027-02-07 18:30 +01:00', now, null)).toBe(Date.parse('2027-02-07T17:30:00Z'));
    expect(
      ['18:30', '2027-02-07T23:30', 'soon', '25:00 UTC', '+10m', 'in many moons'].map((text) => when(text, now, null)),
    ).toEqual([null, null, null, null, null, null]);
  });
});

describe('the nearest name', () => {
  const names = ['fire', 'halt', 'resume', 'status', 'stats', 'steps'];
  it('is suggested for a slip of the finger or a beginning', () => {
    expect(nearest('fier', names)).toBe('fire');
    expect(nearest('hlat', names)).toBe('halt');
    expect(nearest('res', names)).toBe('resume');
    expect(didYouMean('statuss', names)).toBe(' Did you mean `status`?');
  });
  it('is not guessed when nothing is near', () => {
    expect(nearest('banana', names)).toBeNull();
    expect(nearest('x', names)).toBeNull();
    expect(nearest('anything', [])).toBeNull();
  });
});
