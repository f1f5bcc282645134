import type { TaskDefinition } from '@aws-sdk/client-ecs';
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { Asked } from '../judge/line.ts';
import type { FoundStart, FoundStarter, StartRight } from '../judge/start.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';

/** What ECS does before a process runs, as its task definition says. */
export function startOf(task: TaskDefinition | undefined): FoundStart {
  const containers = task?.containerDefinitions ?? [];
  return {
    role: task?.executionRoleArn ?? null,
    taskRole: task?.taskRoleArn ?? null,
    images: containers.flatMap(({ image }) => (image === undefined ? [] : [image])),
    logGroups: containers.flatMap(({ logConfiguration: logs }) => {
      const group = logs?.logDriver === 'awslogs' ? logs.options?.['awslogs-group'] : undefined;
      return group === undefined ? [] : [group];
    }),
    secrets: containers.flatMap(({ secrets = [] }) =>
      secrets.map(({ name: variable = '', valueFrom = '' }) => ({ variable, from: valueFrom })),
    ),
  };
}

/** What the role that starts a task may do by its policies; nothing is tried, because nobody else is that role. */
export function findStarter(
  { iam, ask }: DoctorClients,
  role: string,
  rights: readonly StartRight[],
): Promise<Asked<FoundStarter | null>> {
  return ask('iam:SimulatePrincipalPolicy', async (abortSignal) => {
    const byResource = [...Map.groupBy(rights, ({ on }) => on)];
    const answers = await Promise.all(
      byResource.map(async ([on, group]) => {
        const answer = await orNull(
          iam.send(
            new SimulatePrincipalPolicyCommand({
              PolicySourceArn: role,
              ActionNames: group.map(({ action }) => action),
              ResourceArns: [on],
            }),
            { abortSignal },
          ),
          /^NoSuchEntity/,
        );
        if (answer === null) return null;
        return group.filter(
          ({ action }) =>
            answer.EvaluationResults?.find(({ EvalActionName: name }) => name === action)?.EvalDecision !== 'allowed',
        );
      }),
    );
    const denied = answers.filter((one) => one !== null);
    return denied.length < answers.length ? null : { denied: denied.flat() };
  });
}
