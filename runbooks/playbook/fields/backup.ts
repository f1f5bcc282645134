import { z } from 'zod';
import { action } from './action.ts';
import { key } from './key.ts';
import { id, title } from './values.ts';

const backupStep = z.strictObject({
  id: key(id, {
    means: 'What the record calls it; no other step of the runbook has the same.',
    example: 'edge-larger',
  }),
  title: key(title, { means: 'As the room reads it.', example: 'API servers, the larger group' }),
  owner: key(id.optional(), { means: 'Who sees to it: a person or a group.', absent: 'on-call', example: 'ana' }),
  do: key(action, {
    means: 'What happens: written as `do` of a step.',
    example: { kind: 'scale', target: 'edge', to: 60 },
  }),
});

export const backup = z.strictObject({
  say: key(z.string().min(1).max(500).optional(), {
    means: 'What people do then.',
    absent: 'its steps say it',
    example: "Raise the group's maximum by hand, then call the provider.",
  }),
  by_itself: key(z.boolean().default(false), {
    means:
      'Its steps run at the deadline without a press. Only for what does no harm: `remind`, `checklist`, `ask`, `page`.',
    example: true,
  }),
  steps: key(z.array(backupStep).prefault([]), {
    means: 'Steps that are offered then, each with its button.',
    example: [{ id: 'edge-larger', title: 'The larger group', do: { kind: 'scale', target: 'edge', to: 60 } }],
  }),
});
