import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import type { ECSClient, Task } from '@aws-sdk/client-ecs';
import type { AudienceTaskPlace } from './cloud-config.ts';
import { errorName } from './cloud-error.ts';

/** What was asked for is there, or why not. `again`: the same call may work later. */
type TaskStarted = { ok: true; taskArn: string } | { ok: false; again: boolean; say: string };

export interface TaskSeen {
  /** `ending`: it was told to stop, or has begun to. */
  state: 'starting' | 'running' | 'ending' | 'stopped';
  /** Of its container; null: it has not ended, or never ran. */
  exitCode: number | null;
  /** Why it stopped, in the words of ECS; null: it has not. */
  reason: string | null;
}

/** The task that compiles an audience: started, followed and stopped, each call once and by its ARN. */
export interface AudienceTasks {
  /** However often it is called with the same token and command, there is one task (docs/facts.md#ecs-run-task). Rejects when nobody knows whether it was started: ask again. */
  start(token: string, startedBy: string, command: readonly string[]): Promise<TaskStarted>;
  /** Null: ECS knows no such task, not yet or not any more (docs/facts.md#ecs-stopped-tasks). */
  look(taskArn: string): Promise<TaskSeen | null>;
  /** SIGTERM, then SIGKILL. One that is gone is stopped. */
  stop(taskArn: string, reason: string): Promise<void>;
}

const CONTAINER = 'audience';

/** What may be different in a while, and is nobody's mistake. */
const PASSES =
  /RESOURCE:|AGENT|[Cc]apacity|[Ll]imit|Throttl|TooManyRequests|ServerException|ServiceUnavailable|InternalFailure/;

export function createAudienceTasks(ecs: ECSClient, place: AudienceTaskPlace): AudienceTasks {
  const { cluster, family: taskDefinition, subnets, groups, publicAddress } = place;
  return {
    async start(clientToken, startedBy, command) {
      const run = new RunTaskCommand({
        cluster,
        taskDefinition,
        clientToken,
        startedBy,
        launchType: 'FARGATE',
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: [...subnets],
            securityGroups: [...groups],
            assignPublicIp: publicAddress ? 'ENABLED' : 'DISABLED',
          },
        },
        overrides: { containerOverrides: [{ name: CONTAINER, command: [...command] }] },
      });
      try {
        const { tasks, failures } = await ecs.send(run);
        const taskArn = tasks?.[0]?.taskArn;
        if (taskArn !== undefined) return { ok: true, taskArn };
        const { reason = 'no reason', detail = '' } = failures?.[0] ?? {};
        return refusal(detail === '' ? reason : `${reason}: ${detail}`);
      } catch (error) {
        // What has no answer may have been done: the token finds out.
        if (!(error instanceof Error) || !('$fault' in error)) throw error;
        return refusal(`${errorName(error)}: ${error.message}`);
      }
    },

    async look(taskArn) {
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }));
      const task = tasks?.[0];
      return task === undefined ? null : seen(task);
    },

    async stop(taskArn, reason) {
      try {
        await ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason }));
      } catch (error) {
        if (errorName(error) !== 'InvalidParameterException') throw error;
      }
    },
  };
}

const refusal = (say: string): TaskStarted => ({ ok: false, again: PASSES.test(say), say });

function seen({ lastStatus, desiredStatus, stoppedReason, containers }: Task): TaskSeen {
  const container = containers?.find(({ name }) => name === CONTAINER);
  const isStopped = lastStatus === 'STOPPED';
  const words = [stoppedReason, container?.reason].filter((word) => word !== undefined && word !== '');
  return {
    state: stateOf(lastStatus, desiredStatus),
    exitCode: isStopped ? (container?.exitCode ?? null) : null,
    reason: isStopped ? words.join('; ') || 'ECS gave no reason' : null,
  };
}

function stateOf(lastStatus: string | undefined, desiredStatus: string | undefined): TaskSeen['state'] {
  if (lastStatus === 'STOPPED') return 'stopped';
  if (desiredStatus === 'STOPPED') return 'ending';
  return lastStatus === 'RUNNING' ? 'running' : 'starting';
}
