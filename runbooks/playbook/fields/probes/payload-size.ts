import { z } from 'zod';

export const payloadSize = z.strictObject({ kind: z.literal('payload-size') }).meta({
  description: "Every locale's payload is at most 4,096 bytes on both platforms.",
  example: { kind: 'payload-size' },
});
