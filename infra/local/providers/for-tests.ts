import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  SecureClientSessionOptions,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ensureCredentials } from '../credentials.ts';
import type { Credentials } from '../credentials.ts';
import { behaviour as usualBehaviour, behaviourChange } from './behaviour.ts';
import type { BehaviourInput } from './behaviour.ts';
import type { Counts } from './judge.ts';
import { startProviders } from './start.ts';
import type { ProviderOptions, Providers } from './start.ts';

/** Providers with credentials of their own, for tests. */
export interface TestProviders extends Providers {
  credentials: Credentials;
  ca: Buffer;
  dir: string;
}

/** What a process's first providers made: keys and certificates cost a tenth of a second of a core, and no test is about other ones. */
let madeOnce: Promise<string> | null = null;

/** Credentials in a folder of their own; within a process all have the same keys. */
async function credentialsForTests(dir: string): Promise<Credentials> {
  const bundle = join(dir, 'credentials.json');
  if (madeOnce !== null) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(bundle, await madeOnce, { mode: 0o600 });
    return ensureCredentials(dir);
  }
  const made = ensureCredentials(dir);
  madeOnce = made.then(() => readFile(bundle, 'utf8'));
  return made;
}

export async function providersForTests(options: Omit<ProviderOptions, 'credentials'> = {}): Promise<TestProviders> {
  const dir = await mkdtemp(join(tmpdir(), 'providers-'));
  const credentials = await credentialsForTests(join(dir, 'credentials'));
  const providers = await startProviders({ ...options, credentials });
  const stop = async (): Promise<void> => {
    await providers.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { ...providers, credentials, ca: await readFile(credentials.caFile), dir, stop };
}

/** Changes what is given, as POST /config does. */
export function become({ behaviour }: Providers, change: BehaviourInput): void {
  Object.assign(behaviour, behaviourChange.parse(change));
}

/** As they were at first. */
export function becomeUsual({ behaviour }: Providers): void {
  Object.assign(behaviour, usualBehaviour.parse({}));
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An `authorization` header for APNs, issued at `issuedAtMs`; `change` replaces header fields or claims. */
export async function apnsAuthorization(
  { credentials }: { credentials: Credentials },
  issuedAtMs = Date.now(),
  change: { header?: object; claims?: object; key?: string } = {},
): Promise<string> {
  const header = part({ alg: 'ES256', kid: credentials.apnsKeyId, ...change.header });
  const claims = part({ iss: credentials.apnsTeamId, iat: Math.floor(issuedAtMs / 1000), ...change.claims });
  const key = createPrivateKey(change.key ?? (await readFile(credentials.apnsKeyFile, 'utf8')));
  return `bearer ${header}.${claims}.${sign('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  error: string | null;
}

/** A node:http2 client on one connection; a request that fails resolves with its error's code. */
export class TestClient {
  readonly session: ClientHttp2Session;
  goaway: { code: number; lastStreamId: number; text: string } | null = null;

  constructor(url: string, ca: Buffer, options: SecureClientSessionOptions = {}) {
    this.session = connect(url, { ca, ...options });
    this.session.on('error', () => {
      this.session.destroy();
    });
    this.session.on('goaway', (code, lastStreamId, data) => {
      this.goaway = { code, lastStreamId, text: data?.toString() ?? '' };
    });
  }

  /** Resolves when the server's SETTINGS have come. */
  async ready(): Promise<this> {
    if (Object.keys(this.session.remoteSettings).length === 0) await once(this.session, 'remoteSettings');
    return this;
  }

  get streamLimit(): number | undefined {
    return this.session.remoteSettings.maxConcurrentStreams;
  }

  post(path: string, headers: OutgoingHttpHeaders, body: string | Buffer): Promise<TestAnswer> {
    return this.answerOf(this.open({ ':method': 'POST', ':path': path, ...headers }, body));
  }

  open(headers: OutgoingHttpHeaders, body: string | Buffer): ClientHttp2Stream {
    const stream = this.session.request(headers);
    stream.end(body);
    return stream;
  }

  answerOf(stream: ClientHttp2Stream): Promise<TestAnswer> {
    return new Promise((resolve) => {
      const answer: TestAnswer = { status: 0, headers: {}, body: '', error: null };
      stream.setEncoding('utf8');
      stream.on('response', (headers) => {
        answer.headers = headers;
        answer.status = Number(headers[':status']);
      });
      stream.on('data', (text: string) => {
        answer.body += text;
      });
      stream.on('error', (error: Error) => {
        answer.error = error.message;
      });
      stream.on('close', () => {
        if (answer.status === 0) answer.error ??= `closed with code ${stream.rstCode}`;
        resolve(answer);
      });
    });
  }

  close(): void {
    this.session.destroy();
  }
}

/** Headers of an ordinary alert push. */
export async function apnsHeaders(
  providers: { credentials: Credentials },
  more: OutgoingHttpHeaders = {},
): Promise<OutgoingHttpHeaders> {
  return {
    authorization: await apnsAuthorization(providers),
    'apns-topic': 'com.example.app',
    'apns-push-type': 'alert',
    'apns-priority': '10',
    ...more,
  };
}

export function apnsBody(launch: string, shot: string, title = 'Hello'): string {
  return JSON.stringify({ aps: { alert: { title, body: 'Now' }, sound: 'default' }, gobutton: { launch, shot } });
}

/** A 64-character device token that ends in the number. */
export function iosToken(number: number, mark = ''): string {
  return mark + number.toString(16).padStart(64 - mark.length, '0');
}

export function androidToken(number: number, mark = ''): string {
  return `${mark}${'c'.repeat(22 - mark.length)}:APA91b${number.toString().padStart(134, '0')}`;
}

/** An assertion for the token endpoint (RFC 7523); `change` replaces claims. */
export async function oauthAssertion(
  { credentials }: { credentials: Credentials },
  change: { header?: object; claims?: object; key?: string } = {},
): Promise<string> {
  const account = JSON.parse(await readFile(credentials.serviceAccountFile, 'utf8')) as {
    client_email: string;
    private_key: string;
  };
  const iat = Math.floor(Date.now() / 1000);
  const header = part({ alg: 'RS256', typ: 'JWT', ...change.header });
  const claims = part({
    iss: account.client_email,
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: 'https://oauth2.googleapis.com/token',
    iat,
    exp: iat + 3600,
    ...change.claims,
  });
  return `${header}.${claims}.${sign('sha256', Buffer.from(`${header}.${claims}`), change.key ?? account.private_key).toString('base64url')}`;
}

export function grantForm(assertion: string): string {
  return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
}

/** An access token for FCM as an `authorization` header. */
export async function fcmAuthorization(providers: TestProviders): Promise<string> {
  const client = new TestClient(providers.fcmUrl, providers.ca);
  const { body } = await client.post(
    '/token',
    { 'content-type': 'application/x-www-form-urlencoded' },
    grantForm(await oauthAssertion(providers)),
  );
  client.close();
  return `Bearer ${(JSON.parse(body) as { access_token: string }).access_token}`;
}

export async function countsOf(providers: Providers, launch: string, shot?: string): Promise<Counts> {
  const response = await fetch(
    `${providers.controlUrl}/counts?${new URLSearchParams({ launch, ...(shot === undefined ? {} : { shot }) }).toString()}`,
  );
  return (await response.json()) as Counts;
}

/** Resolves when `condition` holds; rejects after 5 s. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not after 5 s: ${what}`);
    await setTimeout(5);
  }
}
