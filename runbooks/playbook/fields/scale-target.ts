import { z } from 'zod';
import { key } from './key.ts';
import { id } from './values.ts';

const name = key(id, { means: 'What steps, gates and `/go scale` call it.', example: 'edge' });

const common = {
  title: key(z.string().optional(), { means: 'As the room reads it.', absent: 'its id', example: 'API servers' }),
  if_changed: key(z.enum(['set-again', 'tell']).default('set-again'), {
    means:
      'When somebody else lowers a count that was ordered here: `set-again`, three times an order, then people are told; `tell`: they are told at once.',
    example: 'tell',
  }),
};

export const scaleTarget = z.discriminatedUnion('kind', [
  z
    .strictObject({
      id: name,
      kind: z.literal('ecs-service'),
      cluster: key(z.string(), { means: 'Its cluster, by name or ARN.', example: 'gobutton' }),
      service: key(z.string(), { means: 'The name of the service.', example: 'gobutton-workers' }),
      ...common,
    })
    .meta({
      description: 'An ECS service; a count is its tasks.',
      example: { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' },
    }),
  z
    .strictObject({
      id: name,
      kind: z.literal('auto-scaling-group'),
      group: key(z.string(), { means: 'The name of the group.', example: 'lingo-api' }),
      ...common,
    })
    .meta({
      description: 'An EC2 Auto Scaling group; a count is its capacity units: instances times their weights.',
      example: { id: 'edge', kind: 'auto-scaling-group', group: 'lingo-api' },
    }),
  z
    .strictObject({
      id: name,
      kind: z.literal('dynamodb-table'),
      table: key(z.string(), { means: 'The name of the table.', example: 'gobutton-claims' }),
      ...common,
    })
    .meta({
      description: 'A DynamoDB table with provisioned capacity; a count is its write units.',
      example: { id: 'claims', kind: 'dynamodb-table', table: 'gobutton-claims' },
    }),
]);
