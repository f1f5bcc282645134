import { queueNames } from '../../../contract/queue-names.ts';
import { parameterPath } from '../parameters.ts';
import { homesTable, tableNames } from '../tables.ts';

/** What the names in an account are: of one stack, or of the local cloud. In a template account and Region may be tokens. */
export interface AccountNames {
  /** `aws`, or that of another part of AWS (`aws-cn`). */
  partition: string;
  region: string;
  /** The other region of launches that have two; absent: they have one. */
  otherRegion?: string;
  account: string;
  tablePrefix: string;
  bucket: string;
  pools: readonly string[];
  /** Names of the secrets with the providers' keys; absent: none is read anew. */
  providerSecrets?: readonly string[];
  /** Of the secret with what Slack gives the app; absent: it is not read anew. */
  slackSecrets?: readonly string[];
  /** Where audiences are read from, if they are not in files. */
  deviceTables: readonly string[];
  /** What runbooks scale in this account. */
  scaled: {
    services: readonly { cluster: string; service: string }[];
    groups: readonly string[];
    tables: readonly string[];
  };
  /** Documents of Systems Manager that its steps run, by name or ARN, and the roles that these are told to work as. */
  automations: { documents: readonly string[]; roles: readonly string[] };
  /** What the bot starts to compile an audience. `roles`: its task's and that of who starts it, by ARN. Null: nothing. */
  audienceTask: { cluster: string; family: string; roles: readonly string[] } | null;
}

/** Values by the key that they are for, by the operator that compares them. */
export type Condition = Partial<
  Record<'StringLike' | 'StringEquals' | 'ArnEquals' | 'ForAllValues:StringLike', Readonly<Record<string, string[]>>>
>;

/**
 * What a permission is for. `everything` is for actions that AWS knows no narrower resource of: lists of a whole account.
 * Objects are named by their keys: whoever may read a manifest need not be able to read device tokens.
 */
export type ResourceKind =
  | 'record-table'
  | 'claims-table'
  | 'switches-table'
  | 'live-table'
  | 'worker-items'
  | 'homes-table'
  | 'provider-secrets'
  | 'slack-secrets'
  | 'other-record-table'
  | 'replicated-bucket'
  | 'device-tables'
  | 'segment-queues'
  | 'batch-queues'
  | 'dead-letter-queues'
  | 'manifests'
  | 'shards'
  | 'shard-users'
  | 'rejects'
  | 'joined-rows'
  | 'compile-states'
  | 'uploads'
  | 'skip-lists'
  | 'frozen-sets'
  | 'staff-devices'
  | 'room-files'
  | 'word-keys'
  | 'public-flags'
  | 'switch-parameters'
  | 'scaled-services'
  | 'scaled-groups'
  | 'scaled-tables'
  | 'scalable-targets'
  | 'automation-documents'
  | 'automation-executions'
  | 'automation-roles'
  | 'audience-definition'
  | 'audience-tasks'
  | 'audience-roles'
  | 'everything';

export const bucketArn = ({ partition, bucket }: AccountNames): string => `arn:${partition}:s3:::${bucket}`;

