import { z } from 'zod';

export const checklist = z.strictObject({ kind: z.literal('checklist') }).meta({
  description: 'Calls the readiness review: the room looks at every gate.',
  example: { kind: 'checklist' },
});
