import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { YOUNG_GENERATION_MB } from '../../workers/threads/sending-threads.ts';
import { binaryOf } from '../conformance/foreign-servers.ts';
import type { ClientOptions, Footprint, Round } from './client-process.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Arguments in front of a command that pin it to one core; none where taskset is missing or there is one core only. */
export function pinnedTo(core: number, cores: number): string[] {
  const taskset = binaryOf('taskset');
  return taskset === null || core >= cores ? [] : [taskset, '-c', String(core)];
}

/** A client process that is warm and waits. */
export interface StartedClient {
  round(): Promise<Round>;
  /** Ends the process. */
  end(): Promise<Footprint>;
  kill(): void;
}

const LIFE_MS = 150_000;

/** Starts a client process and resolves when it is warm. Rejects with what it said when it ends before that. */
export async function startClient(options: ClientOptions, pin: readonly string[]): Promise<StartedClient> {
  const { target } = options;
  const redirect = {
    hosts: { 'api.push.apple.com': target.apnsUrl, 'fcm.googleapis.com': target.fcmUrl },
    ca: target.ca,
  };
  // Our lane with the memory that a sending thread gives it; the packages with Node's default.
  const memory = options.client.startsWith('lane') ? [`--max-semi-space-size=${YOUNG_GENERATION_MB / 3}`] : [];
  const [command, ...args] = [
    ...pin,
    process.execPath,
    ...memory,
    '--import',
    here('./redirect.ts'),
    here('./client-process.ts'),
    JSON.stringify(options),
  ];
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, BENCH_REDIRECT: JSON.stringify(redirect) },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const timer = setTimeout(() => child.kill('SIGKILL'), LIFE_MS);
  void once(child, 'exit').finally(() => clearTimeout(timer));
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`BENCH_CLIENT_FAILED ${options.client}: ${said}`);
    return line.value;
  };
  await next();
  return {
    async round() {
      child.stdin.write('round\n');
      return JSON.parse(await next()) as Round;
    },
    async end() {
      child.stdin.end('end\n');
      return JSON.parse(await next()) as Footprint;
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
