import { z } from 'zod';
import { key } from '../key.ts';
import { count } from '../values.ts';

export const workersReady = z
  .strictObject({
    kind: z.literal('workers-ready'),
    at_least: key(count(0).prefault(0), {
      means: 'How many must be ready. 0: as many as `pool` asks for.',
      unit: 'workers',
      example: 40,
    }),
  })
  .meta({
    description: "Send workers with the launch's audience and skip list in memory that report ready.",
    example: { kind: 'workers-ready' },
  });
