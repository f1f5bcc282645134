import { z } from 'zod';
import { key } from '../key.ts';
import { count, duration } from '../values.ts';

export const rehearsed = z
  .strictObject({
    kind: z.literal('rehearsed'),
    what: key(z.enum(['infrastructure', 'limited', 'silent']).default('infrastructure'), {
      means: 'Which kind of rehearsal.',
      example: 'limited',
    }),
    within: key(duration.prefault('14d'), { means: 'How old it may be.', example: '14d' }),
    at_least: key(count(1).prefault(1_000), {
      means:
        'Of a rehearsal that sends: how many devices it must have reached. Of an audience that has not twice as many, half are enough: one that people see never goes to all.',
      unit: 'devices',
      example: 1_000,
    }),
    same_audience: key(z.boolean().default(false), {
      means:
        'Whether the audience must be the one that was rehearsed. A skip list that has only grown since changes nothing; one in the place of the one before reopens the gate.',
      example: true,
    }),
  })
  .meta({
    description: 'The last rehearsal of its kind is new enough, and has reached what `rehearsal` asks for.',
    example: { kind: 'rehearsed', what: 'infrastructure', within: '14d' },
  });
