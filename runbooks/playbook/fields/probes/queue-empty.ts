import { z } from 'zod';
import { key } from '../key.ts';

export const queueEmpty = z
  .strictObject({
    kind: z.literal('queue-empty'),
    queue: key(z.enum(['segments', 'batches', 'dead-letters']), { means: 'Which queue.', example: 'batches' }),
  })
  .meta({
    description: "Messages that are visible in a queue of the launch's pool. Not looked at while a shot runs.",
    example: { kind: 'queue-empty', queue: 'batches' },
  });
