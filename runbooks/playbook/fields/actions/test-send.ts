import { z } from 'zod';
import { key } from '../key.ts';
import { duration, id } from '../values.ts';

export const testSend = z
  .strictObject({
    kind: z.literal('test-send'),
    to: key(z.array(id).min(1).max(50).optional(), {
      means: 'Whose phones get the copies, by person.',
      absent: 'everybody of whom a phone is known',
      example: ['mia', 'ana'],
    }),
    within: key(duration.prefault('5m'), {
      means: 'So long the answers may take; then the step is red.',
      example: '5m',
    }),
  })
  .meta({
    description:
      'Sends copies of the campaign as it is then to people of the roster, as `/go test all`. Done once the providers have accepted every copy, red if one was refused. That somebody has looked at them is for a gate.',
    example: { kind: 'test-send', to: ['mia'] },
  });
