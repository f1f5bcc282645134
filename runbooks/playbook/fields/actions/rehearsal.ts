import { z } from 'zod';

export const rehearsal = z.strictObject({ kind: z.literal('rehearsal') }).meta({
  description:
    'Rehearses the infrastructure, as `/go rehearse infrastructure`: fleets up, audience loaded, providers met, and back. Done with its report, red where that falls short of `rehearsal`, or where it can not begin. One that sends needs a channel of its own, and a person who begins it.',
  example: { kind: 'rehearsal' },
});
