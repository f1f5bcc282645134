import { randomUUID } from 'node:crypto';
import { parse } from 'yaml';
import { ACCOUNT_ID, REGION } from './account.ts';
import { AwsError, notImplemented } from './aws-error.ts';
import { coolsDown, invalid, pairs, resolved, TEMPLATE_CHARACTERS } from './cloudformation-template.ts';
import type { Template } from './cloudformation-template.ts';
import { members, xml } from './xml.ts';

/**
 * CloudFormation as a deployment meets it: stacks, change sets, events, outputs, protection and drift. It keeps what templates
 * say and makes nothing of it; every change is at its end when the answer is on its way. Held by `infra/cdk/cli.test.ts`,
 * through the CDK's own command line and the SDK.
 */
export interface CloudFormation {
  call(operation: string, parameters: URLSearchParams): string;
  /** By name, as they stand; a deleted one is gone. */
  stacks: ReadonlyMap<string, Stack>;
  /** What is found of a stack when it is asked for drift. */
  drifts: Map<string, Drifted[]>;
  /** Names of stacks whose next change fails, after which they are put back. */
  failing: Set<string>;
}

interface Stack {
  name: string;
  id: string;
  status: string;
  template: Template;
  tags: Record<string, string>;
  isProtected: boolean;
}

interface Drifted {
  logicalId: string;
  physicalId: string;
  type: string;
  /** Null: it was deleted. */
  differences: { path: string; expected: string; found: string }[] | null;
}

interface ChangeSet {
  id: string;
  name: string;
  stack: string;
  template: Template;
  tags: Record<string, string>;
  /** Its stack did not stand before. */
  creates: boolean;
  isEmpty: boolean;
}

interface Event {
  id: string;
  stack: string;
  status: string;
  atMs: number;
}

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
type Body = Parameters<typeof xml>[1];