/** The ARNs of a kind, with `*` for what is not known beforehand (a launch's id, a content's hash). None: the account has nothing of it. */
export function arnsOf(kind: ResourceKind, names: AccountNames): string[] {
  const arn = (service: string, rest: string, region = names.region) =>
    `arn:${names.partition}:${service}:${region}:${names.account}:${rest}`;
  const table = (name: string) => arn('dynamodb', `table/${name}`);
  const objects = (keys: string) => [`${bucketArn(names)}/${keys}`];
  const queues = (of: (queues: ReturnType<typeof queueNames>) => readonly string[]) =>
    names.pools.flatMap((pool) => of(queueNames(pool)).map((name) => arn('sqs', name)));
  // AWS adds six characters of its own to each name (docs/facts.md#secret-partial-arn).
  const secrets = (of: readonly string[] = []) => of.map((name) => arn('secretsmanager', `secret:${name}-??????`));
  const tables = tableNames(names.tablePrefix);
  switch (kind) {
    case 'record-table':
      return [table(tables.record)];
    case 'claims-table':
      return [table(tables.claims)];
    case 'switches-table':
      return [table(tables.switches)];
    case 'live-table':
    case 'worker-items':
      return [table(tables.live)];
    case 'homes-table':
      return names.otherRegion === undefined ? [] : [table(homesTable(names.tablePrefix))];
    case 'other-record-table':
      return names.otherRegion === undefined ? [] : [arn('dynamodb', `table/${tables.record}`, names.otherRegion)];
    case 'provider-secrets':
      return secrets(names.providerSecrets);
    case 'slack-secrets':
      return secrets(names.slackSecrets);
    case 'replicated-bucket':
      return names.otherRegion === undefined ? [] : [bucketArn(names)];
    case 'device-tables':
      return names.deviceTables.map(table);
    case 'segment-queues':
      return queues(({ segments }) => [segments]);
    case 'batch-queues':
      return queues(({ batches }) => Object.values(batches));
    case 'dead-letter-queues':
      return queues(({ deadLetters, segmentDeadLetters }) => [deadLetters, segmentDeadLetters]);
    case 'manifests':
      return objects('audiences/*/manifest.json');
    case 'shards':
      return objects('audiences/*.shard');
    case 'shard-users':
      return objects('audiences/*.users');
    case 'rejects':
      return objects('audiences/*/rejects.ndjson');
    case 'joined-rows':
      return objects('joins/*');
    case 'compile-states':
      return objects('joins/*/state.json');
    case 'uploads':
      return objects('uploads/*');
    case 'skip-lists':
      return objects('skip-lists/*');
    case 'frozen-sets':
      return objects('sets/*');
    case 'staff-devices':
      return objects('launches/*/staff-devices/*');
    case 'room-files':
      return objects('launches/*/files/*');
    case 'word-keys':
      return objects('launches/*/words/*');
    case 'public-flags':
      return objects('switches/*.json');
    case 'switch-parameters':
      return [arn('ssm', `parameter${parameterPath(names.tablePrefix)}*`)];
    case 'scaled-services':
      return names.scaled.services.map(({ cluster, service }) => arn('ecs', `service/${cluster}/${service}`));
    case 'scaled-groups':
      // Between the colons stands an id that AWS makes up.
      return names.scaled.groups.map((group) => arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${group}`));
    case 'scaled-tables':
      return names.scaled.tables.map(table);
    case 'scalable-targets':
      // AWS compares it with `scalable-target/*` itself, whatever is scaled (docs/facts.md#scalable-target-rights).
      return conditionOf(kind, names) === null ? [] : [arn('application-autoscaling', 'scalable-target/*')];
    case 'automation-documents':
      return names.automations.documents.map((document) => documentArn(names, document));
    case 'automation-executions':
      // Its id is AWS's.
      return names.automations.documents.length === 0 ? [] : [arn('ssm', 'automation-execution/*')];
    case 'automation-roles':
      return [...names.automations.roles];
    case 'audience-definition':
      // Any revision: a deployment makes a new one.
      return names.audienceTask === null ? [] : [arn('ecs', `task-definition/${names.audienceTask.family}:*`)];
    case 'audience-tasks':
      return names.audienceTask === null ? [] : [arn('ecs', `task/${names.audienceTask.cluster}/*`)];
    case 'audience-roles':
      return [...(names.audienceTask?.roles ?? [])];
    case 'everything':
      return ['*'];
    default:
      return kind satisfies never;
  }
}

/** What must be so besides, where ARNs of the kind tell too little: a task only in its own cluster, a role only handed to a task. Null: nothing. */
export function conditionOf(kind: ResourceKind, names: AccountNames): Condition | null {
  if (kind === 'scalable-targets') return scalingCondition(names);
  if (kind === 'worker-items') return { 'ForAllValues:StringLike': { [LEADING_KEYS]: WORKER_ITEMS } };
  if (kind === 'automation-roles') return { StringEquals: { 'iam:PassedToService': ['ssm.amazonaws.com'] } };
  if (names.audienceTask === null) return null;
  if (kind === 'audience-roles') return { StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } };
  if (kind !== 'audience-definition' && kind !== 'audience-tasks') return null;
  const { partition, region, account, audienceTask } = names;
  return {
    ArnEquals: { 'ecs:cluster': [`arn:${partition}:ecs:${region}:${account}:cluster/${audienceTask.cluster}`] },
  };
}

/** The partition keys that a request is about (docs/facts.md#dynamodb-leading-keys). */
export const LEADING_KEYS = 'dynamodb:LeadingKeys';

/** Of the live table: who leads, what the gates are, the roll and which launch a pool serves are the bot's to say. */
const WORKER_ITEMS = ['reports/*', 'lease/closer/*', 'lease/prime/*'];

/** AWS's own documents are in no account (docs/facts.md#ssm-automation-rights). */
function documentArn({ partition, region, account }: AccountNames, document: string): string {
  if (document.startsWith('arn:')) return document;
  return `arn:${partition}:ssm:${region}:${/^AWS[A-Za-z]*-/.test(document) ? '' : account}:document/${document}`;
}

function scalingCondition({ scaled }: AccountNames): Condition | null {
  const namespaces = [
    ...(scaled.services.length > 0 ? ['ecs'] : []),
    ...(scaled.tables.length > 0 ? ['dynamodb'] : []),
  ];
  if (namespaces.length === 0) return null;
  return {
    StringLike: {
      'application-autoscaling:service-namespace': namespaces,
      'application-autoscaling:scalable-dimension': namespaces.flatMap((namespace) => DIMENSIONS[namespace] ?? []),
    },
  };
}

/** What is held and put back (`infra/aws/scaling/scalable-targets.ts`). */
const DIMENSIONS: Readonly<Record<string, readonly string[]>> = {
  ecs: ['ecs:service:DesiredCount'],
  dynamodb: ['dynamodb:table:WriteCapacityUnits', 'dynamodb:index:WriteCapacityUnits'],
};
