import type { ResourceKind } from './resources.ts';

/** Who may do what on AWS, and why. One piece over 300 lines: the one table of rights, read side by side. */

/** `audience` makes and changes audiences, as a task or by hand; `command-line` is `npm run go`, for people. */
export const PROCESSES = ['bot', 'worker', 'audience', 'command-line'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** `action` as IAM calls it: a batch of SQS is the action of one. `file`: who calls it. On `s3:ListBucket`, `on` says below which keys. */
export interface Permission {
  action: string;
  on: readonly ResourceKind[];
  why: string;
  file: string;
}

const DEVICE_TABLE = 'infra/aws/device-table.ts';
const HOMES = 'infra/aws/home-store.ts';
const RECORD_COPY = 'infra/aws/record-copy.ts';
const RECORD = 'infra/aws/record-store.ts';
const CLAIM_READS = 'infra/aws/claim-reads.ts';
const CLAIMS = 'infra/aws/claim-store.ts';
const SWITCHES = 'infra/aws/switch-store.ts';
const LIVE = 'infra/aws/live-store.ts';
const LIVE_ITEMS = 'infra/aws/table-items.ts';
const QUEUES = 'infra/aws/queues.ts';
const OBJECTS = 'infra/aws/objects.ts';
const PARAMETERS = 'infra/aws/parameters.ts';
const SERVICES = 'infra/aws/scaling/scaling-services.ts';
const UNITS = 'infra/aws/scaling/fleet-unit.ts';
const GROUPS = 'infra/aws/scaling/scaling-groups.ts';
const TABLES = 'infra/aws/scaling/scaling-tables.ts';
const DOCTOR = 'infra/doctor/measure/aws.ts';
const RIGHTS = 'infra/doctor/measure/rights.ts';
const LOGS = 'infra/doctor/measure/logs.ts';
const SECRETS = 'infra/doctor/measure/secrets.ts';
const REGIONS = 'infra/doctor/measure/second-region.ts';
const TABLE_CARE = 'infra/doctor/measure/table-care.ts';
const TARGETS = 'infra/aws/scaling/scalable-targets.ts';
const AUTOMATIONS = 'infra/aws/automations.ts';
const AUDIENCE_TASK = 'infra/aws/audience-task.ts';

const may = (action: string, on: readonly ResourceKind[], why: string, file: string): Permission => ({
  action,
  on,
  why,
  file,
});

/**
 * What each process may do on AWS, and why: the roles of the stacks and the policies of the local cloud are made of this. A whole
 * launch is played against it (test/launch/permissions.test.ts): a right that is missing fails there, and one that nobody used.
 */
export const PERMISSIONS: Record<ProcessName, readonly Permission[]> = {
  bot: [
    may('dynamodb:Query', ['record-table'], 'reads what happened, and what the channel said', RECORD),
    may('dynamodb:PutItem', ['record-table'], 'adds what people decided, and what the channel said', RECORD),
    may('dynamodb:GetItem', ['record-table'], 'reads back after a write that it knows no answer of', RECORD),
    may(
      'dynamodb:BatchGetItem',
      ['claims-table'],
      'counts what is accounted for, and closes a shot where no worker does',
      CLAIM_READS,
    ),
    may('dynamodb:UpdateItem', ['claims-table'], 'closes claims that nobody accounts for any more', CLAIMS),
    may('dynamodb:GetItem', ['claims-table'], 'reads back after a write that it knows no answer of', CLAIMS),
    may('dynamodb:GetItem', ['switches-table'], 'reads halt, pace and the head of the record', SWITCHES),
    may('dynamodb:UpdateItem', ['switches-table'], 'halts, lifts, and writes the other switches', SWITCHES),
    may('dynamodb:GetItem', ['live-table'], 'reads leases, the roll and the marks of effects', LIVE),
    may('dynamodb:BatchGetItem', ['live-table'], 'finds the messages that tell of new entries', LIVE_ITEMS),
    may('dynamodb:PutItem', ['live-table'], 'keeps leases, gates, the roll and the index of launches', LIVE),
    may('dynamodb:UpdateItem', ['live-table'], 'marks effects as begun and done', LIVE),
    may('dynamodb:DeleteItem', ['live-table'], 'gives leases back, and drops the reports of dead workers', LIVE),
    may('dynamodb:Query', ['live-table'], 'reads reports, gates and the index of launches', LIVE_ITEMS),
    may(
      'sqs:GetQueueUrl',
      ['segment-queues', 'batch-queues', 'dead-letter-queues'],
      'finds the queues of the pool',
      QUEUES,
    ),
    may(
      'sqs:GetQueueAttributes',
      ['segment-queues', 'batch-queues', 'dead-letter-queues'],
      'measures their depth, and sees that they are as they should be',
      QUEUES,
    ),
    may('sqs:SendMessage', ['segment-queues'], 'orders the segments of a shot', QUEUES),
    may('s3:GetObject', ['manifests', 'frozen-sets'], 'reads what a shot is of, without a device token', OBJECTS),
    may(
      's3:ListBucket',
      ['manifests', 'frozen-sets', 'word-keys'],
      'tells one that is missing from one that it may not read',
      OBJECTS,
    ),
    may('s3:PutObject', ['frozen-sets'], 'freezes who is left of a shot', OBJECTS),
    may('s3:PutObject', ['staff-devices'], "puts the tokens of a launch's own people away", OBJECTS),
    may('s3:PutObject', ['room-files'], 'keeps what people attach in the war room', OBJECTS),
    may('s3:PutObject', ['word-keys'], 'keeps what people write there with a key that can be deleted', OBJECTS),
    may('s3:GetObject', ['word-keys'], 'reads what people wrote there', OBJECTS),
    may('s3:PutObject', ['public-flags'], "tells the app's servers which switches stand", OBJECTS),
    may('ssm:PutParameter', ['switch-parameters'], 'mirrors the switches where operators see them', PARAMETERS),
    may('ssm:GetParameter', ['switch-parameters'], 'hears a halt that was set by hand', PARAMETERS),
    may('ssm:GetParametersByPath', ['switch-parameters'], 'hears a halt that was set by hand', PARAMETERS),
    may('ssm:DescribeParameters', ['everything'], 'names who set it; AWS has no narrower resource', PARAMETERS),
    may('ecs:DescribeServices', ['scaled-services'], 'sees what runs', SERVICES),
    may('ecs:UpdateService', ['scaled-services'], 'scales', SERVICES),
    may(
      'ecs:DescribeTaskDefinition',
      ['everything'],
      'says what a task costs an hour; AWS has no narrower resource',
      UNITS,
    ),
    may(
      'autoscaling:DescribeAutoScalingGroups',
      ['everything'],
      'sees what runs; AWS has no narrower resource',
      GROUPS,
    ),
    may(
      'autoscaling:DescribeScalingActivities',
      ['everything'],
      'says why an instance is missing; AWS has no narrower resource',
      GROUPS,
    ),
    may('autoscaling:UpdateAutoScalingGroup', ['scaled-groups'], 'scales', GROUPS),
    may(
      'autoscaling:DescribeScheduledActions',
      ['everything'],
      'sees which steps AWS has in advance; AWS has no narrower resource',
      GROUPS,
    ),
    may(
      'autoscaling:PutScheduledUpdateGroupAction',
      ['scaled-groups'],
      'has AWS scale by itself should no bot live',
      GROUPS,
    ),
    may('autoscaling:DeleteScheduledAction', ['scaled-groups'], 'takes that back', GROUPS),
    may('dynamodb:DescribeTable', ['scaled-tables'], 'sees what a table takes', TABLES),
    may(
      'dynamodb:DescribeTable',
      ['record-table', 'switches-table', 'live-table'],
      'says what they lack (`/go doctor`); the claims are read as a table that scales',
      DOCTOR,
    ),
    may(
      'dynamodb:DescribeContinuousBackups',
      ['record-table', 'claims-table', 'switches-table', 'live-table'],
      'says whether a table can be put back (`/go doctor`)',
      TABLE_CARE,
    ),
    may(
      'dynamodb:DescribeTimeToLive',
      ['record-table', 'claims-table', 'switches-table', 'live-table'],
      'says what a table lets go by itself (`/go doctor`)',
      TABLE_CARE,
    ),
    may(
      'servicequotas:ListServiceQuotas',
      ['everything'],
      'says what the account lacks (`/go doctor`); AWS has no narrower resource',
      DOCTOR,
    ),
    may('dynamodb:UpdateTable', ['scaled-tables'], 'warms it', TABLES),
    may(
      'application-autoscaling:DescribeScalableTargets',
      ['everything'],
      'finds what else scales; AWS has no narrower resource',
      TARGETS,
    ),
    may(
      'application-autoscaling:RegisterScalableTarget',
      ['scalable-targets'],
      'holds a count against it, and puts back what was found',
      TARGETS,
    ),
    may(
      'application-autoscaling:DescribeScheduledActions',
      ['everything'],
      'sees which steps AWS has in advance, and what else is scheduled; AWS has no narrower resource',
      TARGETS,
    ),
    may(
      'application-autoscaling:PutScheduledAction',
      ['scalable-targets'],
      'has AWS scale by itself should no bot live',
      TARGETS,
    ),
    may('application-autoscaling:DeleteScheduledAction', ['scalable-targets'], 'takes that back', TARGETS),
    may(
      'ssm:StartAutomationExecution',
      ['automation-documents', 'automation-executions'],
      'runs what steps name; AWS asks for both',
      AUTOMATIONS,
    ),
    may('ssm:GetAutomationExecution', ['automation-executions'], 'follows it', AUTOMATIONS),
    may('iam:PassRole', ['automation-roles'], 'hands it the role that a step names', AUTOMATIONS),
    may('s3:GetObject', ['compile-states'], 'sees how far an audience is, without a row of it', OBJECTS),
    may('s3:ListBucket', ['compile-states'], 'tells one that is missing from one that it may not read', OBJECTS),
    may('ecs:RunTask', ['audience-definition'], 'starts the compile of an audience', AUDIENCE_TASK),
    may(
      'iam:PassRole',
      ['audience-roles'],
      'hands that task its two roles, which is asked with RunTask',
      AUDIENCE_TASK,
    ),
    may('ecs:DescribeTasks', ['audience-tasks'], 'follows it', AUDIENCE_TASK),
    may('ecs:StopTask', ['audience-tasks'], 'stops it when somebody cancels it', AUDIENCE_TASK),
  ],
  worker: [
    may('dynamodb:Query', ['record-table'], 'reads what was ordered, and who may', RECORD),
    may('dynamodb:PutItem', ['record-table'], 'adds the close of a shot and what a test copy became', RECORD),
    may('dynamodb:GetItem', ['record-table'], 'reads back after a write that it knows no answer of', RECORD),
    may('dynamodb:PutItem', ['claims-table'], 'claims a batch before it sends it', CLAIMS),
    may('dynamodb:UpdateItem', ['claims-table'], 'accounts for what it sent, and closes what others left', CLAIMS),
    may('dynamodb:GetItem', ['claims-table'], 'reads back after a write that it knows no answer of', CLAIMS),
    may('dynamodb:BatchGetItem', ['claims-table'], 'reads what is accounted for', CLAIM_READS),
    may('dynamodb:GetItem', ['switches-table'], 'hears of a halt four times a second', SWITCHES),
    may('dynamodb:GetItem', ['live-table'], 'reads which launch its pool serves, and the roll', LIVE),
    may('dynamodb:PutItem', ['worker-items'], 'reports, and takes the leases of a close and of a priming push', LIVE),
    may('dynamodb:Query', ['live-table'], 'reads the reports of the others', LIVE_ITEMS),
    may('sqs:GetQueueUrl', ['segment-queues', 'batch-queues'], 'finds the queues of its pool', QUEUES),
    may('sqs:ReceiveMessage', ['segment-queues', 'batch-queues'], 'takes work', QUEUES),
    may('sqs:DeleteMessage', ['segment-queues', 'batch-queues'], 'ends work that is done', QUEUES),
    may(
      'sqs:ChangeMessageVisibility',
      ['segment-queues', 'batch-queues'],
      "hands work back that it can't do now",
      QUEUES,
    ),
    may('sqs:SendMessage', ['batch-queues'], 'cuts a segment into batches', QUEUES),
    may('sqs:GetQueueAttributes', ['batch-queues'], 'sees how much waits', QUEUES),
    may(
      's3:GetObject',
      ['manifests', 'shards', 'skip-lists', 'frozen-sets', 'staff-devices'],
      'loads whom it sends to',
      OBJECTS,
    ),
    may(
      's3:ListBucket',
      ['manifests', 'shards', 'skip-lists', 'frozen-sets', 'staff-devices'],
      'tells one that is missing from one that it may not read',
      OBJECTS,
    ),
  ],
  audience: [
    may('dynamodb:DescribeTable', ['device-tables'], 'learns the key of a table of devices', DEVICE_TABLE),
    may('dynamodb:BatchGetItem', ['device-tables'], 'reads the devices of users, one item a user', DEVICE_TABLE),
    may('dynamodb:Query', ['device-tables'], 'reads the devices of a user, one item a device', DEVICE_TABLE),
    may('s3:PutObject', ['joined-rows'], 'keeps what was read, so that a second run goes on', OBJECTS),
    may('s3:GetObject', ['joined-rows'], 'goes on where it was stopped', OBJECTS),
    may('s3:ListBucket', ['joined-rows'], 'finds what was read already', OBJECTS),
    may('s3:DeleteObject', ['joined-rows'], 'leaves nothing of it beside the audience', OBJECTS),
    may('s3:GetObject', ['uploads'], 'reads lists that people have put there', OBJECTS),
    may('s3:ListBucket', ['uploads'], 'tells one that is missing from one that it may not read', OBJECTS),
    may('dynamodb:Query', ['record-table'], 'reads the launch', RECORD),
    may('dynamodb:PutItem', ['record-table'], 'sets its audience', RECORD),
    may('dynamodb:GetItem', ['record-table'], 'reads back after a write that it knows no answer of', RECORD),
    may('dynamodb:Query', ['live-table'], 'finds the launch before, to compare', LIVE_ITEMS),
    may('dynamodb:BatchGetItem', ['claims-table'], 'collects tokens that providers refused', CLAIM_READS),
    may(
      's3:PutObject',
      ['manifests', 'shards', 'shard-users', 'rejects', 'skip-lists'],
      'stores what it made',
      OBJECTS,
    ),
    may('s3:GetObject', ['manifests', 'shards', 'shard-users', 'skip-lists'], 'reads what it made', OBJECTS),
    may(
      's3:ListBucket',
      ['manifests', 'shards', 'shard-users', 'skip-lists'],
      'tells one that is missing from one that it may not read',
      OBJECTS,
    ),
  ],
  'command-line': [
    may('dynamodb:Query', ['record-table'], 'reads what happened', RECORD),
    may('dynamodb:PutItem', ['record-table'], 'adds what its user decided', RECORD),
    may('dynamodb:GetItem', ['record-table'], 'reads back after a write that it knows no answer of', RECORD),
    may('dynamodb:GetItem', ['switches-table'], 'shows how the switches stand', SWITCHES),
    may('dynamodb:UpdateItem', ['switches-table'], 'halts with the bot gone', SWITCHES),
    may('dynamodb:Query', ['live-table'], 'shows launches, reports and gates', LIVE_ITEMS),
    may('dynamodb:GetItem', ['live-table'], 'sees that what was decided is done', LIVE),
    may('dynamodb:PutItem', ['live-table'], 'measures the gates', LIVE),
    may('dynamodb:UpdateItem', ['live-table'], 'marks effects as begun and done', LIVE),
    may('dynamodb:BatchGetItem', ['claims-table'], 'counts what is left', CLAIM_READS),
    may(
      'sqs:GetQueueUrl',
      ['segment-queues', 'batch-queues', 'dead-letter-queues'],
      'finds the queues of the pool',
      QUEUES,
    ),
    may(
      'sqs:GetQueueAttributes',
      ['segment-queues', 'batch-queues', 'dead-letter-queues'],
      'measures the gates',
      QUEUES,
    ),
    may('sqs:SendMessage', ['segment-queues'], 'fires with the bot gone', QUEUES),
    may('s3:GetObject', ['manifests', 'frozen-sets'], 'reads what a shot is of', OBJECTS),
    may('s3:GetObject', ['word-keys'], 'reads what people wrote in the channel', OBJECTS),
    may(
      's3:ListBucket',
      ['manifests', 'frozen-sets', 'staff-devices', 'room-files', 'word-keys'],
      'finds what forget deletes',
      OBJECTS,
    ),
    may('s3:PutObject', ['frozen-sets'], 'freezes who is left of a shot', OBJECTS),
    may('s3:PutObject', ['word-keys'], 'deletes one message: puts the keys of the others anew', OBJECTS),
    may(
      's3:DeleteObject',
      ['staff-devices', 'room-files', 'word-keys'],
      "deletes the tokens of a launch's people, their words and files",
      OBJECTS,
    ),
    may('ssm:PutParameter', ['switch-parameters'], 'mirrors the switches', PARAMETERS),
    may('ssm:GetParameter', ['switch-parameters'], 'sees who changed one', PARAMETERS),
    may('ssm:GetParametersByPath', ['switch-parameters'], 'shows how they stand', PARAMETERS),
    may('ecs:DescribeServices', ['scaled-services'], 'measures the gates', SERVICES),
    may(
      'autoscaling:DescribeAutoScalingGroups',
      ['everything'],
      'measures the gates; AWS has no narrower resource',
      GROUPS,
    ),
    may(
      'autoscaling:DescribeScalingActivities',
      ['everything'],
      'says why an instance is missing; AWS has no narrower resource',
      GROUPS,
    ),
    may('dynamodb:DescribeTable', ['scaled-tables'], 'measures the gates', TABLES),
  ],
};

/**
 * What a person needs besides who runs `npm run doctor`: reads alone. No process has them as a role; the local cloud gives them to
 * its operator, and docs/aws.md names them for an account's people.
 */
export const DOCTOR_READS: readonly Permission[] = [
  may(
    'dynamodb:DescribeTable',
    ['record-table', 'claims-table', 'switches-table', 'live-table'],
    'says what they lack',
    DOCTOR,
  ),
  may(
    'dynamodb:DescribeContinuousBackups',
    ['record-table', 'claims-table', 'switches-table', 'live-table'],
    'says whether a table can be put back',
    TABLE_CARE,
  ),
  may(
    'dynamodb:DescribeTimeToLive',
    ['record-table', 'claims-table', 'switches-table', 'live-table'],
    'says what a table lets go by itself',
    TABLE_CARE,
  ),
  may('dynamodb:DescribeTable', ['homes-table'], 'says whether two regions share it', REGIONS),
  may('s3:GetReplicationConfiguration', ['replicated-bucket'], 'says what is copied to the standby', REGIONS),
  may('s3:GetBucketVersioning', ['replicated-bucket'], 'says whether it can be copied', REGIONS),
  may('ecs:DescribeServices', ['scaled-services'], 'finds the fleet', DOCTOR),
  may('ecs:DescribeTaskDefinition', ['everything'], 'finds image, size and role of a worker', DOCTOR),
  may('ecr:DescribeImages', ['everything'], 'says whether the image was pushed', DOCTOR),
  may('servicequotas:ListServiceQuotas', ['everything'], 'says what the account lacks', DOCTOR),
  may(
    'iam:SimulatePrincipalPolicy',
    ['everything'],
    'says what the roles of bot and worker may do, and those that start them',
    RIGHTS,
  ),
  may('secretsmanager:DescribeSecret', ['everything'], 'says whether a secret is there, without its value', SECRETS),
  may('logs:DescribeLogGroups', ['everything'], 'says whether a log group is there, and how long it keeps', LOGS),
];

/** Besides, for launches with a second region (infra/aws/access/second-region.test.ts holds them to what is called). */
export const SECOND_REGION: Record<ProcessName, readonly Permission[]> = {
  bot: [
    may(
      'dynamodb:GetItem',
      ['homes-table'],
      'shows which region has the launch, and lets go of one that was taken',
      HOMES,
    ),
    may('dynamodb:Query', ['other-record-table'], 'sees how far the record is carried over', RECORD_COPY),
    may('dynamodb:PutItem', ['other-record-table'], 'carries the record over, where nothing stands', RECORD_COPY),
    may('dynamodb:GetItem', ['other-record-table'], 'sees whether what stands there is the same', RECORD_COPY),
    may('dynamodb:DescribeTable', ['homes-table'], 'says whether two regions share it (`/go doctor`)', REGIONS),
    may(
      's3:GetReplicationConfiguration',
      ['replicated-bucket'],
      'says what is copied to the standby (`/go doctor`)',
      REGIONS,
    ),
    may('s3:GetBucketVersioning', ['replicated-bucket'], 'says whether it can be copied (`/go doctor`)', REGIONS),
  ],
  worker: [
    may('dynamodb:GetItem', ['homes-table'], 'reads whether its region may send', HOMES),
    may('dynamodb:UpdateItem', ['homes-table'], 'writes that its region has begun', HOMES),
  ],
  audience: [],
  'command-line': [
    may('dynamodb:GetItem', ['homes-table'], 'reads which region has the launch', HOMES),
    may('dynamodb:UpdateItem', ['homes-table'], 'gives it to this region, for two people', HOMES),
    may('dynamodb:Query', ['other-record-table'], 'reads what was not carried over yet', RECORD_COPY),
  ],
};
