import './loads.ts';
import { expect, it } from 'vitest';
import { waitMs } from './pace.ts';

it('ten a second are a tenth of a second apart', () => {
  expect(waitMs(10)).toBe(100);
});
