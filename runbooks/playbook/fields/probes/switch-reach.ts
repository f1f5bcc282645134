import { z } from 'zod';
import { key } from '../key.ts';
import { duration } from '../values.ts';

export const switchReach = z
  .strictObject({
    kind: z.literal('switch-reach'),
    within: key(duration.prefault('800ms'), { means: 'The longest time that is still green.', example: '800ms' }),
  })
  .meta({
    description: 'Every worker has confirmed that it reads the halt switch.',
    example: { kind: 'switch-reach', within: '800ms' },
  });
