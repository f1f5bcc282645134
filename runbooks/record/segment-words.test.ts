import { expect, test } from 'vitest';
import { segmentList } from './segment-words.ts';

const on = (ids: string, attempt = 1) => ids.split(' ').map((segment) => ({ segment, attempt }));

test('a few segments are told by name, and further attempts with their number', () => {
  expect(segmentList(on('us-ios us-android'))).toBe('us-ios, us-android');
  expect(segmentList([...on('us-ios'), ...on('br-ios', 2)])).toBe('us-ios, br-ios (attempt 2)');
});

test('many segments are told by market and platform, and none is left out', () => {
  expect(segmentList(on('br-ios de-ios us-ios br-android us-android'))).toBe(
    '5 segments: br and us on ios and android, de on ios',
  );
  expect(segmentList([...on('br-ios us-ios us-android gb-android'), ...on('de-ios jp-ios', 2)])).toBe(
    '6 segments: br on ios, us on ios and android, gb on android; de and jp on ios (attempt 2)',
  );
});

test('segments that are not cut by platform keep their names', () => {
  expect(segmentList(on('br de us gb us-ios'))).toBe('5 segments: br, de, us, gb and us-ios');
});
