import { randomUUID } from 'node:crypto';
import { AwsError, invalid, refuseOtherFields } from './aws-error.ts';
import type { StateFile } from './state-file.ts';

/** What a document does here; its steps do nothing but take their time. */
export interface AutomationDocument {
  name: string;
  /** Numbered from 1; the last one is the default. Absent: one. */
  versions?: number;
  /** Parameters that it knows, true for what must be given. Absent: any. */
  parameters?: Readonly<Record<string, boolean>>;
  steps: readonly string[];
  stepMs: number;
}

/** How executions of a document end from now on, those that run among them; `hangs`: not at all. Others than successes get no further than `step`; absent: their last one. */
export interface AutomationFate {
  ends: 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'hangs';
  step?: string;
  /** What AWS says of a failure. */
  say?: string;
}

interface Execution {
  document: string;
  version: string;
  parameters: Record<string, string[]>;
  startedAtMs: number;
}
export interface AutomationState {
  executions: Record<string, Execution>;
  /** By client token: the execution of its first call. */
  tokens: Record<string, string>;
}

interface Input {
  DocumentName?: string;
  DocumentVersion?: string;
  Parameters?: Record<string, string[]>;
  ClientToken?: string;
  AutomationExecutionId?: string;
}

const ROLE = 'AutomationAssumeRole';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Roles that a start hands to the automation. */
export function rolesOf({ Parameters: parameters }: Input): readonly string[] {
  return parameters?.[ROLE] ?? [];
}

/** Automations of Systems Manager: documents with steps that take a time each, and ends that are chosen. */
export class Automation {
  readonly #file: StateFile<AutomationState>;
  readonly #documents: readonly AutomationDocument[];
  readonly #fates = new Map<string, AutomationFate>();
  readonly #nowMs: () => number;
  readonly #refusals: string[] = [];

  constructor(file: StateFile<AutomationState>, documents: readonly AutomationDocument[], nowMs: () => number) {
    this.#file = file;
    this.#documents = documents;
    this.#nowMs = nowMs;
  }

  become(document: string, fate: AutomationFate): void {
    this.#fates.set(document, fate);
  }

  /** So many starts are refused with this name of an error. */
  refuse(name: string, times: number): void {
    this.#refusals.push(...Array.from({ length: times }, () => name));
  }

  /** All that were started, oldest first. */
  executions(): readonly Execution[] {
    return Object.values(this.#file.state.executions);
  }

  start(input: Input): unknown {
    refuseOtherFields('ssm', 'StartAutomationExecution', input, [
      'DocumentName',
      'DocumentVersion',
      'Parameters',
      'ClientToken',
    ]);
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) throw new AwsError(refusal, 'Rate or number of automations exceeded.');
    const { DocumentName: name = '', DocumentVersion: asked = '$DEFAULT', Parameters: parameters = {} } = input;
    const token = input.ClientToken?.toLowerCase();
    if (token !== undefined && !UUID.test(token))
      throw invalid(`Value '${token}' at 'clientToken' failed to satisfy constraint: expected a UUID`);
    const document = this.#documents.find((one) => one.name === name);
    if (document === undefined)
      throw new AwsError(
        'AutomationDefinitionNotFoundException',
        `Automation definition with name ${name} is not found.`,
      );
    const { versions = 1 } = document;
    const version = asked.startsWith('$') ? String(versions) : asked;
    if (Number(version) > versions)
      throw new AwsError(
        'AutomationDefinitionVersionNotFoundException',
        `Automation definition ${name} with version ${version} is not found.`,
      );
    checkParameters(document, parameters);
    const { state } = this.#file;
    const before = token === undefined ? undefined : state.tokens[token];
    if (before !== undefined) {
      const { document: of, version: then, parameters: given } = state.executions[before] ?? {};
      if (JSON.stringify([of, then, given]) !== JSON.stringify([name, version, parameters]))
        throw new AwsError('IdempotentParameterMismatch', 'The client token was used with other parameters.');
      return { AutomationExecutionId: before };
    }
    const id = randomUUID();
    state.executions[id] = { document: name, version, parameters, startedAtMs: this.#nowMs() };
    if (token !== undefined) state.tokens[token] = id;
    this.#file.save();
    return { AutomationExecutionId: id };
  }

  get({ AutomationExecutionId: id = '' }: Input): unknown {
    const execution = this.#file.state.executions[id];
    if (execution === undefined)
      throw new AwsError('AutomationExecutionNotFoundException', `Automation execution ${id} is not found.`);
    const { document: name, version, parameters, startedAtMs } = execution;
    const { steps = [], stepMs = 0 } = this.#documents.find((one) => one.name === name) ?? {};
    const { status, stepStatuses, say } = standing(
      { passedMs: this.#nowMs() - startedAtMs, fate: this.#fates.get(name) ?? { ends: 'Success' } },
      steps,
      stepMs,
    );
    return {
      AutomationExecution: {
        AutomationExecutionId: id,
        DocumentName: name,
        DocumentVersion: version,
        Parameters: parameters,
        ExecutionStartTime: startedAtMs / 1_000,
        AutomationExecutionStatus: status,
        StepExecutionsTruncated: false,
        StepExecutions: steps.map((step, at) => ({ StepName: step, StepStatus: stepStatuses[at] })),
        ...(say === null ? {} : { FailureMessage: say }),
      },
    };
  }
}

function checkParameters({ name, parameters: known }: AutomationDocument, given: Record<string, string[]>): void {
  if (known === undefined) return;
  const wrong = [
    ...Object.keys(given).filter((one) => !Object.hasOwn(known, one)),
    ...Object.keys(known).filter((one) => known[one] === true && !Object.hasOwn(given, one)),
  ];
  if (wrong.length > 0)
    throw new AwsError(
      'InvalidAutomationExecutionParametersException',
      `Parameters of ${name} that are missing or unknown: ${wrong.join(', ')}.`,
    );
}

function standing(
  { passedMs, fate }: { passedMs: number; fate: AutomationFate },
  steps: readonly string[],
  stepMs: number,
): { status: string; stepStatuses: string[]; say: string | null } {
  const passed = stepMs === 0 ? steps.length : Math.floor(passedMs / stepMs);
  // The step that it does not get past.
  const stuck = fate.ends === 'Success' ? steps.length : steps.indexOf(fate.step ?? steps.at(-1) ?? '');
  const at = Math.min(passed, stuck);
  const hasFailed = fate.ends !== 'Success' && fate.ends !== 'hangs' && (passed > stuck || stepMs === 0);
  const statusAt = (index: number): string => {
    if (index !== at) return index < at ? 'Success' : 'Pending';
    return hasFailed ? fate.ends : 'InProgress';
  };
  const stepStatuses = steps.map((_, index) => statusAt(index));
  if (hasFailed)
    return { status: fate.ends, stepStatuses, say: fate.say ?? `Step ${steps[stuck] ?? ''} ended with ${fate.ends}.` };
  return { status: at >= steps.length ? 'Success' : 'InProgress', stepStatuses, say: null };
}
