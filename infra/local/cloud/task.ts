import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { WriteStream } from 'node:fs';

export type TaskState = 'PROVISIONING' | 'PENDING' | 'RUNNING' | 'STOPPING' | 'STOPPED';

export interface TaskOptions {
  cluster: string;
  /** Null: it is only counted. */
  command: string[] | null;
  env: Record<string, string>;
  cwd: string;
  startDelayMs: number;
  log: WriteStream | null;
  /** Called once, when the task is STOPPED. */
  onStopped(task: Task): void;
  onRunning(task: Task): void;
  /** Default: the machine's. */
  nowMs?: () => number;
}

/** ECS sends SIGKILL this long after SIGTERM (docs/facts.md#ecs-stop). */
const STOP_TIMEOUT_MS = 30_000;
const TAIL_LINES = 100;

/**
 * One task, of a service or alone: a real process, unless it is only counted.
 * PROVISIONING → PENDING (half of the start delay) → RUNNING (process started) → STOPPING (SIGTERM sent) → STOPPED; a task that
 * is stopped before it runs, can't be started, or ends by itself goes to STOPPED directly.
 */
export class Task {
  readonly id = randomUUID().replaceAll('-', '');
  readonly arn: string;
  readonly createdAtMs: number;
  readonly tail: string[] = [];
  state: TaskState = 'PROVISIONING';
  desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING';
  startedAtMs: number | null = null;
  stoppedAtMs: number | null = null;
  stopCode: 'EssentialContainerExited' | 'ServiceSchedulerInitiated' | 'UserInitiated' | 'TaskFailedToStart' | null =
    null;
  stoppedReason: string | null = null;
  exitCode: number | null = null;
  readonly stopped: Promise<void>;
  readonly #options: TaskOptions;
  readonly #nowMs: () => number;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #resolveStopped: () => void = () => {};

  constructor(options: TaskOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.createdAtMs = this.#nowMs();
    this.arn = `arn:aws:ecs:us-east-1:000000000000:task/${options.cluster}/${this.id}`;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    this.#timer = setTimeout(() => {
      this.state = 'PENDING';
      this.#timer = setTimeout(() => this.#run(), options.startDelayMs / 2);
    }, options.startDelayMs / 2);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get isAlive(): boolean {
    return this.desiredStatus === 'RUNNING' && this.state !== 'STOPPED';
  }

  stop(code: 'ServiceSchedulerInitiated' | 'UserInitiated', reason: string, graceMs = STOP_TIMEOUT_MS): void {
    if (this.desiredStatus === 'STOPPED') {
      // Asked again, with less patience: the shutdown of the whole cloud.
      if (this.state === 'STOPPING') this.#killAfter(graceMs);
      return;
    }
    this.desiredStatus = 'STOPPED';
    this.stopCode = code;
    this.stoppedReason = reason;
    if (this.#child === null) return this.#finish();
    this.state = 'STOPPING';
    this.#child.kill('SIGTERM');
    this.#killAfter(graceMs);
  }

  #killAfter(graceMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs);
  }

  #run(): void {
    const { command, env, cwd } = this.#options;
    if (command === null) return this.#runs();
    const [program = '', ...args] = command;
    const own = { GOBUTTON_TASK_ID: this.id, GOBUTTON_TASK_ARN: this.arn };
    // A group of its own: Ctrl-C in the terminal reaches the stand-in alone, which stops its tasks in order.
    const child = spawn(program, args, {
      cwd,
      env: { ...inherited(), ...env, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    child.once('spawn', () => {
      if (this.desiredStatus !== 'STOPPED') this.#runs();
    });
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      this.stopCode = 'TaskFailedToStart';
      this.stoppedReason = `CannotStartContainerError: ${error.message}`;
      this.#finish();
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => this.#say(text));
    // `close`, not `exit`: the last lines are what tells why it ended.
    child.once('close', (code, signal) => {
      this.exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
      if (this.desiredStatus === 'RUNNING') {
        this.stopCode = 'EssentialContainerExited';
        this.stoppedReason = 'Essential container in task exited';
      }
      this.#finish();
    });
  }

  #runs(): void {
    this.state = 'RUNNING';
    this.startedAtMs = this.#nowMs();
    this.#options.onRunning(this);
  }

  #say(text: string): void {
    this.#options.log?.write(text);
    this.tail.push(...text.split('\n').filter((line) => line !== ''));
    this.tail.splice(0, Math.max(0, this.tail.length - TAIL_LINES));
  }

  #finish(): void {
    if (this.state === 'STOPPED') return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.state = 'STOPPED';
    this.desiredStatus = 'STOPPED';
    this.stoppedAtMs = this.#nowMs();
    this.#options.onStopped(this);
    this.#resolveStopped();
  }
}

/** A container has its own environment; a process needs these few to find its programs and folders. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
