import { z } from 'zod';
import { key } from '../key.ts';
import { duration, id } from '../values.ts';

export const peoplePresent = z
  .strictObject({
    kind: z.literal('people-present'),
    within: key(duration.prefault('30m'), { means: 'How long a word of somebody counts.', example: '30m' }),
    people: key(z.array(id).min(1).optional(), {
      means: 'Who must be there.',
      absent: 'everybody on call, and the owners of gates',
      example: ['ana', 'mia'],
    }),
  })
  .meta({
    description: 'People have said that they are there, by a button or with `/go here`.',
    example: { kind: 'people-present', within: '30m', people: ['ana', 'mia'] },
  });
