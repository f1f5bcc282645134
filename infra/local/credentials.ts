import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { z } from 'zod';

/**
 * The credentials of the local providers: a CA with a server certificate for loopback, an APNs signing
 * key, a Google service account. All of it lives in one bundle file, which is written atomically; the
 * single files that clients want are derived from the bundle.
 */

const bundleShape = z.strictObject({
  v: z.literal(1),
  ca: z.string(),
  serverKey: z.string(),
  serverCert: z.string(),
  apnsKey: z.string(),
  apnsKeyId: z.string().length(10),
  apnsTeamId: z.string().length(10),
  serviceAccountKey: z.string(),
  serviceAccountKeyId: z.string(),
});
type Bundle = z.output<typeof bundleShape>;

export interface Credentials {
  /** CA certificate, PEM: what a client has to trust. */
  caFile: string;
  serverKey: string;
  serverCert: string;
  apnsKeyFile: string;
  apnsKeyId: string;
  apnsTeamId: string;
  apnsPublicKeyPem: string;
  serviceAccountFile: string;
  serviceAccountPublicKeyPem: string;
  projectId: string;
}

const projectId = 'gobutton-local';
const clientEmail = `push@${projectId}.iam.gserviceaccount.com`;
const dayMs = 86_400_000;
/** A certificate that ends within a day could end during a rehearsal: it counts as expired. */
const leftAtLeastMs = dayMs;
const certificateDays = 365;

/**
 * Reads the credentials in `dir`, and makes those that are missing, unreadable or about to expire. Keys
 * that are still good are kept when only the certificate is renewed. Files are 0600. Errors are those of the file system.
 */
export async function ensureCredentials(dir: string, nowMs: number = Date.now()): Promise<Credentials> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const bundleFile = join(dir, 'credentials.json');
  const found = await readBundle(bundleFile);
  if (found === null || !certificateIsGood(found, nowMs)) {
    const made: Bundle = { ...(found ?? makeKeys()), ...(await makeCertificate(nowMs)) };
    await writePrivate(bundleFile, JSON.stringify(made));
  }
  // Read again: if two processes made one at the same time, both go on with the one that stayed.
  const bundle = await readBundle(bundleFile);
  if (bundle === null) throw new Error(`CREDENTIALS_UNREADABLE: ${bundleFile} can't be read back`);

  const files = {
    caFile: join(dir, 'ca.pem'),
    apnsKeyFile: join(dir, 'apns-key.p8'),
    serviceAccountFile: join(dir, 'service-account.json'),
  };
  await Promise.all([
    writePrivate(files.caFile, bundle.ca),
    writePrivate(files.apnsKeyFile, bundle.apnsKey),
    writePrivate(files.serviceAccountFile, serviceAccountText(bundle)),
  ]);
  return {
    ...files,
    serverKey: bundle.serverKey,
    serverCert: bundle.serverCert,
    apnsKeyId: bundle.apnsKeyId,
    apnsTeamId: bundle.apnsTeamId,
    apnsPublicKeyPem: publicPem(bundle.apnsKey),
    serviceAccountPublicKeyPem: publicPem(bundle.serviceAccountKey),
    projectId,
  };
}

async function readBundle(file: string): Promise<Bundle | null> {
  try {
    const bundle = bundleShape.parse(JSON.parse(await readFile(file, 'utf8')));
    publicPem(bundle.apnsKey);
    publicPem(bundle.serviceAccountKey);
    return bundle;
  } catch {
    // Missing, torn, of another version or with a broken key: all of it is made anew.
    return null;
  }
}

function certificateIsGood(bundle: Bundle, nowMs: number): boolean {
  try {
    return [bundle.ca, bundle.serverCert].every(
      (pem) => new X509Certificate(pem).validToDate.getTime() - nowMs > leftAtLeastMs,
    );
  } catch {
    return false;
  }
}

type Keys = Omit<Bundle, 'ca' | 'serverKey' | 'serverCert'>;

function makeKeys(): Keys {
  const apns = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const google = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return {
    v: 1,
    apnsKey: privatePem(apns),
    apnsKeyId: tenCharacters(),
    apnsTeamId: tenCharacters(),
    serviceAccountKey: privatePem(google),
    serviceAccountKeyId: randomBytes(20).toString('hex'),
  };
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Apple's key and team ids: ten characters of A–Z and 0–9. */
function tenCharacters(): string {
  return [...randomBytes(10)].map((byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'.charAt(byte % 32)).join('');
}

async function makeCertificate(nowMs: number): Promise<Pick<Bundle, 'ca' | 'serverKey' | 'serverCert'>> {
  const validity = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - dayMs),
    notAfterDate: new Date(nowMs + certificateDays * dayMs),
  } as const;
  const ca = await generate([{ name: 'commonName', value: 'gobutton local CA' }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  // The CA's key is forgotten here: nobody can sign a second certificate that clients of this CA would trust.
  return { ca: ca.cert, serverKey: server.private, serverCert: server.cert };
}

function serviceAccountText(bundle: Bundle): string {
  return JSON.stringify(
    {
      type: 'service_account',
      project_id: projectId,
      private_key_id: bundle.serviceAccountKeyId,
      private_key: bundle.serviceAccountKey,
      client_email: clientEmail,
      client_id: '100000000000000000001',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token',
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      universe_domain: 'googleapis.com',
    },
    null,
    2,
  );
}

function publicPem(keyPem: string): string {
  return createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();
}

async function writePrivate(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
