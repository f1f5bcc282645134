import { z } from 'zod';
import { key } from '../key.ts';
import { count, duration, id } from '../values.ts';

export const scale = z
  .strictObject({
    kind: z.literal('scale'),
    target: key(id, { means: 'One of `scale_targets`.', example: 'edge' }),
    to: key(count(0), {
      means:
        'The count to have. The first order of a target never lowers what runs; a later, lower one does, and puts back what was found.',
      unit: 'tasks, capacity units or write units',
      example: 40,
    }),
    late_after: key(duration.prefault('5m'), {
      means: 'So long after the order without arriving, the room is told, with the backup.',
      example: '30m',
    }),
    backup: key(z.string().max(300).default('ask on-call to scale by hand in the console'), {
      means: 'What people do then.',
      example: "raise the group's maximum by hand",
    }),
  })
  .meta({
    description: 'Orders a count of a fleet. The step is done when the count has come.',
    example: { kind: 'scale', target: 'edge', to: 40 },
  });
