import { createPrivateKey, sign } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCredentials } from '../credentials.ts';
import type { Credentials } from '../credentials.ts';
import { startProviders } from './start.ts';
import type { ProviderOptions, Providers } from './start.ts';

/** Providers with credentials of their own, for tests. */
export interface TestProviders extends Providers { credentials: Credentials; ca: Buffer; dir: string }

export async function providersForTests(options: Omit<ProviderOptions, 'credentials'> = {}): Promise<TestProviders> {
  const dir = await mkdtemp(join(tmpdir(), 'providers-'));
  const credentials = await ensureCredentials(join(dir, 'credentials'));
  const providers = await startProviders({ ...options, credentials });
  const stop = async (): Promise<void> => {
    await providers.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { ...providers, credentials, ca: await readFile(credentials.caFile), dir, stop };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An `authorization` header for APNs, issued at `issuedAtMs`; `change` replaces header fields or claims. */
export async function apnsAuthorization({ credentials }: { credentials: Credentials }, issuedAtMs = Date.now(), change: { header?: object; claims?: object; key?: string } = {}): Promise<string> {
  const header = part({ alg: 'ES256', kid: credentials.apnsKeyId, ...change.header });
  const claims = part({ iss: credentials.apnsTeamId, iat: Math.floor(issuedAtMs / 1000), ...change.claims });
  const key = createPrivateKey(change.key ?? await readFile(credentials.apnsKeyFile, 'utf8'));
  return `bearer ${header}.${claims}.${sign('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
