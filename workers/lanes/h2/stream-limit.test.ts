import { expect, test } from 'vitest';
import { StreamLimit } from './stream-limit.ts';

const unlocked = (most: number): StreamLimit => {
  const limit = new StreamLimit(1, most);
  limit.unlock();
  return limit;
};
const answers = (limit: StreamLimit, count: number): void => {
  for (let at = 0; at < count; at += 1) limit.answered();
};

test('the least of what we want, what the peer allows and, until it knows us, the start', () => {
  const limit = new StreamLimit(1, 1_000);
  limit.setPeer(100);
  expect(limit.value).toBe(1);
  limit.unlock();
  expect(limit.value).toBe(100);
  limit.setPeer(0);
  expect(limit.value).toBe(0);
  limit.setPeer(5_000);
  expect(limit.value).toBe(1_000);
});

test('a refused stream leaves what was open beside it, at least 1', () => {
  const limit = unlocked(1_000);
  limit.setPeer(100);
  for (let open = 99; open >= 10; open -= 1) limit.refused(open);
  expect(limit.value).toBe(10);
  limit.refused(0);
  expect(limit.value).toBe(1);
});

test("as many answers as it allows add one stream, until the peer's limit is reached", () => {
  const limit = unlocked(1_000);
  limit.setPeer(100);
  limit.refused(10);
  answers(limit, 9);
  expect(limit.value).toBe(10);
  answers(limit, 1);
  expect(limit.value).toBe(11);
  // 11 + 12 + … + 99.
  answers(limit, 4_895 - 1);
  expect(limit.value).toBe(99);
  answers(limit, 1);
  expect(limit.value).toBe(100);
  limit.setPeer(200);
  expect(limit.value).toBe(200);
});

test('a refusal counts anew: what was answered before it adds nothing', () => {
  const limit = unlocked(1_000);
  limit.refused(10);
  answers(limit, 9);
  limit.refused(10);
  answers(limit, 9);
  expect(limit.value).toBe(10);
});

test('refusals that a lowered limit explains hold nothing back when it is raised again, and a raised limit lifts our own', () => {
  const limit = unlocked(1_000);
  limit.setPeer(100);
  limit.setPeer(1);
  for (let open = 99; open >= 1; open -= 1) limit.refused(open);
  limit.setPeer(100);
  expect(limit.value).toBe(100);
  limit.refused(7);
  limit.setPeer(50);
  expect(limit.value).toBe(7);
  limit.setPeer(51);
  expect(limit.value).toBe(51);
});
