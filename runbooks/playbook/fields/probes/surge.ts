import { z } from 'zod';

export const surgeProbe = z.strictObject({ kind: z.literal('surge') }).meta({
  description:
    'Each fleet of `surge` can take what the push brings: as the numbers of the runbook say, or those that were measured since.',
  example: { kind: 'surge' },
});
