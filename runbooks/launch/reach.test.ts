import { expect, test } from 'vitest';
import { segmentTotals } from '../../test/properties/scene.ts';
import { failsAsAWhole, missedAsAWhole, missedSegments } from './reach.ts';

test('a platform fails as a whole when under a twentieth was surely reached; uncertain is not reached', () => {
  expect(failsAsAWhole({ accepted: 0, uncertain: 0, failed: 1 })).toBe(true);
  expect(failsAsAWhole({ accepted: 0, uncertain: 0, failed: 0 })).toBe(false);
  expect(failsAsAWhole({ accepted: 50, uncertain: 0, failed: 951 })).toBe(true);
  expect(failsAsAWhole({ accepted: 50, uncertain: 0, failed: 950 })).toBe(false);
  expect(failsAsAWhole({ accepted: 50, uncertain: 475, failed: 475 })).toBe(false);
  expect(failsAsAWhole({ accepted: 25, uncertain: 25, failed: 950 })).toBe(true);
  expect(failsAsAWhole({ accepted: 0, uncertain: 100, failed: 0 })).toBe(true);
});

test('what was not sent is missed too, unless a halt has cut it off; it is called by what most of it is', () => {
  const states = (more: object) => ({
    accepted: 0,
    failed: 0,
    uncertain: 0,
    halted: 0,
    late: 0,
    skipped: 500,
    ...more,
  });
  expect(missedAsAWhole(states({ late: 10 }), false)).toBe('unsent');
  expect(missedAsAWhole(states({ accepted: 1, late: 19 }), false)).toBeNull();
  expect(missedAsAWhole(states({ accepted: 1, late: 18, failed: 2 }), false)).toBe('unsent');
  // Workers that stopped by themselves have cut it off.
  expect([missedAsAWhole(states({ halted: 10 }), false), missedAsAWhole(states({ halted: 10 }), true)]).toEqual([
    'unsent',
    null,
  ]);
  expect([
    missedAsAWhole(states({ failed: 8, uncertain: 7, late: 7 }), false),
    missedAsAWhole(states({ failed: 7, uncertain: 8, late: 7 }), false),
  ]).toEqual(['refused', 'unanswered']);
  // Nobody of it was to get anything.
  expect(missedAsAWhole(states({}), false)).toBeNull();
  expect(
    missedSegments(
      [segmentTotals('us-ios', 1, 500, { late: 480 }), segmentTotals('br-ios', 1, 200, { late: 100 })],
      false,
    ),
  ).toMatchObject([{ segment: 'us-ios', how: 'unsent' }]);
});

test.each([
  [{ late: 5, failed: 5, uncertain: 5 }, 'unsent'],
  [{ late: 5, failed: 6, uncertain: 5 }, 'refused'],
  [{ late: 5, failed: 5, uncertain: 6 }, 'unanswered'],
  [{ late: 4, failed: 5, uncertain: 5 }, 'refused'],
  [{ late: 10, failed: 9, uncertain: 0 }, 'unsent'],
  [{ late: 9, failed: 0, uncertain: 10 }, 'unanswered'],
  [{ late: 10, accepted: 1, failed: 9 }, null],
  [{ late: 10, accepted: 1, failed: 10 }, 'unsent'],
  [{ late: 0, halted: 9, failed: 8 }, 'unsent'],
])('%j is missed as %s', (states, how) => {
  const none = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0 };
  expect(missedAsAWhole({ ...none, ...states }, false)).toBe(how);
});
