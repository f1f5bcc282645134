import { z } from 'zod';
import { key } from '../key.ts';
import { id } from '../values.ts';

export const scaled = z
  .strictObject({
    kind: z.literal('scaled'),
    target: key(id, { means: 'One of `scale_targets`.', example: 'edge' }),
  })
  .meta({
    description: 'A scale target stands at the count that was last ordered.',
    example: { kind: 'scaled', target: 'edge' },
  });
