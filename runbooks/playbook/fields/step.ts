import { z } from 'zod';
import { action } from './action.ts';
import { backup } from './backup.ts';
import { key } from './key.ts';
import { duration, id, stepTime, title, words } from './values.ts';

export const step = z.strictObject({
  id: key(id, { means: 'What the record calls the step; each once in the runbook.', example: 'edge-up' }),
  title: key(title, { means: 'As the room reads it.', example: 'API servers to game-day size' }),
  at: key(stepTime, {
    means: 'When it starts: relative to T, which moves with the target, or at a time of its own, which does not.',
    example: 'T-6h',
  }),
  for: key(z.string().min(1).max(60).optional(), {
    means: 'One of `targets`: T of this step is that moment.',
    absent: 'T is the target of the launch',
    example: 'de',
  }),
  after: key(z.array(id).min(1).optional(), {
    means:
      'What it waits for, all of it: a step that is done or was skipped, a gate that is green or waived, `shot`: something was sent. A step that is due and waits is held, the room says for what, and it starts once that is over.',
    absent: 'its time alone',
    example: ['edge-up', 'shot'],
  }),
  owner: key(id.optional(), { means: 'Who sees to it: a person or a group.', absent: 'on-call', example: 'ana' }),
  backup_owner: key(id.optional(), {
    means:
      'Who sees to it when the owner is away: another person, or a group. Called beside the owner once the deadline has passed.',
    absent: 'the others of the group that owns it; else nobody in particular',
    example: 'ben',
  }),
  do: key(action, { means: 'What happens.', example: { kind: 'scale', target: 'edge', to: 40 } }),
  deadline: key(stepTime.optional(), {
    means:
      'By when it must be verified, written like `at`. If it is not, the room hears of it, its owner is called, and the backup begins.',
    absent: 'nobody waits for it',
    example: 'T-5h',
  }),
  takes: key(duration.optional(), {
    means:
      'How long it takes as a rule. Where less is left before the deadline, the room is warned while there is time.',
    absent: 'of `scale`, as long as its target took the last time in this launch',
    example: '15m',
  }),
  verify: key(id.optional(), {
    means: 'The gate whose green shows that it worked. Goes with a deadline.',
    absent: 'its own end, which of `scale` is the arrival of the count',
    example: 'edge',
  }),
  backup: key(backup.optional(), {
    means: 'What is done when the deadline passes and it is not verified.',
    absent: 'people are told, and decide',
    example: { say: 'Call the provider.' },
  }),
  catch_up_within: key(duration.prefault('10m'), {
    means: 'A step later than this is put to a person instead of run. `0s`: always.',
    example: '0s',
  }),
});

export const phase = z.strictObject({
  id: key(id, { means: 'The name of the phase; each once.', example: 'warm-up' }),
  title: key(words, { means: 'As the room reads it.', example: 'Warm-up' }),
  steps: key(z.array(step).min(1), {
    means: 'What is done in it.',
    example: [{ id: 'checklist', title: 'Readiness review', at: 'T-1h', do: { kind: 'checklist' } }],
  }),
});
