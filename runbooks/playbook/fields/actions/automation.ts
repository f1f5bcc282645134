import { z } from 'zod';
import { key } from '../key.ts';
import { duration } from '../values.ts';

// docs/facts.md#ssm-automation has the bounds.
const DOCUMENT = /^(arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:document\/)?[A-Za-z0-9_.-]{3,128}$/;
const PARAMETER = z.string().regex(/^[A-Za-z0-9_-]{1,50}$/, 'expected the name of a parameter like InstanceId');
const one = z.union([z.string().max(512), z.number(), z.boolean()]);

export const automation = z
  .strictObject({
    kind: z.literal('automation'),
    document: key(z.string().regex(DOCUMENT, 'expected the name of an automation document like lingo-warm-cache'), {
      means: "Its name; another account's by its ARN.",
      example: 'lingo-warm-cache',
    }),
    version: key(
      z
        .union(
          [z.int().min(1), z.string().regex(/^([1-9]\d{0,8}|\$DEFAULT|\$LATEST)$/)],
          'expected a number from 1 up, $DEFAULT or $LATEST',
        )
        .transform(String)
        .optional(),
      { means: 'Of the document.', unit: 'number, `$DEFAULT` or `$LATEST`', absent: 'its default version', example: 3 },
    ),
    parameters: key(z.record(PARAMETER, z.union([one, z.array(one).max(50)])).optional(), {
      means:
        "What the document asks for, by name. `AutomationAssumeRole` is the role that it works as: the bot's policy lets it be handed over.",
      absent: 'none is given',
      example: { Cluster: 'edge', Markets: ['us', 'de'] },
    }),
    within: key(duration.prefault('30m'), {
      means: 'So long it may take. Then the step is red, and the room says that AWS goes on with it.',
      example: '1h',
    }),
  })
  .meta({
    description:
      'Runs an automation document of AWS Systems Manager and follows it, step by step. Started once, however often it is tried; done once AWS says that it succeeded, red when it failed, was cancelled, timed out or could not be started within five minutes.',
    example: { kind: 'automation', document: 'lingo-warm-cache', parameters: { Cluster: 'edge' } },
  });
