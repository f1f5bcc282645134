import { z } from 'zod';
import { key } from '../key.ts';
import { share } from '../values.ts';

const isTold = (atMost: number): boolean => atMost > 0;
const NOT_TOLD =
  'expected more than 0, like 0.001: that not one token will be refused only a push to everybody would tell, and a rehearsal is for some';

export const badTokens = z
  .strictObject({
    kind: z.literal('bad-tokens'),
    at_most: key(share().refine(isTold, NOT_TOLD).prefault(0.05), {
      means:
        'The largest share of the audience whose tokens may be refused, above 0: of no refusal at all only a push to everybody would tell.',
      example: 0.05,
    }),
  })
  .meta({
    description:
      "How many tokens of the audience will be refused for good: as in the last limited rehearsal, without those of its refused tokens that are on the skip list by now. Unknown while that rehearsal's answers are too few to tell.",
    example: { kind: 'bad-tokens', at_most: 0.05 },
  });
