import { spawn } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureCredentials } from '../../infra/local/credentials.ts';
import type { BehaviourInput } from '../../infra/local/providers/behaviour.ts';
import { fetchAccessToken } from '../../workers/credentials/fcm-oauth.ts';
import { binaryOf, startForeign } from '../conformance/foreign-servers.ts';
import { serviceAccountIn } from '../worker-stage.ts';
import type { Target } from './clients/bench-client.ts';

export interface BenchServer {
  name: string;
  pid: number;
  target: Omit<Target, 'connections' | 'unregisteredEvery' | 'part'>;
  /** Changes how the local providers behave; nginx has no behaviour. */
  behave(change: BehaviourInput): Promise<void>;
  stop(): Promise<void>;
}

/** nginx, which answers at once and looks at nothing; where it is missing, the local providers. */
export async function startFastServer(pin: readonly string[]): Promise<BenchServer> {
  if (binaryOf('nginx') === null) return startLocalProviders(pin);
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  const credentials = await ensureCredentials(dir);
  const nginx = await startForeign('nginx', {
    own: ['keepalive_requests 2000000000;', 'keepalive_timeout 1h;', 'http2_max_concurrent_streams 1000;'],
    pinTo: pin,
    logs: false,
  });
  return {
    name: 'nginx',
    pid: nginx.pid,
    target: {
      apnsUrl: nginx.url,
      fcmUrl: nginx.url,
      ca: nginx.ca,
      projectId: credentials.projectId,
      ...(await apnsIdentity(credentials)),
      fcmAuthorization: `Bearer ya29.${'x'.repeat(200)}`,
    },
    behave: () => Promise.resolve(),
    async stop() {
      await nginx.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The local APNs and FCM as a process of their own; 100 streams a connection (docs/facts.md#fcm-streams). */
export async function startLocalProviders(pin: readonly string[]): Promise<BenchServer> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  const credentials = await ensureCredentials(dir);
  const main = fileURLToPath(new URL('../../infra/local/providers/main.ts', import.meta.url));
  const [command, ...args] = [
    ...pin,
    process.execPath,
    main,
    JSON.stringify({ credentialsDir: dir, behaviour: { streamLimit: 100, fcmStreamLimit: 100 } }),
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (first.done === true) throw new Error('BENCH_SERVER_FAILED: the local providers did not start');
  const { apnsUrl, fcmUrl, tokenUrl, controlUrl } = JSON.parse(first.value) as Record<
    'apnsUrl' | 'fcmUrl' | 'tokenUrl' | 'controlUrl',
    string
  >;
  const ca = await readFile(credentials.caFile, 'utf8');
  const account = await serviceAccountIn(credentials.serviceAccountFile);
  const { token } = await fetchAccessToken({ account, tokenUrl, ca });
  return {
    name: 'local providers',
    pid: child.pid ?? 0,
    target: {
      apnsUrl,
      fcmUrl,
      ca,
      projectId: credentials.projectId,
      ...(await apnsIdentity(credentials)),
      fcmAuthorization: `Bearer ${token}`,
    },
    async behave(change) {
      const response = await fetch(`${controlUrl}/config`, { method: 'POST', body: JSON.stringify(change) });
      if (!response.ok) throw new Error(`BENCH_CONFIG_REFUSED ${await response.text()}`);
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function apnsIdentity(credentials: {
  apnsKeyFile: string;
  apnsKeyId: string;
  apnsTeamId: string;
}): Promise<Pick<Target, 'apnsAuthorization' | 'apnsKey'>> {
  const pem = await readFile(credentials.apnsKeyFile, 'utf8');
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'ES256', kid: credentials.apnsKeyId })}.${part({ iss: credentials.apnsTeamId, iat: Math.floor(Date.now() / 1_000) })}`;
  const signature = sign('sha256', Buffer.from(unsigned), {
    key: createPrivateKey(pem),
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url');
  return {
    apnsAuthorization: `bearer ${unsigned}.${signature}`,
    apnsKey: { pem, keyId: credentials.apnsKeyId, teamId: credentials.apnsTeamId },
  };
}

/** CPU seconds that a process has used, from /proc; null where there is none. */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
