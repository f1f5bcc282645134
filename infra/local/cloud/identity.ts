import { randomUUID } from 'node:crypto';
import { allowing } from '../../aws/access/policy.ts';
import type { Statement } from '../../aws/access/policy.ts';
import { ACCOUNT_ID, matches } from './account.ts';
import type { Account } from './account.ts';
import { AwsError, notImplemented } from './aws-error.ts';
import { members, xml } from './xml.ts';

const STS = 'https://sts.amazonaws.com/doc/2011-06-15/';
const IAM = 'https://iam.amazonaws.com/doc/2010-05-08/';

/** STS: who asks. */
export function startSts(): (operation: string, parameters: URLSearchParams, callerArn: string) => string {
  return (operation, _, callerArn) => {
    if (operation !== 'GetCallerIdentity') throw notImplemented('sts', operation);
    return answer(operation, STS, { Arn: callerArn, UserId: 'AIDALOCAL', Account: ACCOUNT_ID });
  };
}

/** IAM: what a role may do, by the account's list of roles, or by the policy that a principal here has. */
export function startIam(
  account: Account,
  statementsOf: (roleArn: string) => readonly Statement[] | null,
): (operation: string, parameters: URLSearchParams) => string {
  return (operation, parameters) => {
    if (operation !== 'SimulatePrincipalPolicy') throw notImplemented('iam', operation);
    const arn = parameters.get('PolicySourceArn') ?? '';
    const actions = account.roles[arn];
    const statements = statementsOf(arn);
    if (actions === undefined && statements === null)
      throw new AwsError('NoSuchEntity', `The role with name ${arn.split('/').at(-1)} cannot be found.`, 404);
    const about = contextOf(parameters);
    const isAllowed = (action: string, resource: string): boolean =>
      actions === undefined
        ? allowing(statements ?? [], { action, resource, about }) !== null
        : matches(action, actions);
    const resources = list(parameters, 'ResourceArns');
    return answer(operation, IAM, {
      IsTruncated: false,
      EvaluationResults: members(
        list(parameters, 'ActionNames').flatMap((action) =>
          (resources.length === 0 ? ['*'] : resources).map((resource) => ({
            EvalActionName: action,
            EvalResourceName: resource,
            EvalDecision: isAllowed(action, resource) ? 'allowed' : 'implicitDeny',
          })),
        ),
      ),
    });
  };
}

function list(parameters: URLSearchParams, name: string): string[] {
  return [...parameters.entries()].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

/** What the request would say of the keys of conditions: the first value of each. */
function contextOf(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    [...parameters.entries()]
      .filter(([name]) => /^ContextEntries\.member\.\d+\.ContextKeyName$/.test(name))
      .map(([name, key]) => [key, parameters.get(name.replace(/ContextKeyName$/, 'ContextKeyValues.member.1')) ?? '']),
  );
}

function answer(operation: string, namespace: string, body: Parameters<typeof xml>[1]): string {
  return xml(
    `${operation}Response`,
    { [`${operation}Result`]: body, ResponseMetadata: { RequestId: randomUUID() } },
    namespace,
  );
}
