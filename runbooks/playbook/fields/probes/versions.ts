import { z } from 'zod';

export const versions = z.strictObject({ kind: z.literal('versions') }).meta({
  description: 'Bot and workers run one version of gobutton.',
  example: { kind: 'versions' },
});
