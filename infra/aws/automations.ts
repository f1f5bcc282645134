import { GetAutomationExecutionCommand, StartAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import type { AutomationExecution, AutomationExecutionStatus, SSMClient, StepExecution } from '@aws-sdk/client-ssm';
import { awsRefusal } from './aws-refusal.ts';
import { errorName } from './cloud-error.ts';
import { sha256 } from './sha256.ts';

/** Automation documents of Systems Manager: started, and followed by the id of their execution. */
export interface Automations {
  /** However often it is called for a step, the document runs once (docs/facts.md#ssm-automation). Rejects when nobody knows whether it was started: ask again. */
  start(run: AutomationRun): Promise<AutomationStarted>;
  look(executionId: string): Promise<AutomationSeen>;
}

export interface AutomationRun {
  launchId: string;
  step: string;
  document: string;
  /** Null: its default one. */
  version: string | null;
  parameters: Record<string, string[]>;
}

/** `again`: it may go through later. */
export type AutomationStarted = { ok: true; executionId: string } | { ok: false; again: boolean; say: string };

type Phase = 'waiting' | 'running' | 'done' | 'failed';

export interface AutomationSeen {
  /** `unseen`: AWS does not say; `say` is why. */
  state: 'running' | 'done' | 'failed' | 'unseen';
  /** In AWS's word, `TimedOut` say. */
  status: string;
  steps: { name: string; phase: Phase }[];
  /** What AWS says about trouble, if anything. */
  say: string | null;
}

/** By AWS's words, so that one of a later version has a row. */
const PHASES: Record<AutomationExecutionStatus, Phase> = {
  Pending: 'waiting',
  Scheduled: 'waiting',
  InProgress: 'running',
  Waiting: 'running',
  Cancelling: 'running',
  PendingApproval: 'running',
  Approved: 'running',
  RunbookInProgress: 'running',
  PendingChangeCalendarOverride: 'running',
  ChangeCalendarOverrideApproved: 'running',
  Success: 'done',
  CompletedWithSuccess: 'done',
  Failed: 'failed',
  TimedOut: 'failed',
  Cancelled: 'failed',
  Rejected: 'failed',
  CompletedWithFailure: 'failed',
  ChangeCalendarOverrideRejected: 'failed',
  Exited: 'failed',
};

export function createAutomations(ssm: SSMClient): Automations {
  return {
    async start(run) {
      const { launchId, step, document, version, parameters } = run;
      try {
        const { AutomationExecutionId: executionId } = await ssm.send(
          new StartAutomationExecutionCommand({
            DocumentName: document,
            ...(version === null ? {} : { DocumentVersion: version }),
            ...(Object.keys(parameters).length === 0 ? {} : { Parameters: parameters }),
            ClientToken: tokenOf(launchId, step),
          }),
        );
        if (executionId === undefined) throw new Error(`AUTOMATION_WITHOUT_ID ${document}`);
        return { ok: true, executionId };
      } catch (error) {
        // What has no answer may have been done: the token finds out.
        const refusal = awsRefusal(error);
        if (refusal === null || !(error instanceof Error)) throw error;
        return { ok: false, again: refusal.again, say: startWords(run, error, refusal.say) };
      }
    },

    async look(executionId) {
      try {
        const { AutomationExecution: found } = await ssm.send(
          new GetAutomationExecutionCommand({ AutomationExecutionId: executionId }),
        );
        return found === undefined ? unseen('AWS says nothing of it') : seen(found);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (errorName(error) === 'AutomationExecutionNotFoundException') return unseen('AWS knows no such execution');
        return unseen(awsRefusal(error)?.say ?? `${error.name}: ${error.message}`);
      }
    },
  };
}

/** A UUID, which AWS insists on: the same for every try of a step, and of no other one. */
function tokenOf(launchId: string, step: string): string {
  const hex = sha256(`${launchId}\n${step}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function startWords({ document, version }: AutomationRun, error: Error, say: string): string {
  switch (error.name) {
    case 'AutomationDefinitionNotFoundException':
      return `there is no automation document ${document} in this account and Region`;
    case 'AutomationDefinitionVersionNotFoundException':
      return `the automation document ${document} has no version ${version ?? '$DEFAULT'}`;
    case 'InvalidAutomationExecutionParametersException':
      return `${document} does not take these parameters: ${error.message}`;
    case 'AutomationExecutionLimitExceededException':
      return `as many automations run as the account's quota lets (concurrently executed automations): ${error.message}`;
    default:
      return say.startsWith(error.name) ? `AWS refuses to start ${document}: ${say}` : say;
  }
}

const unseen = (say: string): AutomationSeen => ({ state: 'unseen', status: 'unknown', steps: [], say });

function seen({
  AutomationExecutionStatus: status = 'Pending',
  StepExecutions: steps = [],
  FailureMessage: failure,
}: AutomationExecution): AutomationSeen {
  const phase = PHASES[status] ?? 'running';
  return {
    state: phase === 'waiting' ? 'running' : phase,
    status,
    steps: steps.map((step) => ({ name: step.StepName ?? '', phase: phaseOf(step) })),
    say: failure === undefined || failure === '' ? null : failure,
  };
}

const phaseOf = ({ StepStatus: status = 'Pending' }: StepExecution): Phase => PHASES[status] ?? 'running';
