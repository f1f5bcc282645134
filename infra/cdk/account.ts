import {
  CloudFormationClient,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  GetTemplateCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import type { Stack, StackResourceDrift } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { parse } from 'yaml';

/** A stack as it stands in the account. */
export interface StandingStack {
  name: string;
  /** CloudFormation's word, like UPDATE_COMPLETE. */
  status: string;
  tags: Readonly<Record<string, string>>;
  outputs: readonly { key: string; value: string; description: string }[];
  isProtected: boolean;
}

/** What somebody changed by hand. `path` is null for a resource that is gone. */
export interface Drift {
  stack: string;
  resource: string;
  path: string | null;
  expected: string;
  found: string;
}

/** What is asked of the account besides the CDK's own work. */
export interface Account {
  /** The account that the credentials are for. */
  id(): Promise<string>;
  /** Every stack of the region, ours or not. */
  stacks(): Promise<StandingStack[]>;
  /** Looks now; takes seconds to minutes. */
  drift(stack: string): Promise<Drift[]>;
  unprotect(stack: string): Promise<void>;
  /** Value of a parameter; null: there is none. */
  parameter(name: string): Promise<string | null>;
  /** What a table stands ready for: itself, or its stack's template where that says more. Null: there is no such table. */
  warmth(stack: string, table: string): Promise<{ reads: number; writes: number } | null>;
  /** Tasks that a service is to have; null: there is no such service. */
  desired(cluster: string, service: string): Promise<number | null>;
  close(): void;
}

/** Between two looks whether a detection has ended, and how many looks. */
export interface DriftPatience {
  everyMs: number;
  times: number;
}
const DRIFT_PATIENCE: DriftPatience = { everyMs: 2_000, times: 150 };

/** Region and address come from the configuration and the environment's AWS_ENDPOINT_URL; credentials from the SDK's own chain. */
export function accountOf(
  region: string,
  sleep: (ms: number) => Promise<unknown>,
  patience: DriftPatience = DRIFT_PATIENCE,
): Account {
  const formation = new CloudFormationClient({ region });
  const sts = new STSClient({ region });
  const ssm = new SSMClient({ region });
  const dynamo = new DynamoDBClient({ region });
  const ecs = new ECSClient({ region });

  async function detected(stack: string): Promise<void> {
    const { StackDriftDetectionId: id } = await formation.send(new DetectStackDriftCommand({ StackName: stack }));
    for (let look = 0; look < patience.times; look += 1) {
      const { DetectionStatus: status, DetectionStatusReason: why } = await formation.send(
        new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id }),
      );
      if (status === 'DETECTION_COMPLETE') return;
      if (status === 'DETECTION_FAILED')
        throw new AccountError(`whether ${stack} was changed by hand can't be told: ${why}`);
      await sleep(patience.everyMs);
    }
    throw new AccountError(
      `whether ${stack} was changed by hand was not told within ${(patience.everyMs * patience.times) / 1_000} s`,
    );
  }

  return {
    id: async () => (await sts.send(new GetCallerIdentityCommand({}))).Account ?? '',
    async stacks() {
      const found: Stack[] = [];
      let next: string | undefined;
      do {
        const page = await formation.send(new DescribeStacksCommand({ NextToken: next }));
        found.push(...(page.Stacks ?? []));
        next = page.NextToken;
      } while (next !== undefined && next !== '');
      return found.map(standing);
    },
    async drift(stack) {
      await detected(stack);
      const drifts: Drift[] = [];
      let next: string | undefined;
      do {
        const page = await formation.send(
          new DescribeStackResourceDriftsCommand({
            StackName: stack,
            StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'],
            NextToken: next,
          }),
        );
        drifts.push(...(page.StackResourceDrifts ?? []).flatMap((one) => driftsOf(stack, one)));
        next = page.NextToken;
      } while (next !== undefined && next !== '');
      return drifts;
    },
    async unprotect(stack) {
      await formation.send(
        new UpdateTerminationProtectionCommand({ StackName: stack, EnableTerminationProtection: false }),
      );
    },
    async parameter(name) {
      try {
        return (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value ?? null;
      } catch (error) {
        if (error instanceof ParameterNotFound) return null;
        throw error;
      }
    },
    async warmth(stack, table) {
      const found = await Promise.all([
        orNone(formation.send(new GetTemplateCommand({ StackName: stack })), /^ValidationError$/).then((answer) =>
          warmOfTemplate(answer?.TemplateBody ?? '', table),
        ),
        orNone(dynamo.send(new DescribeTableCommand({ TableName: table })), /^ResourceNotFoundException$/).then(
          (answer) => answer?.Table?.WarmThroughput ?? null,
        ),
      ]);
      const known = found.filter((one) => one !== null);
      if (known.length === 0) return null;
      return {
        reads: Math.max(...known.map(({ ReadUnitsPerSecond: units = 0 }) => units)),
        writes: Math.max(...known.map(({ WriteUnitsPerSecond: units = 0 }) => units)),
      };
    },
    async desired(cluster, service) {
      const answer = await orNone(
        ecs.send(new DescribeServicesCommand({ cluster, services: [service] })),
        /^ClusterNotFoundException$/,
      );
      return answer?.services?.find(({ status }) => status === 'ACTIVE')?.desiredCount ?? null;
    },
    close() {
      dynamo.destroy();
      ecs.destroy();
      formation.destroy();
      sts.destroy();
      ssm.destroy();
    },
  };
}

