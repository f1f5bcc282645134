import { z } from 'zod';

export const providers = z.strictObject({ kind: z.literal('providers') }).meta({
  description:
    "Each provider of the audience's platforms was met by a ready worker, took its credential and answered; no worker that would send found otherwise.",
  example: { kind: 'providers' },
});