export function startCloudFormation(nowMs: () => number): CloudFormation {
  const stacks = new Map<string, Stack>();
  const changeSets = new Map<string, ChangeSet>();
  const drifts = new Map<string, Drifted[]>();
  const failing = new Set<string>();
  const detections = new Map<string, string>();
  const events: Event[] = [];

  const given = (parameters: URLSearchParams, name: string): string => parameters.get(name) ?? '';
  const find = (nameOrId: string): Stack | undefined =>
    [...stacks.values()].find(({ name, id }) => name === nameOrId || id === nameOrId);
  function stackOf(parameters: URLSearchParams): Stack {
    const name = given(parameters, 'StackName');
    const stack = find(name);
    if (stack === undefined) throw invalid(`Stack with id ${name} does not exist`);
    return stack;
  }
  /** By its id, or by its name within its stack. */
  function named(parameters: URLSearchParams): ChangeSet | undefined {
    const name = given(parameters, 'ChangeSetName');
    const stack = find(given(parameters, 'StackName'))?.name;
    return [...changeSets.values()].find((one) => one.id === name || (one.name === name && one.stack === stack));
  }
  function changeSetOf(parameters: URLSearchParams): ChangeSet {
    const found = named(parameters);
    if (found === undefined)
      throw new AwsError('ChangeSetNotFound', `ChangeSet [${given(parameters, 'ChangeSetName')}] does not exist`, 404);
    return found;
  }
  const note = (stack: Stack, status: string): void => {
    stack.status = status;
    events.unshift({ id: randomUUID(), stack: stack.name, status, atMs: nowMs() });
  };

  function createChangeSet(parameters: URLSearchParams): Body {
    const name = given(parameters, 'StackName');
    const role = given(parameters, 'RoleARN');
    if (role !== '') throw invalid(`Role ${role} is invalid or cannot be assumed`);
    if (given(parameters, 'TemplateBody').length > TEMPLATE_CHARACTERS)
      throw invalid(
        `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${TEMPLATE_CHARACTERS}`,
      );
    const template = parse(given(parameters, 'TemplateBody')) as Template;
    const creates = given(parameters, 'ChangeSetType') === 'CREATE';
    const standing = find(name);
    if (creates && standing !== undefined && standing.status !== 'REVIEW_IN_PROGRESS')
      throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists`, 400);
    if (!creates && standing === undefined) throw invalid(`Stack [${name}] does not exist`);
    const tags = pairs(parameters, 'Tags');
    const stack: Stack = standing ?? {
      name,
      id: arn(`stack/${name}/${randomUUID()}`),
      status: '',
      template: {},
      tags,
      isProtected: false,
    };
    if (standing === undefined) {
      stacks.set(name, stack);
      note(stack, 'REVIEW_IN_PROGRESS');
    }
    const id = arn(`changeSet/${given(parameters, 'ChangeSetName')}/${randomUUID()}`);
    const isEmpty = JSON.stringify([stack.template, stack.tags]) === JSON.stringify([template, tags]);
    changeSets.set(id, { id, name: given(parameters, 'ChangeSetName'), stack: name, template, tags, creates, isEmpty });
    return { Id: id, StackId: stack.id };
  }

  function describeChangeSet(parameters: URLSearchParams): Body {
    const { id, name, stack, template, isEmpty, tags } = changeSetOf(parameters);
    const logicalIds = Object.entries(template.Resources ?? {});
    return {
      ChangeSetId: id,
      ChangeSetName: name,
      StackName: stack,
      StackId: find(stack)?.id,
      ExecutionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
      Status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      StatusReason: isEmpty
        ? "The submitted information didn't contain changes. Submit different information to create a change set."
        : null,
      Tags: members(tagList(tags)),
      Changes: members(
        isEmpty
          ? []
          : logicalIds.map(([LogicalResourceId, { Type }]) => ({
              Type: 'Resource',
              ResourceChange: { Action: 'Add', LogicalResourceId, ResourceType: Type },
            })),
      ),
    };
  }

  function executeChangeSet(parameters: URLSearchParams): Body {
    const { id, stack: name, template, tags, creates } = changeSetOf(parameters);
    const stack = find(name);
    if (stack === undefined) throw invalid(`Stack [${name}] does not exist`);
    changeSets.delete(id);
    note(stack, creates ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS');
    if (failing.delete(name) || coolsDown(stack.template, template)) {
      note(stack, creates ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS');
      note(stack, creates ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE');
      return {};
    }
    Object.assign(stack, { template, tags });
    note(stack, creates ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
    return {};
  }

  function deleteStack(parameters: URLSearchParams): Body {
    // One that is not there is as deleted as one that was.
    const stack = find(given(parameters, 'StackName'));
    if (stack === undefined) return {};
    if (stack.isProtected)
      throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    if (failing.delete(stack.name)) note(stack, 'DELETE_FAILED');
    else {
      note(stack, 'DELETE_COMPLETE');
      stacks.delete(stack.name);
    }
    return {};
  }

  const operations: Record<string, (parameters: URLSearchParams) => Body> = {
    DescribeStacks: (parameters) => ({
      Stacks: members(
        (given(parameters, 'StackName') === '' ? [...stacks.values()] : [stackOf(parameters)]).map(described),
      ),
    }),
    GetTemplate: (parameters) => ({ TemplateBody: JSON.stringify(stackOf(parameters).template) }),
    CreateChangeSet: createChangeSet,
    DescribeChangeSet: describeChangeSet,
    ExecuteChangeSet: executeChangeSet,
    DeleteChangeSet: (parameters) => {
      const found = named(parameters);
      if (found !== undefined) changeSets.delete(found.id);
      return {};
    },
    DescribeStackEvents: (parameters) => {
      const name = given(parameters, 'StackName');
      const stack = find(name);
      return {
        StackEvents: members(
          events
            .filter((event) => event.stack === (stack?.name ?? name))
            .map((event) => ({
              EventId: event.id,
              StackId: stack?.id ?? name,
              StackName: event.stack,
              LogicalResourceId: event.stack,
              PhysicalResourceId: stack?.id ?? name,
              ResourceType: 'AWS::CloudFormation::Stack',
              Timestamp: new Date(event.atMs).toISOString(),
              ResourceStatus: event.status,
            })),
        ),
      };
    },
    DeleteStack: deleteStack,
    UpdateTerminationProtection: (parameters) => {
      const stack = stackOf(parameters);
      stack.isProtected = given(parameters, 'EnableTerminationProtection') === 'true';
      return { StackId: stack.id };
    },
    DetectStackDrift: (parameters) => {
      const id = randomUUID();
      detections.set(id, stackOf(parameters).name);
      return { StackDriftDetectionId: id };
    },
    DescribeStackDriftDetectionStatus: (parameters) => {
      const id = given(parameters, 'StackDriftDetectionId');
      const name = detections.get(id);
      if (name === undefined) throw invalid(`StackDriftDetectionId ${id} does not exist`);
      const found = drifts.get(name) ?? [];
      return {
        StackId: find(name)?.id,
        StackDriftDetectionId: id,
        DetectionStatus: 'DETECTION_COMPLETE',
        StackDriftStatus: found.length === 0 ? 'IN_SYNC' : 'DRIFTED',
        DriftedStackResourceCount: found.length,
        Timestamp: new Date(nowMs()).toISOString(),
      };
    },
    DescribeStackResourceDrifts: (parameters) => ({
      StackResourceDrifts: members(
        (drifts.get(stackOf(parameters).name) ?? []).map(({ logicalId, physicalId, type, differences }) => ({
          LogicalResourceId: logicalId,
          PhysicalResourceId: physicalId,
          ResourceType: type,
          StackResourceDriftStatus: differences === null ? 'DELETED' : 'MODIFIED',
          PropertyDifferences: members(
            (differences ?? []).map(({ path, expected, found }) => ({
              PropertyPath: path,
              ExpectedValue: expected,
              ActualValue: found,
              DifferenceType: 'NOT_EQUAL',
            })),
          ),
          Timestamp: new Date(nowMs()).toISOString(),
        })),
      ),
    }),
  };

  function described(stack: Stack): Body {
    return {
      StackName: stack.name,
      StackId: stack.id,
      StackStatus: stack.status,
      CreationTime: new Date(nowMs()).toISOString(),
      EnableTerminationProtection: stack.isProtected,
      Tags: members(tagList(stack.tags)),
      Outputs: members(
        Object.entries(stack.template.Outputs ?? {}).map(([OutputKey, { Value, Description }]) => ({
          OutputKey,
          OutputValue: resolved(Value, stack.template),
          Description,
        })),
      ),
    };
  }

  return {
    stacks,
    drifts,
    failing,
    call(operation, parameters) {
      const run = operations[operation];
      if (run === undefined) throw notImplemented('cloudformation', operation);
      return xml(
        `${operation}Response`,
        { [`${operation}Result`]: run(parameters), ResponseMetadata: { RequestId: randomUUID() } },
        NAMESPACE,
      );
    },
  };
}

const arn = (resource: string): string => `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:${resource}`;
const tagList = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
