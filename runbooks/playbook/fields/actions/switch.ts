import { z } from 'zod';
import { key } from '../key.ts';
import { id, switchValue } from '../values.ts';

export const setSwitch = z
  .strictObject({
    kind: z.literal('switch'),
    switch: key(id, {
      means: '`zombie`, or one of `switches` that one person may set.',
      example: 'ads-banner',
    }),
    value: key(switchValue, {
      means:
        'What it is set to: `true`, `false`, a number or a text. `yes`, `no`, `on` and `off` are texts, and programs read them so.',
      example: true,
    }),
  })
  .meta({ description: 'Sets a switch.', example: { kind: 'switch', switch: 'ads-banner', value: true } });
