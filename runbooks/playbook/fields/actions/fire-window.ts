import { z } from 'zod';
import { key } from '../key.ts';

export const fireWindow = z
  .strictObject({
    kind: z.literal('fire-window'),
    say: key(z.string().max(1000).optional(), {
      means: 'The words.',
      absent: 'how GO is asked for',
      example: 'Ask with `/go fire all`.',
    }),
  })
  .meta({
    description: 'Tells the room that the moment has come. It fires nothing.',
    example: { kind: 'fire-window', say: 'Ask with `/go fire all`.' },
  });
