import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SETTING } from '../../h2/frames.ts';
import type { Credential } from '../credentials/credential.ts';
import { TokenError } from '../credentials/fcm-oauth.ts';
import { endpointOf } from '../lanes/h2/connect.ts';
import { Dialer } from '../lanes/h2/dialer.ts';
import type { Template } from '../lanes/lane.ts';
import type { Provider } from '../lanes/provider.ts';
import { connectTrouble } from './connect-findings.ts';
import type { Trouble } from './connect-findings.ts';
import { finding, isSandbox, short } from './findings.ts';
import type { FindingContext, Finding } from './findings.ts';
import { fieldOf, judgeAnswer } from './judge-answer.ts';
import { certificateOf, lookAgain, misdirected, tlsLook } from './look-again.ts';
import type { Certificate } from './look-again.ts';
import { speak } from './one-push.ts';
import type { Spoken } from './one-push.ts';

/** What meets a provider: the lanes' own pieces, one connection of its own, one push at most. */
export interface MeetOptions {
  provider: Provider;
  /** Origin, `https://host[:port]`. */
  url: string;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
  /** `http[s]://[user:password@]host[:port]`; null, the default: none. */
  proxy?: string | null;
  credential: Credential;
  /** The push: one that shows nothing, or is only checked (see `primeTemplate`). */
  template: Template;
  /** A device of the launch's people; null: one that doesn't exist, which a provider that knows us says. */
  device: string | null;
  /** Development builds are meant: the sandbox is right. Default false. */
  isSandboxMeant?: boolean;
  /** Default 10 s to connect, 5 s for SETTINGS and PING, 10 s for the answer: the lanes' own. */
  timeouts?: { connectMs: number; settingsMs: number; answerMs: number };
  signal?: AbortSignal;
}

export interface Meeting {
  provider: 'apns' | 'fcm';
  url: string;
  atMs: number;
  /** What stands between us and the provider; null: it was met and answered. */
  finding: Finding | null;
  /** Of the name; none through a proxy, which looks it up itself. */
  addresses: string[];
  tls: {
    address: string;
    version: string;
    cipher: string;
    alpn: string;
    certificate: Certificate | null;
    trustedBy: 'this machine' | 'GOBUTTON_CA_FILE';
    resumes: boolean;
    tookMs: number;
  } | null;
  /** Null: no SETTINGS came. A setting is null where the peer named none and the RFC's own value holds. */
  http2: {
    streams: number | null;
    streamsAfter: number | null;
    windowBytes: number | null;
    tableBytes: number | null;
    frameBytes: number | null;
    headerListBytes: number | null;
    obeysTable: boolean | null;
    pingMs: number | null;
  } | null;
  push: {
    device: 'staff' | 'made up';
    status: number;
    reason: string;
    follows: string;
    server: string | null;
    id: string | null;
    tookMs: number;
  } | null;
  /** A push was written, whether or not it was answered. */
  spent: boolean;
}

const TIMEOUTS = { connectMs: 10_000, settingsMs: 5_000, answerMs: 10_000 };
/** A second look, at what is no provider. */
const LOOK_MS = 2_000;
const HEADER_CHARS = 100;

/** Well-formed, and nobody's: the local providers refuse tokens that begin so, as the real ones do any that they never gave out. */
const MADE_UP = { apns: 'badd00'.padEnd(64, '7'), fcm: `badd00gobuttonLaneProbe:APA91b${'0'.repeat(134)}` } as const;

/** Meets a provider with one push at most. Resolves with what it found; rejects only if it was aborted. */
export async function meet(options: MeetOptions): Promise<Meeting> {
  const { provider, url, ca, proxy = null, timeouts = TIMEOUTS, signal = new AbortController().signal } = options;
  const endpoint = endpointOf(url, ca);
  const facts: FindingContext = { provider: provider.name, host: endpoint.host, port: endpoint.port };
  const meeting: Meeting = {
    provider: provider.name,
    url,
    atMs: Date.now(),
    finding: null,
    addresses: [],
    tls: null,
    http2: null,
    push: null,
    spent: false,
  };
  const found = ({ code, detail }: Trouble, withinMs?: number): Meeting => {
    meeting.finding = finding(code, {
      ...facts,
      detail: withoutDevice(detail, options),
      ...(withinMs === undefined ? {} : { withinMs }),
    });
    return meeting;
  };

  const wrong = misdirected(facts);
  if (wrong !== null) return found(wrong);
  if (isSandbox(endpoint.host) && options.isSandboxMeant !== true)
    return found({ code: 'WRONG_ENVIRONMENT', detail: '' });
  const dialer = new Dialer({
    endpoint,
    proxy,
    lookUp: async (name) =>
      (meeting.addresses = (await lookup(name, { all: true, order: 'verbatim', hints: ADDRCONFIG })).map(
        ({ address }) => address,
      )),
  });
  if (proxy === null && isIP(endpoint.host) !== 0) meeting.addresses = [endpoint.host];
  const credential = options.credential.ready().then(() => null, credentialTrouble);

  const startMs = performance.now();
  const opened = await dialer.dial(timeouts.connectMs).then(
    ({ socket }) => ({ socket }),
    (error: unknown) => ({ trouble: connectTrouble(error) }),
  );
  if ('trouble' in opened) {
    const { trouble } = opened;
    return found(
      proxy === null ? await lookAgain(trouble, endpoint, Math.min(LOOK_MS, timeouts.connectMs)) : trouble,
      trouble.code === 'TLS_SILENT' ? timeouts.connectMs : undefined,
    );
  }
  const { socket } = opened;
  meeting.tls = {
    address: socket.remoteAddress ?? '',
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || '',
    certificate: certificateOf(socket),
    trustedBy: ca === null ? 'this machine' : 'GOBUTTON_CA_FILE',
    resumes: false,
    tookMs: performance.now() - startMs,
  };

  const spoken = await speak(socket, {
    ...timeouts,
    signal,
    request: async () =>
      (await credential) === null
        ? {
            template: provider.request(options.template, new URL(url).host, options.credential.current().authorization),
            token: options.device ?? MADE_UP[provider.name],
          }
        : null,
  });
  signal.throwIfAborted();
  meeting.spent = spoken.spent;
  meeting.http2 = http2Of(spoken);
  // A connection that took a session up again was shown none.
  if (proxy === null) meeting.tls.certificate ??= (await tlsLook(endpoint, LOOK_MS))?.certificate ?? null;
  if (spoken.trouble === null) meeting.tls.resumes = await isResumed(dialer);
  return judged(meeting, spoken, await credential, options, found);
}

