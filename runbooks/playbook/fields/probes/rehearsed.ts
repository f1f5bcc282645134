import { z } from 'zod';
import { key } from '../key.ts';
import { duration } from '../values.ts';

export const rehearsed = z
  .strictObject({
    kind: z.literal('rehearsed'),
    what: key(z.enum(['infrastructure', 'limited']).default('infrastructure'), {
      means: 'Which kind of rehearsal.',
      example: 'limited',
    }),
    within: key(duration.prefault('14d'), { means: 'How old it may be.', example: '14d' }),
    same_audience: key(z.boolean().default(false), {
      means: 'Whether the audience must be the one that was rehearsed.',
      example: true,
    }),
  })
  .meta({
    description: 'The last rehearsal of its kind is new enough, and has reached what `rehearsal` asks for.',
    example: { kind: 'rehearsed', what: 'infrastructure', within: '14d' },
  });
