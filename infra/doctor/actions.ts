import type { Process } from './judge/rights.ts';

/** Where an action is done. */
export type Place =
  | 'record'
  | 'claims'
  | 'switches'
  | 'live'
  | 'queues'
  | 'objects'
  | 'bucket'
  | 'parameters'
  | 'service'
  | 'any';

export interface Action {
  action: string;
  on: Place;
}

const on = (place: Place, ...actions: string[]): Action[] => actions.map((action) => ({ action, on: place }));

const BOTH: readonly Action[] = [
  ...on('record', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'),
  ...on('claims', 'dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'),
  ...on('switches', 'dynamodb:GetItem'),
  ...on('live', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'),
  ...on('queues', 'sqs:GetQueueUrl', 'sqs:SendMessage'),
  ...on('objects', 's3:GetObject', 's3:PutObject'),
];

export const ACTIONS: Readonly<Record<Process, readonly Action[]>> = {
  bot: [
    ...BOTH,
    ...on('switches', 'dynamodb:UpdateItem'),
    ...on('queues', 'sqs:CreateQueue', 'sqs:GetQueueAttributes', 'sqs:SetQueueAttributes'),
    ...on('objects', 's3:DeleteObject'),
    ...on('parameters', 'ssm:GetParameter', 'ssm:GetParametersByPath', 'ssm:PutParameter'),
    ...on('service', 'ecs:DescribeServices', 'ecs:UpdateService'),
    ...on(
      'any',
      'ssm:DescribeParameters',
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:RegisterScalableTarget',
    ),
  ],
  worker: [...BOTH, ...on('queues', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility')],
};
