import { z } from 'zod';
import { key } from './key.ts';
import { id, title } from './values.ts';

export const group = z.strictObject({
  id: key(id, { means: 'What steps and gates call it; no person has the same.', example: 'edge-team' }),
  title: key(title, { means: 'As the room reads it.', example: 'Edge team' }),
  people: key(z.array(id).min(1), { means: 'Who is in it, by the ids of `people`.', example: ['ana', 'ben'] }),
  slack_group: key(
    z
      .string()
      .regex(/^S[A-Z0-9]{2,20}$/, 'expected the id of a Slack user group like S012ABCDEF')
      .optional(),
    {
      means: 'The Slack user group that is called for it.',
      absent: 'its people are called one by one',
      example: 'S012ABCDEF',
    },
  ),
});
