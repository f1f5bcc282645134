import { z } from 'zod';
import { key } from '../key.ts';
import { duration } from '../values.ts';

export const quarterHours = z
  .strictObject({
    kind: z.literal('quarter-hours'),
    apart: key(duration.prefault('2m'), { means: 'How far from :00, :15, :30 and :45 is far enough.', example: '2m' }),
  })
  .meta({
    description:
      'Nothing to Android starts near a quarter hour, which FCM asks for. Of an order with a moment that moment counts. It may be waived ahead, up to as many seconds.',
    example: { kind: 'quarter-hours', apart: '2m' },
  });
