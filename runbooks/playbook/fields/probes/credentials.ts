import { z } from 'zod';

export const credentials = z.strictObject({ kind: z.literal('credentials') }).meta({
  description: 'On every worker the credential of each open connection has more than 10 minutes left.',
  example: { kind: 'credentials' },
});
