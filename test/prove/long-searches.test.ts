import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Assumption } from './config.ts';
import type { Property } from './properties.ts';
import { installClocks } from './sandbox.ts';
import { search } from './search.ts';
import { SEARCHES, WITHOUT } from './searches.ts';

/** What `prove.test.ts` shows of short searches, of those with the most states. */

let restore: () => void = () => undefined;
beforeAll(() => {
  restore = installClocks();
});
afterAll(() => restore());

test('finds nothing, having seen all of it: one device, and halt', async () => {
  const { outcome } = await search(SEARCHES['one device, and halt']!);
  expect(outcome).toMatchObject({ found: null, isComplete: true });
  expect(outcome.states).toBeGreaterThan(200);
});

const rests: [Assumption, Property[]][] = [
  ['take-over-as-seen', ['lease-lasts']],
  ['settled-check', ['accepted-stays']],
];
test.each(rests)('finds what breaks without an assumption: %s', async (assumption, properties) => {
  const { outcome } = await search(WITHOUT[assumption]);
  expect(properties).toContain(outcome.found?.violation.property);
  expect(outcome.found?.trace[0]).toMatch(/^Ana asks for fire/);
});
