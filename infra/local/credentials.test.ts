import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCredentials } from './credentials.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'credentials-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const dayMs = 86_400_000;

describe('ensureCredentials', () => {
  it('makes them once, readable by the owner alone, and gives the same ones afterwards', async () => {
    const dir = join(root, 'once');
    const first = await ensureCredentials(dir);
    const caText = await readFile(first.caFile, 'utf8');
    expect(await ensureCredentials(dir)).toEqual(first);
    expect(await readFile(first.caFile, 'utf8')).toBe(caText);
    for (const name of await readdir(dir)) expect((await stat(join(dir, name))).mode & 0o777, name).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  it('gives keys that belong together and ids in the shape Apple and Google use', async () => {
    const made = await ensureCredentials(join(root, 'shape'));
    expect(made.apnsKeyId).toMatch(/^[A-Z0-9]{10}$/);
    expect(made.apnsTeamId).toMatch(/^[A-Z0-9]{10}$/);
    const apnsKey = createPrivateKey(await readFile(made.apnsKeyFile, 'utf8'));
    expect(apnsKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(createPublicKey(apnsKey).export({ type: 'spki', format: 'pem' })).toBe(made.apnsPublicKeyPem);
    const account = JSON.parse(await readFile(made.serviceAccountFile, 'utf8')) as Record<string, string>;
    expect(account).toMatchObject({
      type: 'service_account',
      project_id: 'gobutton-local',
      token_uri: 'https://oauth2.googleapis.com/token',
    });
    expect(createPublicKey(account.private_key ?? '').export({ type: 'spki', format: 'pem' })).toBe(
      made.serviceAccountPublicKeyPem,
    );
  });

  it('has a certificate that a client trusts by the CA file alone, for localhost and 127.0.0.1', async () => {
    const made = await ensureCredentials(join(root, 'tls'));
    const server = createServer({ key: made.serverKey, cert: made.serverCert }, (socket) => {
      socket.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ca = await readFile(made.caFile);
    for (const servername of ['localhost', '127.0.0.1']) {
      const socket = connect({ port, host: '127.0.0.1', ca, ...(servername === 'localhost' ? { servername } : {}) });
      await once(socket, 'secureConnect');
      expect(socket.authorized).toBe(true);
      socket.destroy();
    }
    server.close();
  });

  it('renews a certificate that is about to expire and keeps the keys', async () => {
    const dir = join(root, 'expiry');
    const old = await ensureCredentials(dir, Date.now() - 400 * dayMs);
    expect(new X509Certificate(old.serverCert).validToDate.getTime()).toBeLessThan(Date.now());
    const renewed = await ensureCredentials(dir);
    expect(renewed.serverCert).not.toBe(old.serverCert);
    expect(new X509Certificate(renewed.serverCert).validToDate.getTime()).toBeGreaterThan(Date.now() + 300 * dayMs);
    expect(
      new X509Certificate(renewed.serverCert).checkIssued(new X509Certificate(await readFile(renewed.caFile))),
    ).toBe(true);
    expect(renewed.apnsPublicKeyPem).toBe(old.apnsPublicKeyPem);
    expect(renewed.apnsKeyId).toBe(old.apnsKeyId);
  });

  it('makes everything anew when the stored file is torn, and writes back a derived file that was lost', async () => {
    const dir = join(root, 'torn');
    const old = await ensureCredentials(dir);
    await rm(old.apnsKeyFile);
    await ensureCredentials(dir);
    expect((await stat(old.apnsKeyFile)).size).toBeGreaterThan(100);
    await writeFile(join(dir, 'credentials.json'), '{"v":1,"ca":"---');
    const remade = await ensureCredentials(dir);
    expect(remade.apnsPublicKeyPem).not.toBe(old.apnsPublicKeyPem);
    expect(await ensureCredentials(dir)).toEqual(remade);
  });
});
