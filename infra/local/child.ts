import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** A process with `exitWithParent` lives no longer than this after its parent, unless it is busy without a pause. */
export const ENDS_AFTER_PARENT_MS = 1_000;
export const exitWithParent = fileURLToPath(new URL('exit-with-parent.ts', import.meta.url));

export interface ChildOptions {
  name: string;
  /** Path from the project's root. */
  script: string;
  args?: string[];
  env: Record<string, string>;
  logFile: string;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the first standard-output line that `match` accepts; rejects when the process ends before, or after `withinMs`. */
  line(match: (line: string) => boolean, withinMs: number): Promise<string>;
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when it has ended. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts one of our own scripts as a process of its own group: Ctrl-C in the terminal reaches only the parent, which stops its children in order. */
export async function startChild(options: ChildOptions): Promise<Child> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      exitWithParent,
      join(projectRoot, options.script),
      ...(options.args ?? []),
    ],
    {
      cwd: projectRoot,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        TMPDIR: process.env['TMPDIR'] ?? '/tmp',
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
        GOBUTTON_PARENT_PID: String(process.pid),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const pid = child.pid;
  if (pid === undefined) throw new Error(`CHILD_NOT_STARTED ${options.name}`);

  const seen: string[] = [];
  const waiting = new Set<(line: string) => void>();
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    log.write(chunk);
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (seen.length < 200) seen.push(line);
      for (const listener of waiting) listener(line);
    }
  });
  child.stderr?.on('data', (chunk: Buffer) => void log.write(chunk));

  let result: number | NodeJS.Signals | null = null;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => {
      result = code ?? signal ?? 1;
      log.end();
      resolve(result);
    });
  });

  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    ended,
    line: (match, withinMs) =>
      new Promise((resolve, reject) => {
        const already = seen.find(match);
        if (already !== undefined) return resolve(already);
        const finish = (error: Error | null, line: string) => {
          clearTimeout(timer);
          waiting.delete(listener);
          if (error === null) resolve(line);
          else reject(error);
        };
        const listener = (line: string) => {
          if (match(line)) finish(null, line);
        };
        const timer = setTimeout(
          () =>
            finish(
              new Error(
                `CHILD_SILENT ${options.name} said nothing expected within ${withinMs} ms; see ${options.logFile}`,
              ),
              '',
            ),
          withinMs,
        );
        waiting.add(listener);
        void ended.then((how) =>
          finish(
            new Error(`CHILD_ENDED ${options.name} ended (${how}) before it was ready; see ${options.logFile}`),
            '',
          ),
        );
      }),
    stop: async (graceMs = 5_000) => {
      if (result !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
