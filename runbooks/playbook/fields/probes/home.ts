import { z } from 'zod';

export const home = z.strictObject({ kind: z.literal('home') }).meta({
  description: 'This region may send the launch: no other has taken it over.',
  example: { kind: 'home' },
});
