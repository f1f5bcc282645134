import { z } from 'zod';
import { key } from '../key.ts';

export const page = z
  .strictObject({
    kind: z.literal('page'),
    say: key(z.string().min(1).max(500), {
      means: 'What the page says.',
      example: 'API servers are not at game-day size.',
    }),
    severity: key(z.enum(['critical', 'error']).default('critical'), {
      means: 'As PagerDuty knows it. What is less is for the room alone: `remind`.',
      example: 'error',
    }),
    link: key(
      z
        .string()
        .max(500)
        .regex(/^https:\/\/\S+$/, 'expected a link like https://wiki.example.com/playbook')
        .optional(),
      {
        means: 'The playbook to follow.',
        absent: '`playbook` of the runbook, if it has one',
        example: 'https://wiki.example.com/playbook',
      },
    ),
  })
  .meta({
    description:
      'Pages by PagerDuty (`GOBUTTON_PAGERDUTY_KEY`). One incident a step, however often it is tried; the step is done once PagerDuty has taken it, and red if it has not for five minutes.',
    example: { kind: 'page', say: 'API servers are not at game-day size.' },
  });
