import { z } from 'zod';

export const testSend = z.strictObject({ kind: z.literal('test-send') }).meta({
  description: 'A test copy of the present content was accepted for at least one device of each platform in use.',
  example: { kind: 'test-send' },
});
