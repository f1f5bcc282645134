import { expect, test } from 'vitest';
import { Health } from './health.ts';

const good = (): Health => {
  const health = new Health();
  health.fine();
  return health;
};

test('a connection is being probed until its first fine answer, and good from then on', () => {
  const health = new Health();
  expect([health.state, health.takes]).toEqual(['probing', true]);
  health.fine();
  expect([health.state, health.takes]).toEqual(['good', true]);
});

test('accidents come alone: four bad answers in a row leave a good connection good, the fifth makes it suspect', () => {
  const health = good();
  for (let times = 0; times < 4; times += 1) health.bad('Http503');
  expect(health.state).toBe('good');
  health.fine();
  for (let times = 0; times < 4; times += 1) health.bad('Http503');
  expect(health.state).toBe('good');
  health.bad('Http503');
  expect([health.state, health.takes, health.isSick, health.why]).toEqual(['suspect', false, true, 'Http503']);
});

test('one that is tried one request at a time is suspect at its second bad answer', () => {
  const health = new Health();
  health.bad('Http503');
  expect(health.state).toBe('probing');
  health.bad('Http503');
  expect(health.state).toBe('suspect');
});

test('a fine answer makes a suspect connection good again', () => {
  const health = good();
  for (let times = 0; times < 5; times += 1) health.bad('Http503');
  health.fine();
  expect([health.state, health.takes, health.isSick]).toEqual(['good', true, false]);
});

test('silence makes it suspect at once', () => {
  const health = good();
  health.silent('NoAnswer');
  expect([health.state, health.why]).toEqual(['suspect', 'NoAnswer']);
});

test('leaving is for good, whatever comes', () => {
  const health = good();
  health.bad('Http503');
  health.leave();
  health.fine();
  health.forgive();
  health.silent('NoAnswer');
  expect([health.state, health.takes, health.isSick, health.why]).toEqual(['leaving', false, true, 'Http503']);
});

test('what was the weather is forgiven: it is tried anew', () => {
  const health = good();
  for (let times = 0; times < 9; times += 1) health.bad('Http503');
  health.forgive();
  expect([health.state, health.takes, health.inARow, health.counts]).toEqual([
    'probing',
    true,
    0,
    { bad: 0, answers: 0 },
  ]);
});

test("one whose answers are bad far more often than the others' is worse than they, with enough answers", () => {
  const answers = (fine: number, bad: number): Health => {
    const health = good();
    for (let at = 1; at < fine; at += 1) health.fine();
    for (let at = 0; at < bad; at += 1) {
      health.bad('Http503');
      // Never in a row.
      health.fine();
    }
    return health;
  };
  expect(answers(30, 30).isWorseThan({ bad: 10, answers: 1_000 })).toBe(true);
  expect(answers(5, 10).isWorseThan({ bad: 10, answers: 1_000 })).toBe(false);
  expect(answers(300, 10).isWorseThan({ bad: 0, answers: 1_000 })).toBe(false);
  expect(answers(30, 30).isWorseThan({ bad: 400, answers: 1_000 })).toBe(false);
});

test('old answers count for less and less', () => {
  const health = good();
  for (let times = 0; times < 200; times += 1) {
    health.bad('Http503');
    health.fine();
  }
  for (let times = 0; times < 1_600; times += 1) health.fine();
  expect(health.isWorseThan({ bad: 0, answers: 1_000 })).toBe(false);
});