function judged(
  meeting: Meeting,
  spoken: Spoken,
  credential: Trouble | null,
  { provider, device, timeouts = TIMEOUTS }: MeetOptions,
  found: (trouble: Trouble, withinMs?: number) => Meeting,
): Meeting {
  const { answer, trouble } = spoken;
  const shown = (text: string | null): string | null =>
    text === null ? null : short(withoutDevice(text, { device }), HEADER_CHARS);
  if (answer !== null) {
    const isOk = answer.status >= 200 && answer.status < 300;
    const reason = isOk ? '' : provider.reason(answer.status, answer.body);
    meeting.push = {
      device: device === null ? 'made up' : 'staff',
      status: answer.status,
      reason,
      follows: isOk ? 'accepted' : provider.row(answer.status, reason).means,
      server: shown(fieldOf(answer.fields, 'server')),
      id: shown(fieldOf(answer.fields, 'apns-unique-id') ?? fieldOf(answer.fields, 'apns-id')),
      tookMs: answer.tookMs,
    };
  }
  if (credential !== null) return found(credential);
  if (trouble !== null) {
    const isSilent = trouble.code === 'NO_SETTINGS' || trouble.code === 'PING_UNANSWERED';
    const withinMs = isSilent ? timeouts.settingsMs : undefined;
    return found(trouble, trouble.code === 'NO_ANSWER' ? timeouts.answerMs : withinMs);
  }
  if (answer === null) return meeting;
  const verdict = judgeAnswer(provider.name, { ...answer, reason: meeting.push?.reason ?? '' }, device === null);
  return verdict === null ? meeting : found(verdict);
}

/** Whether the TLS session that the peer has given, before it answered the PING at the latest, is taken up again. Nothing is sent over the connection. */
async function isResumed(dialer: Dialer): Promise<boolean> {
  const again = await dialer.dial(LOOK_MS).catch(() => null);
  const isReused = again?.socket.isSessionReused() === true;
  again?.socket.destroy();
  return isReused;
}

function credentialTrouble(error: unknown): Trouble {
  if (!(error instanceof TokenError)) return { code: 'KEY_UNUSABLE', detail: 'it is no P-256 key in PKCS#8' };
  const code = (
    {
      FCM_KEY: 'KEY_UNUSABLE',
      FCM_TOKEN_REFUSED: 'TOKEN_REFUSED',
      FCM_TOKEN_ENDPOINT: 'TOKEN_ENDPOINT_WRONG',
      FCM_TOKEN_UNREACHABLE: 'TOKEN_ENDPOINT_UNREACHABLE',
    } as const
  )[error.code];
  return { code, detail: error.said };
}

function http2Of({ before, after, obeysTable, pingMs }: Spoken): Meeting['http2'] {
  if (before === null) return null;
  const first = (id: number): number | null => before.get(id) ?? null;
  return {
    streams: first(SETTING.maxConcurrentStreams),
    streamsAfter: after?.get(SETTING.maxConcurrentStreams) ?? null,
    windowBytes: first(SETTING.initialWindowSize),
    tableBytes: first(SETTING.headerTableSize),
    frameBytes: first(SETTING.maxFrameSize),
    headerListBytes: first(SETTING.maxHeaderListSize),
    obeysTable,
    pingMs,
  };
}

/** A front end may repeat the path that it was asked for. */
function withoutDevice(text: string, { device }: Pick<MeetOptions, 'device'>): string {
  return device === null ? text : text.replaceAll(device, 'the device');
}
