import { z } from 'zod';
import { key } from '../key.ts';
import { share } from '../values.ts';

export const primedShare = z
  .strictObject({
    kind: z.literal('primed-share'),
    at_least: key(share().prefault(0.9), { means: 'The least share of connections.', example: 0.9 }),
  })
  .meta({
    description: 'Connections to the providers that have an authenticated answer.',
    example: { kind: 'primed-share', at_least: 0.9 },
  });
