import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** CPU time of the parts of a rehearsal over a span of it. */
export interface CpuUse {
  /** Cores that this machine has for us. */
  cores: number;
  /** Length of the span. */
  seconds: number;
  /** CPU-seconds, threads included. `cloud`: the rehearsal's own process, which hosts local cloud, Slack workspace and script. */
  parts: Record<Part, number>;
  /** Those of the workers, by what a thread is: main threads, threads of ours (sending, and the one that watches the switches), helpers of V8. Null: not known. */
  workerThreads: Record<ThreadKind, number> | null;
  /** Share (0 to 1) of all CPU time of the machine that was used, by whomever. */
  machineBusy: number;
}

export type Part = 'workers' | 'providers' | 'cloud' | 'bot';

export type ThreadKind = 'main' | 'sending' | 'helpers';

/** CPU-seconds since their start by process, and of the machine since its boot. */
interface Sample {
  atMs: number;
  processes: Map<number, { part: Part; seconds: number }>;
  threads: Map<string, { kind: ThreadKind; seconds: number }>;
  machine: MachineTime;
}
interface MachineTime {
  busy: number;
  total: number;
}

/** /proc counts in hundredths of a second on every architecture (USER_HZ; `man 5 proc`). */
const TICKS_PER_SECOND = 100;

/** Looks from time to time at the CPU time of processes; where there is no /proc it sees nothing. */
export class CpuWatch {
  readonly #pids: () => Record<Part, readonly number[]>;
  readonly #samples: Sample[] = [];

  /** `pids`: those that run now, asked anew at every look. */
  constructor(pids: () => Record<Part, readonly number[]>) {
    this.#pids = pids;
  }

  look(): void {
    const machine = readMachine();
    if (machine === null) return;
    // A process that has ended keeps what it was last seen with.
    const processes = new Map(this.#samples.at(-1)?.processes);
    const threads = new Map(this.#samples.at(-1)?.threads);
    const pidsOf = this.#pids();
    for (const pid of pidsOf.workers) for (const [id, thread] of readThreads(pid)) threads.set(id, thread);
    for (const [part, pids] of Object.entries(pidsOf) as [Part, readonly number[]][]) {
      for (const pid of pids) {
        const seconds = readProcess(pid);
        if (seconds !== null) processes.set(pid, { part, seconds });
      }
    }
    this.#samples.push({ atMs: Date.now(), processes, threads, machine });
  }

  /** From the first look to the first one at or after `untilMs` (epoch ms), or the last. Null: nothing was seen. */
  useUntil(untilMs: number): CpuUse | null {
    const first = this.#samples[0];
    const last = this.#samples.find(({ atMs }) => atMs >= untilMs) ?? this.#samples.at(-1);
    if (first === undefined || last === undefined || last === first) return null;
    const parts: Record<Part, number> = { workers: 0, providers: 0, cloud: 0, bot: 0 };
    for (const [pid, { part, seconds }] of last.processes)
      parts[part] += seconds - (first.processes.get(pid)?.seconds ?? 0);
    const workerThreads: Record<ThreadKind, number> = { main: 0, sending: 0, helpers: 0 };
    for (const [id, { kind, seconds }] of last.threads)
      workerThreads[kind] += seconds - (first.threads.get(id)?.seconds ?? 0);
    return {
      cores: availableParallelism(),
      seconds: (last.atMs - first.atMs) / 1_000,
      parts,
      workerThreads: last.threads.size === 0 ? null : workerThreads,
      machineBusy: (last.machine.busy - first.machine.busy) / Math.max(0.01, last.machine.total - first.machine.total),
    };
  }
}

/** User and system time in seconds from the text of /proc/PID/stat. */
export function processSeconds(stat: string): number {
  // The second field is the name in brackets and may hold anything, brackets and spaces too; the fourteenth is utime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Time of all cores in seconds from the text of /proc/stat. Waiting for a disk is idle; guests are in user time already. */
export function machineTime(stat: string): MachineTime {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy: busy / TICKS_PER_SECOND, total: (busy + idle + iowait) / TICKS_PER_SECOND };
}

function readProcess(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : processSeconds(stat);
}

/** Node's own name for a thread that a program has started. */
const OURS = 'WorkerThread';

/** What a thread of a process is, by the text of /proc/PID/task/TID/stat. */
export function kindOf(pid: number, tid: number, stat: string): ThreadKind {
  if (pid === tid) return 'main';
  return stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) === OURS ? 'sending' : 'helpers';
}

function readThreads(pid: number): [string, { kind: ThreadKind; seconds: number }][] {
  return tidsOf(pid).flatMap((tid) => {
    const stat = read(`/proc/${pid}/task/${tid}/stat`);
    return stat === null ? [] : [[`${pid}/${tid}`, { kind: kindOf(pid, tid, stat), seconds: processSeconds(stat) }]];
  });
}

/** None: the process has ended. */
function tidsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function readMachine(): MachineTime | null {
  const stat = read('/proc/stat');
  return stat === null ? null : machineTime(stat);
}

/** Null: it is not there, because the process has ended or the system has no /proc. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
