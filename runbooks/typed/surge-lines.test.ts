import { expect, test } from 'vitest';
import { readSurgeLines } from './surge-lines.ts';

test.each([
  ['edge,50,0.9,250', [{ target: 'edge', perOpen: 50, perDelivery: 0.9, perUnit: 250 }]],
  ['edge,50', [{ target: 'edge', perOpen: 50 }]],
  [
    'edge,,,250\n\nimages, 1',
    [
      { target: 'edge', perUnit: 250 },
      { target: 'images', perOpen: 1 },
    ],
  ],
  ['fleet;per_unit\r\n"edge";1.5k', [{ target: 'edge', perUnit: 1_500 }]],
  ['per_open\tfleet\n12\tedge', [{ target: 'edge', perOpen: 12 }]],
  ['', []],
])('%j', (text, fleets) => {
  expect(readSurgeLines(text)).toEqual({ ok: true, fleets });
});

test.each([
  ['edge,many', 'Line 1: per_open: found “many”, expected a number in plain digits, like 40 or 1.5.'],
  ['fleet,requests\nedge,1', 'Line 1: found a column “requests”, expected fleet, per_open, per_delivery, per_unit.'],
  [
    '\nedge,1,1,600,000',
    'Line 2: found 5 fields, expected at most 4: fleet, per_open, per_delivery, per_unit (a number has no comma here).',
  ],
  ['edge;1,5', 'Line 1: per_open: found “1,5”'],
  [',1', 'Line 1: found no fleet, expected the name of one.'],
])('%j is refused, with its line', (text, say) => {
  expect(readSurgeLines(text)).toMatchObject({ ok: false, say: expect.stringContaining(say) });
});