async function orNone<T>(work: Promise<T>, missing: RegExp): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && missing.test(error.name)) return null;
    throw error;
  }
}

interface Warm {
  ReadUnitsPerSecond?: number | undefined;
  WriteUnitsPerSecond?: number | undefined;
}

/** Templates come back as they were sent: YAML, of which JSON is a part. */
function warmOfTemplate(body: string, table: string): Warm | null {
  const { Resources: resources = {} } = (parse(body) ?? {}) as {
    Resources?: Record<string, { Properties?: { TableName?: string; WarmThroughput?: Warm } }>;
  };
  return (
    Object.values(resources).find(({ Properties: of }) => of?.TableName === table)?.Properties?.WarmThroughput ?? null
  );
}

/** What AWS could not or would not tell: for people as it is. */
class AccountError extends Error {}

function standing(stack: Stack): StandingStack {
  return {
    name: stack.StackName ?? '',
    status: stack.StackStatus ?? '',
    tags: Object.fromEntries((stack.Tags ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value])),
    outputs: (stack.Outputs ?? []).map(
      ({ OutputKey: key = '', OutputValue: value = '', Description: description = '' }) => ({
        key,
        value,
        description,
      }),
    ),
    isProtected: stack.EnableTerminationProtection === true,
  };
}

function driftsOf(stack: string, drift: StackResourceDrift): Drift[] {
  const resource = `${drift.ResourceType} ${drift.PhysicalResourceId ?? drift.LogicalResourceId}`;
  if (drift.StackResourceDriftStatus === 'DELETED')
    return [{ stack, resource, path: null, expected: 'it', found: 'nothing' }];
  return (drift.PropertyDifferences ?? []).map(
    ({ PropertyPath: path = '', ExpectedValue: expected = '', ActualValue: found = '' }) => ({
      stack,
      resource,
      path,
      expected,
      found,
    }),
  );
}

/** What a failure of the SDK means to whoever sits before it. Null: none of these. */
export function accessProblem(error: unknown): string | null {
  if (error instanceof AccountError) return error.message;
  const name = error instanceof Error ? error.name : '';
  if (name === 'CredentialsProviderError')
    return 'No AWS credentials were found. Sign in (`aws sso login --profile NAME`, then AWS_PROFILE=NAME), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  if (/^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/.test(name))
    return 'The AWS credentials have expired: sign in again.';
  if (/^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|UnrecognizedClient)$/.test(name))
    return 'AWS does not know these credentials: AWS_PROFILE or the AWS_* variables name another key than you mean.';
  if (
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(codeOf(error)) ||
    name === 'TimeoutError'
  )
    return `AWS can't be reached: ${error instanceof Error ? error.message : ''}`;
  if (/^AccessDenied(Exception)?$/.test(name)) return `AWS refuses: ${error instanceof Error ? error.message : ''}`;
  return null;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
