import { z } from 'zod';
import { key } from '../key.ts';
import { duration } from '../values.ts';

export const clocks = z
  .strictObject({
    kind: z.literal('clocks'),
    within: key(duration.prefault('1s'), { means: 'The largest difference that is still green.', example: '1s' }),
  })
  .meta({
    description: "How far the clock of every worker and of the bot is from the store's.",
    example: { kind: 'clocks', within: '1s' },
  });
