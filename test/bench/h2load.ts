import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryOf } from '../conformance/foreign-servers.ts';
import type { Round } from './client-process.ts';
import { apnsHeaders, apnsPayload, Tokens } from './clients/bench-client.ts';
import type { Target } from './clients/bench-client.ts';

const REQUESTS = 100_000;

/** One round of nghttp2's own load generator in C, with the same request over so many connections; null where it is not installed. */
export async function h2loadRound(
  target: Pick<Target, 'apnsUrl' | 'apnsAuthorization'>,
  pin: readonly string[],
  connections: number,
): Promise<Round | null> {
  const binary = binaryOf('h2load');
  if (binary === null) return null;
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const body = join(dir, 'body');
    await writeFile(body, JSON.stringify(apnsPayload));
    const headers = Object.entries({ ...apnsHeaders, authorization: target.apnsAuthorization }).flatMap(
      ([name, value]) => ['-H', `${name}: ${value}`],
    );
    const path = `${target.apnsUrl}/3/device/${new Tokens({ part: 0, unregisteredEvery: 0 }).apns(0x1000_0000)}`;
    // The shell's own `times` tells the CPU time of its children.
    const [command, ...args] = [
      ...pin,
      'sh',
      '-c',
      '"$@"; times',
      'sh',
      binary,
      '-n',
      String(REQUESTS),
      '-c',
      String(connections),
      '-m',
      '1000',
      '-t',
      '1',
      '-d',
      body,
      ...headers,
      path,
    ];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await once(child, 'close');
    const finished = /finished in ([\d.]+)(ms|s)/.exec(text);
    const times = [...text.matchAll(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s/g)].at(-1);
    if (finished === null || times === undefined || !text.includes(`${REQUESTS} succeeded`))
      throw new Error(`BENCH_H2LOAD_FAILED ${text.slice(-500)}`);
    const [userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = times.slice(1).map(Number);
    return {
      requests: REQUESTS,
      seconds: Number(finished[1]) / (finished[2] === 'ms' ? 1_000 : 1),
      cpuSeconds: (userMinutes + systemMinutes) * 60 + user + system,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
