import { setTimeout as sleep } from 'node:timers/promises';
import { sharedClockMs } from '../monotonic.ts';

export interface ProtectionOptions {
  /** `ECS_AGENT_URI`, which ECS gives every container of a task. Null: this is no task, and nothing is asked for. */
  agentUri: string | null;
  log: { info: (what: object, say: string) => void; warn: (what: object, say: string) => void };
  /** 1 to 2,880 (docs/facts.md#ecs-task-protection). Default 30: so long a task that has died without a word keeps its service from shrinking. */
  minutes?: number;
  /** It is renewed so long after it was given. Default: half its time. */
  renewAfterMs?: number;
  /** Hundreds of tasks hear of an order in the same second, and an account has 80 of these calls a second. Default 3,000 ms. */
  spreadMs?: number;
  /** First and longest pause after a failure. Defaults 5,000 and 60,000 ms. */
  retryMs?: number;
  retryMostMs?: number;
  /** Default 5,000 ms. */
  limitMs?: number;
  /** From 0 up to 1. */
  random?: () => number;
}

/** `problem`: why it is not as it should be; null: nothing is amiss. */
export interface ProtectionState {
  on: boolean;
  problem: string | null;
}

interface Answer {
  protection?: { ProtectionEnabled?: boolean };
  failure?: { Reason?: string; Detail?: string | null };
  error?: { Code?: string; Message?: string };
}

/** What to do about the reasons that somebody can do something about. */
const ADVICE: Record<string, string> = {
  AccessDeniedException: 'give the task role ecs:UpdateTaskProtection',
  TASK_NOT_VALID: 'only tasks of a service can be protected',
  DEPLOYMENT_BLOCKED: 'a deployment that replaces this task waits already',
  ThrottlingException: 'it is tried again',
};

/**
 * Keeps ECS from ending this task by itself, for a scale-in or a deployment, as long as it is wanted.
 *
 *   free → asking → protected (→ asking, at half its time) → releasing → free
 *
 * Nothing waits for it and nothing fails by it: a task without it works the same, and ends as ever when it is told to
 * (docs/architecture.md#sigterm). What failed is logged, stands in `state`, and is tried again.
 */
export class TaskProtection {
  readonly #options: Required<ProtectionOptions>;
  readonly #stopping = new AbortController();
  #isWanted = false;
  #untilMs = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  #failures = 0;
  #asking = Promise.resolve();
  /** Ends the pause before the next call. */
  #wake = new AbortController();

  constructor(options: ProtectionOptions) {
    const minutes = options.minutes ?? 30;
    this.#options = {
      minutes,
      renewAfterMs: minutes * 30_000,
      spreadMs: 3_000,
      retryMs: 5_000,
      retryMostMs: 60_000,
      limitMs: 5_000,
      random: Math.random,
      ...options,
    };
  }

  /** Null: this is no task of ECS. */
  get state(): ProtectionState | null {
    if (this.#options.agentUri === null) return null;
    return { on: sharedClockMs() < this.#untilMs, problem: this.#problem };
  }

  /** May be said as often as one likes. */
  want(isWanted: boolean): void {
    if (this.#options.agentUri === null || isWanted === this.#isWanted || this.#stopping.signal.aborted) return;
    this.#isWanted = isWanted;
    this.#failures = 0;
    this.#wake.abort();
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    this.#asking = this.#asking.then(() => this.#keep(isWanted, signal));
  }

  /** The task ends: what is protected ends with it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#asking;
  }

  /** Asks for it until it is so, and again before it is over; ends when the opposite is wanted. */
  async #keep(isWanted: boolean, woken: AbortSignal): Promise<void> {
    const { spreadMs, renewAfterMs, retryMs, retryMostMs, random } = this.#options;
    const signal = AbortSignal.any([woken, this.#stopping.signal]);
    let pauseMs = random() * spreadMs;
    while (await isOver(pauseMs, signal)) {
      // What nobody renews is over by itself.
      if (!isWanted && sharedClockMs() >= this.#untilMs) break;
      const done = await this.#ask(isWanted);
      if (done && !isWanted) break;
      this.#failures = done ? 0 : this.#failures + 1;
      const againMs = Math.min(retryMostMs, retryMs * 2 ** Math.max(0, this.#failures - 1));
      pauseMs = done ? renewAfterMs : againMs * (0.5 + random() / 2);
    }
    if (!isWanted) this.#problem = null;
  }

  async #ask(isWanted: boolean): Promise<boolean> {
    const { agentUri, minutes, limitMs, log } = this.#options;
    // Counted from before the call: ECS can't have counted from earlier.
    const askedAtMs = sharedClockMs();
    const problem = await put(
      `${agentUri}/task-protection/v1/state`,
      isWanted ? { ProtectionEnabled: true, ExpiresInMinutes: minutes } : { ProtectionEnabled: false },
      AbortSignal.any([AbortSignal.timeout(limitMs), this.#stopping.signal]),
    );
    if (this.#stopping.signal.aborted) return true;
    if (problem === null) {
      this.#untilMs = isWanted ? askedAtMs + minutes * 60_000 : Number.NEGATIVE_INFINITY;
      log.info({ isWanted, minutes }, isWanted ? 'this task is protected from scale-in' : 'this task is free to end');
    } else if (problem !== this.#problem) {
      log.warn({ isWanted, problem }, 'TASK_PROTECTION_FAILED');
    }
    this.#problem = problem;
    return problem === null;
  }
}

/** Null: it is so. Never rejects. */
async function put(
  url: string,
  body: { ProtectionEnabled: boolean; ExpiresInMinutes?: number },
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    const { protection, failure, error } = (await response.json()) as Answer;
    // A failure comes with status 200.
    if (protection?.ProtectionEnabled === body.ProtectionEnabled) return null;
    const reason = failure?.Reason ?? error?.Code ?? `HTTP ${response.status}`;
    const more = failure?.Detail ?? error?.Message ?? '';
    const advice = ADVICE[reason] === undefined ? '' : `: ${ADVICE[reason]}`;
    return `ECS answered ${reason}${more === '' ? '' : ` (${more.slice(0, 200)})`}${advice}`;
  } catch (error) {
    return `the ECS agent did not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** False: the wait was cut short. */
const isOver = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal, ref: false }).catch(() => false);
