import { z } from 'zod';
import { key } from '../key.ts';

export const remind = z
  .strictObject({
    kind: z.literal('remind'),
    say: key(z.string().min(1).max(1000), { means: 'The words.', example: 'Deployments are frozen until the close.' }),
  })
  .meta({
    description: 'Tells the room something.',
    example: { kind: 'remind', say: 'Deployments are frozen until the close.' },
  });
