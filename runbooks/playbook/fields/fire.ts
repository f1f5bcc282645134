import { z } from 'zod';
import { key } from './key.ts';
import { id } from './values.ts';

const names = z.array(id).min(1);

export const fire = z.strictObject({
  may_ask: key(names.optional(), {
    means: 'Who may ask for a fire: roles (`on-call`, `marketer`), groups and people, by their ids.',
    absent: 'everybody who is on-call or marketer',
    example: ['marketer'],
  }),
  may_approve: key(names.optional(), {
    means: 'Who may be the second person, who presses GO or arms it; never who asked.',
    absent: 'everybody who is on-call or marketer',
    example: ['on-call', 'ben'],
  }),
});
