import { z } from 'zod';
import { key } from '../key.ts';

/** Buttons in one row that a phone still shows. */
export const ANSWERS_MOST = 5;

export const ask = z
  .strictObject({
    kind: z.literal('ask'),
    say: key(z.string().min(1).max(1000), { means: 'The question.', example: 'Is the stadium feed up?' }),
    answers: key(z.array(z.string().min(1).max(60)).min(2).max(ANSWERS_MOST).default(['Yes', 'No']), {
      means: 'A button each. The first one lets the plan go on; any other turns the step red.',
      example: ['It is up', 'Not yet'],
    }),
  })
  .meta({
    description: 'Asks its owner, with buttons. The step is done once somebody on duty has answered.',
    example: { kind: 'ask', say: 'Is the stadium feed up?', answers: ['It is up', 'Not yet'] },
  });
