import { z } from 'zod';
import { key } from './key.ts';
import { count, figure, id, share } from './values.ts';

const surgeFleet = z.strictObject({
  target: key(id, { means: 'One of `scale_targets`.', example: 'edge' }),
  per_unit: key(count(1), {
    means: 'What one of its units (task, capacity unit, write unit) can take.',
    unit: 'requests a second',
    example: 250,
  }),
  per_open: key(figure(), {
    means: 'How many requests reach it when somebody opens the push.',
    unit: 'requests',
    example: 12,
  }),
  per_delivery: key(figure().prefault(0), {
    means: 'How many reach it by themselves when the push arrives: its image, a receipt of the app.',
    unit: 'requests',
    example: 0.9,
  }),
  usual: key(count(0).prefault(0), {
    means: 'What it has to take at that hour anyway.',
    unit: 'requests a second',
    example: 2_000,
  }),
});

export const surge = z.strictObject({
  open_rate: key(share(), { means: 'Of those whom it reaches, how many open it at once.', example: 0.04 }),
  unpaced_per_second: key(count(1).optional(), {
    means: 'How many pushes go out in a second where no pace holds them back, as a rehearsal has shown.',
    unit: 'pushes a second',
    absent: 'it is not known then, and neither is the surge',
    example: '200k',
  }),
  fleets: key(z.array(surgeFleet).min(1), {
    means: 'What the surge reaches.',
    example: [{ target: 'edge', per_unit: 250, per_open: 12 }],
  }),
});
