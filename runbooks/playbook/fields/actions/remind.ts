import { z } from 'zod';
import { key } from '../key.ts';
import { words } from '../values.ts';

export const remind = z
  .strictObject({
    kind: z.literal('remind'),
    say: key(words.max(1000), { means: 'The words.', example: 'Deployments are frozen until the close.' }),
    unless: key(z.literal('armed').optional(), {
      means:
        'For a reminder to arm: it is not given where everything that has its T (`for`) is armed, was fired, or has missed its moment. While all is halted it says that first.',
      absent: 'it is given whatever happened',
      example: 'armed',
    }),
  })
  .meta({
    description: 'Tells the room something.',
    example: { kind: 'remind', say: 'Deployments are frozen until the close.' },
  });
