import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { ServiceDefinition } from './service-definition.ts';
import { Task } from './task.ts';

/** A task that ends sooner than this after it started counts as a failed start, and the next one waits. */
const SHORT_LIFE_MS = 10_000;
const BACK_OFF_FIRST_MS = 500;
const BACK_OFF_MOST_MS = 15_000;
const FAILURES_TO_SAY = 3;
const STOPPED_KEPT = 50;
/** Real processes: one machine is a small account. Tasks that are only counted: as many as ECS gives to a service. */
const PROCESSES_MOST = 32;
const COUNTED_MOST = 5_000;
const EVENTS_KEPT = 100;
/** A task that found no place is tried again. */
const PLACE_AGAIN_MS = 1_000;

/**
 * The service scheduler of one ECS service: keeps as many tasks as desired, replaces those that end, and waits longer after
 * each start that failed. `close` ends it for good.
 */
export class Service {
  readonly definition: ServiceDefinition;
  readonly arn: string;
  readonly createdAtMs = Date.now();
  readonly events: { id: string; createdAt: number; message: string }[] = [];
  #env: Record<string, string>;
  #desired = 0;
  #tasks: Task[] = [];
  #failures = 0;
  #notBeforeMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #revision = 1;
  readonly #most: number;
  #steady = true;
  readonly #log: WriteStream | null;

  readonly #isFull: () => boolean;

  /** `isFull`: there is no place for another task now. */
  constructor(definition: ServiceDefinition, logFile: string | null, isFull: () => boolean) {
    this.definition = definition;
    this.#isFull = isFull;
    this.#env = definition.env;
    this.#most = definition.command === null ? COUNTED_MOST : PROCESSES_MOST;
    this.arn = `arn:aws:ecs:us-east-1:000000000000:service/${definition.cluster}/${definition.service}`;
    if (logFile !== null) mkdirSync(dirname(logFile), { recursive: true });
    this.#log = logFile === null ? null : createWriteStream(logFile, { flags: 'a' });
  }

  get name(): string {
    return this.definition.service;
  }

  get desired(): number {
    return this.#desired;
  }

  /** Newest last; stopped ones are kept for a while, as on AWS. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  get counts(): { running: number; pending: number } {
    const alive = this.#tasks.filter((task) => task.isAlive);
    const running = alive.filter((task) => task.state === 'RUNNING').length;
    return { running, pending: alive.length - running };
  }

  /** Of its task definition. */
  get revision(): number {
    return this.#revision;
  }

  /** For tasks that start from now on: another task definition. */
  setEnv(env: Record<string, string>): void {
    this.#env = env;
    this.#revision += 1;
  }

  setDesired(count: number): void {
    this.#desired = count;
    this.#steady = false;
    this.#reconcile();
  }

  /** Stops every task: SIGTERM, and SIGKILL after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const open = this.#tasks.filter((task) => task.state !== 'STOPPED');
    for (const task of open) task.stop('ServiceSchedulerInitiated', 'The cluster is shutting down', graceMs);
    await Promise.all(open.map((task) => task.stopped));
    await new Promise<void>((resolve) => {
      if (this.#log === null) resolve();
      else this.#log.end(resolve);
    });
  }

  #reconcile(): void {
    if (this.#closed) return;
    const alive = this.#tasks.filter((task) => task.isAlive);
    if (alive.length > this.#desired) this.#scaleIn(alive);
    else if (alive.length < Math.min(this.#desired, this.#most))
      this.#scaleOut(Math.min(this.#desired, this.#most) - alive.length);
    else if (!this.#steady && this.counts.running === this.#desired) {
      this.#steady = true;
      this.#say('has reached a steady state.');
    }
  }

  #scaleOut(count: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const waitMs = this.#notBeforeMs - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#reconcile(), waitMs);
      return;
    }
    if (this.#isFull()) {
      // Each try says so (docs/facts.md#ecs-placement).
      this.#say(
        'was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
      );
      this.#timer = setTimeout(() => this.#reconcile(), PLACE_AGAIN_MS);
      return;
    }
    const { cluster, command, cwd, startDelayMs } = this.definition;
    const started = Array.from(
      { length: count },
      () =>
        new Task({
          cluster,
          command,
          cwd,
          startDelayMs,
          env: this.#env,
          log: this.#log,
          onRunning: () => this.#reconcile(),
          onStopped: (task) => this.#onStopped(task),
        }),
    );
    this.#tasks.push(...started);
    this.#say(`has started ${count} tasks: ${started.map((task) => `(task ${task.id})`).join(' ')}.`);
    if (this.#desired > this.#most)
      this.#say(
        `was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently (${this.#most} on this machine).`,
      );
  }

  /** Those that don't run yet go first, then the newest. */
  #scaleIn(alive: Task[]): void {
    const order = alive.toReversed().sort((a, b) => Number(a.state === 'RUNNING') - Number(b.state === 'RUNNING'));
    const stopping = order.slice(0, alive.length - this.#desired);
    for (const task of stopping)
      task.stop('ServiceSchedulerInitiated', `Scaling activity initiated by (deployment ${this.name})`);
    this.#say(
      `has stopped ${stopping.length} running tasks: ${stopping.map((task) => `(task ${task.id})`).join(' ')}.`,
    );
    this.#reconcile();
  }

  #onStopped(task: Task): void {
    const stopped = this.#tasks.filter((one) => one.state === 'STOPPED');
    const forgotten = new Set(stopped.slice(0, Math.max(0, stopped.length - STOPPED_KEPT)));
    this.#tasks = this.#tasks.filter((one) => !forgotten.has(one));
    const failed = task.stopCode === 'EssentialContainerExited' || task.stopCode === 'TaskFailedToStart';
    if (failed) this.#steady = false;
    if (failed && (task.startedAtMs === null || Date.now() - task.startedAtMs < SHORT_LIFE_MS)) {
      this.#failures++;
      this.#notBeforeMs = performance.now() + Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (this.#failures - 1));
      if (this.#failures === FAILURES_TO_SAY)
        this.#say(`is unable to consistently start tasks successfully. ${task.stoppedReason ?? ''}`);
    } else if (failed) {
      this.#failures = 0;
    }
    // Later: this may be called in the middle of a scale-in.
    queueMicrotask(() => this.#reconcile());
  }

  #say(message: string): void {
    this.events.unshift({
      id: randomUUID(),
      createdAt: Date.now() / 1_000,
      message: `(service ${this.name}) ${message}`,
    });
    this.events.splice(EVENTS_KEPT);
  }
}
