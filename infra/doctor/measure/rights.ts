import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { ContextEntry } from '@aws-sdk/client-iam';
import type { ProcessName } from '../../aws/access/permissions.ts';
import { permissionsOf } from '../../aws/access/policy.ts';
import { arnsOf, bucketArn, conditionOf } from '../../aws/access/resources.ts';
import type { AccountNames } from '../../aws/access/resources.ts';
import { errorName } from '../../aws/cloud-error.ts';
import type { Asked, Failure } from '../judge/line.ts';
import type { FoundRight, FoundRights } from '../judge/rights.ts';
import type { DoctorClients } from './aws-clients.ts';
import { certain, dryCall, keyOf, LIST } from './dry-calls.ts';
import type { Right } from './dry-calls.ts';

/** What a process calls, as its role on AWS is made of it. */
export const rightsOf = (process: ProcessName): Right[] =>
  permissionsOf(process).flatMap(({ action, on }) => on.map((kind) => ({ action, on: kind })));

const named = ({ action, on }: Right): string => (on === 'everything' ? action : `${action} (${on})`);

/** What a role may do by its policies; nothing is tried. */
export async function simulateRights(
  { iam, ask }: DoctorClients,
  roleArn: string,
  rights: readonly Right[],
  names: AccountNames,
): Promise<Asked<FoundRights>> {
  const found: FoundRight[] = [];
  // Lists are narrowed by the keys that they ask for, so each is a question of its own.
  const questions = [...Map.groupBy(rights, ({ action, on }) => (action === LIST ? `${LIST} ${on}` : on)).values()];
  const answers = await Promise.all(
    questions.map((group) =>
      ask('iam:SimulatePrincipalPolicy', async (abortSignal) => {
        const [first] = group;
        const arns = first === undefined ? [] : arnsOf(first.on, names).map(certain);
        // The account has nothing of that kind: nobody needs the right.
        if (first === undefined || arns.length === 0) return;
        const { EvaluationResults: results = [] } = await iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: roleArn,
            ActionNames: [...new Set(group.map(({ action }) => action))],
            ResourceArns: first.action === LIST ? [bucketArn(names)] : arns,
            ContextEntries: contextOf(first, arns, names),
          }),
          { abortSignal },
        );
        for (const right of group) {
          const decided = results.filter(({ EvalActionName: name }) => name === right.action);
          const isAllowed = decided.length > 0 && decided.every(({ EvalDecision: decision }) => decision === 'allowed');
          found.push({ action: named(right), is: isAllowed ? 'allowed' : 'denied' });
        }
      }),
    ),
  );
  const failed = answers.find((one) => !one.ok);
  return failed !== undefined && !failed.ok
    ? failed
    : { ok: true, value: { who: roleArn, how: 'simulated', rights: found, notSimulated: null } };
}

/** What a real request would say of the keys that conditions look at: what it leaves out is denied. */
function contextOf({ action, on }: Right, [arn = '']: readonly string[], names: AccountNames): ContextEntry[] {
  const says: Record<string, string[]> =
    action === LIST
      ? { 's3:prefix': [keyOf(arn, names)] }
      : Object.assign({}, ...Object.values(conditionOf(on, names) ?? {}));
  return Object.entries(says).map(([key, values]) => ({
    ContextKeyName: key,
    ContextKeyValues: values.slice(0, 1),
    ContextKeyType: 'string',
  }));
}

/**
 * Tries what can be tried without an effect, as whoever runs this: reads of what is not there, and writes whose condition
 * can't hold. AWS looks at the right before it looks at the item, so the refusal of a condition proves the right.
 */
export async function tryRights(
  clients: DoctorClients,
  { who, notSimulated }: { who: string; notSimulated: Failure | null },
  rights: readonly Right[],
  names: AccountNames,
): Promise<FoundRights> {
  const found = await Promise.all(
    rights
      .filter(({ on }) => arnsOf(on, names).length > 0)
      .map(async (right): Promise<FoundRight> => {
        const work = dryCall(clients, right, names);
        if (work === null) return { action: named(right), is: 'untried' };
        const asked = await clients.ask(right.action, async (signal) => {
          try {
            await work(signal);
          } catch (error) {
            // A key that is missing is denied like one that is forbidden (docs/facts.md#s3-missing-key): it proves nothing.
            if (right.action === 's3:GetObject' && errorName(error) === 'AccessDenied') return 'untried';
            if (!PROVES.test(errorName(error))) throw error;
          }
          return 'allowed';
        });
        if (asked.ok) return { action: named(right), is: asked.value };
        return { action: named(right), is: asked.failure.kind === 'denied' ? 'denied' : asked.failure };
      }),
  );
  return { who, how: 'tried', rights: found, notSimulated };
}

/** What is said to whom may: there is no such thing, or the condition does not hold. A missing table or queue is another line's matter. */
const PROVES =
  /^(ConditionalCheckFailed|ReplicationConfigurationNotFound|ResourceNotFound|NoSuchKey|NotFound|NoSuchBucket|ParameterNotFound|ClusterNotFound|ReceiptHandleIsInvalid|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|InvalidParameterValue|(AWS\.SimpleQueueService\.)?MessageNotInflight)/;
