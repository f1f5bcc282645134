import { z } from 'zod';
import { key } from '../key.ts';
import { id } from '../values.ts';

export const webhook = z
  .strictObject({
    kind: z.literal('webhook'),
    to: key(id, { means: 'Its name in `GOBUTTON_WEBHOOKS`, which has address and secret.', example: 'ads-team' }),
    data: key(z.record(z.string().min(1).max(60), z.union([z.string().max(500), z.number(), z.boolean()])).optional(), {
      means: 'What it is told besides launch and step.',
      absent: 'nothing more',
      example: { banner: 'on' },
    }),
  })
  .meta({
    description:
      'POSTs to a webhook, signed as Standard Webhooks has it. Tried again with the same id while there is no answer or the server has trouble (5xx, 429); done by any 2xx, red by any other answer or after five minutes.',
    example: { kind: 'webhook', to: 'ads-team', data: { banner: 'on' } },
  });
