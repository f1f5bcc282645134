import { z } from 'zod';
import { key } from '../key.ts';
import { duration, share } from '../values.ts';

export const prime = z
  .strictObject({
    kind: z.literal('prime'),
    at_least: key(share().prefault(0.9), {
      means: 'Which part of the connections must have an authenticated answer, of the provider that has the fewest.',
      example: 0.9,
    }),
    within: key(duration.prefault('15m'), { means: 'So long it may take; then the step is red.', example: '15m' }),
  })
  .meta({
    description:
      'Sees the connections primed. Workers send pushes that show nothing to phones of the roster by themselves, within what a phone may get; the step is done when enough connections have met their provider.',
    example: { kind: 'prime', at_least: 0.9 },
  });
