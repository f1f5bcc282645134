import { expect, test } from 'vitest';
import { failsAsAWhole } from './reach.ts';

test('a platform fails as a whole when under a twentieth was surely reached; uncertain is not reached', () => {
  expect(failsAsAWhole({ accepted: 0, uncertain: 0, failed: 1 })).toBe(true);
  expect(failsAsAWhole({ accepted: 0, uncertain: 0, failed: 0 })).toBe(false);
  expect(failsAsAWhole({ accepted: 50, uncertain: 0, failed: 951 })).toBe(true);
  expect(failsAsAWhole({ accepted: 50, uncertain: 0, failed: 950 })).toBe(false);
  expect(failsAsAWhole({ accepted: 50, uncertain: 475, failed: 475 })).toBe(false);
  expect(failsAsAWhole({ accepted: 25, uncertain: 25, failed: 950 })).toBe(true);
  expect(failsAsAWhole({ accepted: 0, uncertain: 100, failed: 0 })).toBe(true);
});
