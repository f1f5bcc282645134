import { z } from 'zod';
import { key } from '../key.ts';
import { role } from '../person.ts';
import { id } from '../values.ts';

export const backupsAssigned = z
  .strictObject({
    kind: z.literal('backups-assigned'),
    steps: key(z.array(id).min(1).optional(), {
      means:
        'Steps that somebody else must be able to see to when their owner is away: a `backup_owner`, or another of the group that owns them.',
      absent: 'every step with a `deadline`',
      example: ['edge-up'],
    }),
    roles: key(z.array(role).min(1).optional(), {
      means: 'Roles that at least two people must have.',
      absent: 'none',
      example: ['on-call'],
    }),
  })
  .meta({
    description: 'Steps and roles that must not hang on one person have a second one on the roster.',
    example: { kind: 'backups-assigned', steps: ['edge-up'], roles: ['on-call'] },
  });
