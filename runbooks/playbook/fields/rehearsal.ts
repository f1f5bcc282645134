import { z } from 'zod';
import { key } from './key.ts';
import { duration, share } from './values.ts';

export const rehearsal = z.strictObject({
  ready_within: key(duration.prefault('3h'), {
    means:
      'From its beginning until every fleet has come and every worker is ready. A rehearsal of the infrastructure that takes longer ends there.',
    example: '3h',
  }),
  p99_within: key(duration.optional(), {
    means: 'Within what 99 of 100 accepted answers are to come after GO.',
    absent: 'no time is asked for',
    example: '5s',
  }),
  refused_at_most: key(share().optional(), {
    means: 'The largest share of tokens that providers may refuse for good.',
    absent: 'none is asked for',
    example: 0.01,
  }),
});
