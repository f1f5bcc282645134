import { z } from 'zod';
import { key } from './key.ts';
import { link, words } from './values.ts';

export const contact = z
  .strictObject({
    name: key(words.max(80), { means: 'Who or what is called.', example: 'Cloud support' }),
    for: key(z.string().min(1).max(200), {
      means: 'When one turns to them.',
      example: 'Capacity that does not arrive',
    }),
    phone: key(
      z
        .string()
        .regex(/^\+?[\d ()/.-]{3,40}$/, 'expected a number like +1 206 555 0100')
        .optional(),
      { means: 'The number, in quotes.', absent: 'there is a link', example: '+1 206 555 0100' },
    ),
    link: key(link.optional(), {
      means: 'Where one writes to them, or finds them.',
      absent: 'there is a phone',
      example: 'https://support.example.com/case/42',
    }),
  })
  .refine(({ phone, link: at }) => phone !== undefined || at !== undefined, 'expected a `phone` or a `link`');
