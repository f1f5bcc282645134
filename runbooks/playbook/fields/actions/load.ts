import { z } from 'zod';
import { key } from '../key.ts';
import { count, duration } from '../values.ts';

export const load = z
  .strictObject({
    kind: z.literal('load'),
    at_least: key(count(0).prefault(0), {
      means: 'How many workers must have it. 0: as many as `pool` asks for.',
      unit: 'workers',
      example: 40,
    }),
    within: key(duration.prefault('30m'), { means: 'So long it may take; then the step is red.', example: '20m' }),
  })
  .meta({
    description:
      'Sees the audience loaded. Workers load it by themselves once they stand; the step is done when so many have it, with the skip list, whole and in memory, and say that they are ready.',
    example: { kind: 'load', within: '20m' },
  });
