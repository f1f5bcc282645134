import { visible } from '../../infra/visible.ts';

/**
 * Everything that can stand between us and a provider, by code: what was found, what was expected, what to do. One table
 * for the command, for workers' reports and for the gate, so that the same thing has the same words everywhere. One piece
 * over 300 lines, because it is that table.
 */

/** What a sentence is made of. `detail`: the peer's or the system's own words, which may be anything; '' if there are none. */
export interface FindingContext {
  provider: 'apns' | 'fcm';
  host: string;
  port: number;
  detail?: string;
  /** How long was waited, for what came too late. */
  withinMs?: number;
}

export interface Finding {
  code: FindingCode;
  say: string;
}

interface Row {
  found: string;
  expected: string;
  next: string;
}

/** As the sentences name them. */
export const PROVIDER = {
  apns: { name: 'APNs', url: 'GOBUTTON_APNS_URL' },
  fcm: { name: 'FCM', url: 'GOBUTTON_FCM_URL' },
} as const;

const DETAIL_CHARS = 160;
/** A report has room for it, and a person patience. */
const SAY_CHARS = 480;

interface Words {
  at: string;
  host: string;
  name: string;
  url: string;
  detail: string;
  waited: string;
}
const inBrackets = ({ detail }: Words): string => (detail === '' ? '' : ` (${detail})`);

const rows = {
  // ---- where it is: before anything is opened
  WRONG_ENVIRONMENT: (w) => ({
    found: `${w.url} names ${w.host}, Apple's sandbox`,
    expected: 'api.push.apple.com, where devices with the app from the App Store or TestFlight are known',
    next: `Unset ${w.url}. If development builds are meant, waive it: a device of the other environment is BadDeviceToken`,
  }),
  OTHER_SERVICE: (w) => ({
    found: `${w.url} names ${w.host}, which is ${w.detail}`,
    expected: `the address of ${w.name}`,
    next: `Unset ${w.url}: without it the real ${w.name} is used`,
  }),
  NAME_UNKNOWN: (w) => ({
    found: `the name ${w.host} can't be found${inBrackets(w)}`,
    expected: 'an address',
    next: `Check ${w.url} for a typing error, and the resolver of this machine or VPC`,
  }),
  RESOLVER_SILENT: (w) => ({
    found: `the resolver does not answer for ${w.host}${inBrackets(w)}`,
    expected: 'an address',
    next: 'Check DNS of this machine or VPC; then try again',
  }),
  NOTHING_LISTENS: (w) => ({
    found: `nothing listens at ${w.at}${inBrackets(w)}`,
    expected: `${w.name}`,
    next: `Check host and port in ${w.url}, and start the server if it is a local one`,
  }),
  UNREACHABLE: (w) => ({
    found: `${w.at} can't be reached${w.waited}${inBrackets(w)}`,
    expected: 'a TCP connection',
    next: 'Let tasks out to port 443 (security group, firewall, NAT), or name the proxy in HTTPS_PROXY',
  }),
  PROXY_REFUSES: (w) => ({
    found: `the proxy does not connect to ${w.at}${inBrackets(w)}`,
    expected: '200 to CONNECT',
    next: 'Check address, user and password of the proxy in HTTPS_PROXY, allow this host and port on it, or put the host into NO_PROXY',
  }),

  // ---- TLS
  PLAIN_HTTP: (w) => ({
    found: `${w.at} speaks HTTP without TLS${inBrackets(w)}`,
    expected: 'TLS with HTTP/2',
    next: `Name the TLS port in ${w.url}`,
  }),
  NOT_TLS: (w) => ({
    found: `${w.at} does not speak TLS${inBrackets(w)}`,
    expected: 'TLS 1.2 or later with HTTP/2',
    next: `Check host and port in ${w.url}; a middlebox may answer in its place`,
  }),
  TLS_SILENT: (w) => ({
    found: `${w.at} takes connections and says nothing${w.waited}`,
    expected: 'a TLS handshake',
    next: 'Check whether the port is the right one, and whether a middlebox holds TLS up; then try again',
  }),
  TLS_REFUSED: (w) => ({
    found: `${w.at} refuses TLS${inBrackets(w)}`,
    expected: 'TLS 1.2 or later',
    next: `Check host and port in ${w.url}, and that nothing between us ends TLS`,
  }),
  CLOSED_IN_HANDSHAKE: (w) => ({
    found: `${w.at} closed the connection during the TLS handshake${inBrackets(w)}`,
    expected: 'TLS with HTTP/2',
    next: 'Check whether a firewall or middlebox forbids this host; then try again',
  }),
  CERTIFICATE_UNTRUSTED: (w) => ({
    found: `the certificate of ${w.at} is not trusted${inBrackets(w)}`,
    expected: 'one signed by an authority that this machine or GOBUTTON_CA_FILE trusts',
    next: 'A local server: name its CA in GOBUTTON_CA_FILE. Otherwise somebody between us ends TLS: let this host pass',
  }),
  CERTIFICATE_WRONG_NAME: (w) => ({
    found: `the certificate of ${w.at} is for another name${inBrackets(w)}`,
    expected: `one for ${w.host}`,
    next: `Name the server in ${w.url} as its certificate does; otherwise somebody else answers in its place`,
  }),
  CERTIFICATE_EXPIRED: (w) => ({
    found: `the certificate of ${w.at} has expired${inBrackets(w)}`,
    expected: 'one that is valid now',
    next: 'Have it renewed; if it is valid by its dates, set the clock of this machine',
  }),
  CERTIFICATE_TOO_NEW: (w) => ({
    found: `the certificate of ${w.at} is not valid yet${inBrackets(w)}`,
    expected: 'one that is valid now',
    next: 'Set the clock of this machine (chrony or NTP)',
  }),

  // ---- HTTP/2
  NO_H2: (w) => ({
    found: `${w.at} speaks no HTTP/2${inBrackets(w)}`,
    expected: 'h2 in the TLS handshake (ALPN)',
    next: `${w.name} itself speaks it: check ${w.url}, and that no middlebox or proxy ends TLS`,
  }),
  NO_SETTINGS: (w) => ({
    found: `${w.at} agreed on HTTP/2 and sent no SETTINGS${w.waited}`,
    expected: 'SETTINGS as its first frame',
    next: `Check ${w.url}, and what stands between us; then try again`,
  }),
  PING_UNANSWERED: (w) => ({
    found: `${w.at} did not answer a PING${w.waited}`,
    expected: 'an answer within the round trip',
    next: 'A lane gives such connections up. Check what stands between us; then try again',
  }),
  GARBAGE: (w) => ({
    found: `${w.at} agreed on HTTP/2 and sends something else${inBrackets(w)}`,
    expected: 'frames of RFC 9113',
    next: `Check ${w.url}, and what stands between us`,
  }),
  CLOSED_EARLY: (w) => ({
    found: `${w.at} closed the connection before it answered${inBrackets(w)}`,
    expected: 'an answer',
    next: `Try again; if it stays so, check ${w.url} and what stands between us`,
  }),
  WENT_AWAY: (w) => ({
    found: `${w.at} sent GOAWAY before it answered${inBrackets(w)}`,
    expected: 'an answer',
    next: 'Do what its reason says; if there is none, try again',
  }),

  // ---- the credential
  KEY_UNUSABLE: (w) => ({
    found: `no credential can be made of the key${inBrackets(w)}`,
    expected:
      w.name === 'APNs' ? 'the .p8 file of Apple, a P-256 key' : "the private key in the service account's JSON",
    next:
      w.name === 'APNs'
        ? 'Put the file that Apple gave into APNS_KEY_FILE'
        : 'Make a new key for the service account and name its JSON in GOOGLE_APPLICATION_CREDENTIALS',
  }),
  TOKEN_ENDPOINT_UNREACHABLE: (w) => ({
    found: `the OAuth token endpoint can't be reached${inBrackets(w)}`,
    expected: 'an access token',
    next: "Check GOBUTTON_FCM_TOKEN_URL (unset: Google's), and let tasks out to oauth2.googleapis.com port 443",
  }),
  TOKEN_ENDPOINT_WRONG: (w) => ({
    found: `the OAuth token endpoint answers as none${inBrackets(w)}`,
    expected: 'an access token, or an OAuth error',
    next: 'Unset GOBUTTON_FCM_TOKEN_URL, or correct it',
  }),
  TOKEN_REFUSED: (w) => ({
    found: `Google gives no access token for the service account${inBrackets(w)}`,
    expected: 'an access token',
    next: "Check that account and key exist and are enabled, and that this machine's clock is right; then give it a new key",
  }),
  KEY_REFUSED: (w) => ({
    found: `APNs does not take the provider token${inBrackets(w)}`,
    expected: 'a key, a key id and a team id that belong together',
    next: "Compare APNS_KEY_ID and APNS_TEAM_ID with Apple's Keys page: the key must be this team's and not revoked",
  }),
  KEY_OF_OTHER_ENVIRONMENT: (w) => ({
    found: `the APNs key is not for this environment${inBrackets(w)}`,
    expected: `one for ${isSandbox(w.host) ? 'Sandbox' : 'Production'}`,
    next: "Make a key for this environment on Apple's Keys page, or correct GOBUTTON_APNS_URL",
  }),
  KEY_OF_OTHER_TEAM: (w) => ({
    found: `the APNs key is of another team or key family than this connection${inBrackets(w)}`,
    expected: 'the same team and key for all pushes',
    next: 'Give all workers the same APNS_KEY, APNS_KEY_ID and APNS_TEAM_ID, and restart them',
  }),
  CREDENTIAL_EXPIRED: (w) => ({
    found: `${w.name} says that the credential has expired${inBrackets(w)}`,
    expected: 'one that was made just now',
    next: 'Set the clock of this machine (chrony or NTP)',
  }),
  CREDENTIAL_TOO_OFTEN: (w) => ({
    found: `APNs has seen too many provider tokens${inBrackets(w)}`,
    expected: 'one in 20 minutes on a connection',
    next: 'Wait 20 minutes, and look for other programs that use this key',
  }),
  ACCOUNT_REFUSED: (w) => ({
    found: `FCM does not take the access token${inBrackets(w)}`,
    expected: 'one of a service account that may send',
    next: 'Check that GOOGLE_APPLICATION_CREDENTIALS is of this project and GOBUTTON_FCM_TOKEN_URL is unset',
  }),
  PROJECT_REFUSED: (w) => ({
    found: `the service account may not send to this Firebase project${inBrackets(w)}`,
    expected: 'the permission cloudmessaging.messages.create',
    next: "Give the account the role Firebase Cloud Messaging API Admin, or use the account of the app's own project",
  }),
  API_DISABLED: (w) => ({
    found: `the Firebase Cloud Messaging API is switched off for this project${inBrackets(w)}`,
    expected: 'it enabled',
    next: 'Enable fcm.googleapis.com in the Google Cloud console, wait some minutes, then try again',
  }),

  // ---- the answer
  NO_ANSWER: (w) => ({
    found: `${w.at} took the push and did not answer${w.waited}`,
    expected: 'an answer',
    next: 'Try again; if it stays so, what stands between us holds it up, or the provider is ill',
  }),
  RESET: (w) => ({
    found: `${w.at} reset the push${inBrackets(w)}`,
    expected: 'an answer',
    next: 'Try again; if it stays so, check what stands between us',
  }),
  REDIRECTS: (w) => ({
    found: `${w.at} redirects${inBrackets(w)}`,
    expected: `an answer of ${w.name}`,
    next: `Nothing is sent elsewhere. Correct ${w.url}, or log in to what stands between us`,
  }),
  FRONT_END: (w) => ({
    found: `a front end answers at ${w.at}${inBrackets(w)}`,
    expected: `an answer of ${w.name}`,
    next: `Check ${w.url} and what stands between us; if it is the provider's own, wait and try again`,
  }),
  NOT_THERE: (w) => ({
    found: `${w.at} has no such path${inBrackets(w)}`,
    expected: w.name === 'APNs' ? '/3/device of APNs' : '/v1/projects/…/messages:send of FCM',
    next: `Unset ${w.url}, or name a server that has it; FCM's legacy addresses are gone`,
  }),
  UNWELL: (w) => ({
    found: `${w.name} is overloaded or ill${inBrackets(w)}`,
    expected: 'an answer about the push',
    next: "Wait as long as it says, a minute if it doesn't, and try again; look at the provider's status page",
  }),
  TOPIC_REFUSED: (w) => ({
    found: `the APNs key may not send to this topic${inBrackets(w)}`,
    expected: "the bundle id of an app of the key's team",
    next: "Correct campaign.apns.topic in the runbook, or use the key of the app's own team",
  }),
  DEVICE_OF_OTHER_ENVIRONMENT: (w) => ({
    found: `the device is not known at ${w.host}${inBrackets(w)}`,
    expected: 'a device of this environment',
    next: `It may be of ${isSandbox(w.host) ? 'the production app' : 'a development build (sandbox)'}, or mistyped. Take the token from the app that the audience has`,
  }),
  DEVICE_OF_OTHER_APP: (w) => ({
    found: `the device has another app${inBrackets(w)}`,
    expected: 'a device with the app of the topic',
    next: 'Correct campaign.apns.topic, or take the token from that app',
  }),
  DEVICE_OF_OTHER_PROJECT: (w) => ({
    found: `the device is of another Firebase project${inBrackets(w)}`,
    expected: "one of the service account's project",
    next: "Use the service account of the app's own project: the audience's devices will be refused alike",
  }),
  DEVICE_UNKNOWN: (w) => ({
    found: `FCM does not know the device${inBrackets(w)}`,
    expected: "a registration token of the project's app",
    next: 'Take the token anew from the app, or look whether it was cut off',
  }),
  DEVICE_GONE: (w) => ({
    found: `the device no longer has the app${inBrackets(w)}`,
    expected: 'one that has it',
    next: 'Install the app there and take its new token',
  }),
  DEVICE_FULL: (w) => ({
    found: `the device got too many pushes${inBrackets(w)}`,
    expected: 'two or three silent pushes an hour',
    next: 'Wait an hour, or use another device',
  }),
  MESSAGE_REFUSED: (w) => ({
    found: `${w.name} refuses the push itself${inBrackets(w)}`,
    expected: 'an answer about the device',
    next: "Report this: the push is gobutton's own",
  }),
  UNKNOWN_ANSWER: (w) => ({
    found: `${w.at} answers something that ${w.name} is not known to say${inBrackets(w)}`,
    expected: `an answer of ${w.name}`,
    next: `Check ${w.url}; if it is unset, look the answer up in the provider's documentation`,
  }),
} satisfies Record<string, (words: Words) => Row>;

export type FindingCode = keyof typeof rows;

/** Those with which the provider was met all the same: it took our credential, and the finding is about the one device that was asked for. */
const ABOUT_DEVICE: ReadonlySet<FindingCode> = new Set(['DEVICE_GONE', 'DEVICE_UNKNOWN', 'DEVICE_FULL']);
export const isAboutDeviceAlone = ({ code }: Finding): boolean => ABOUT_DEVICE.has(code);

export function isSandbox(host: string): boolean {
  return /^api\.(?:sandbox|development)\.push\.apple\.com$/i.test(host);
}

export function finding(code: FindingCode, { provider, host, port, detail = '', withinMs }: FindingContext): Finding {
  const row = rows[code]({
    at: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    name: PROVIDER[provider].name,
    url: PROVIDER[provider].url,
    detail: short(detail, DETAIL_CHARS),
    waited: withinMs === undefined ? '' : ` within ${withinMs / 1_000} s`,
  });
  return { code, say: short(`${row.found}. Expected ${row.expected}. ${row.next}.`, SAY_CHARS) };
}

export const FINDING_CODES = Object.keys(rows) as FindingCode[];

/** One line that a terminal and a channel may have. */
export function short(text: string, chars: number): string {
  const line = visible(text.replaceAll(/\s+/g, ' ').trim());
  return line.length <= chars ? line : `${line.slice(0, chars - 1).toWellFormed()}…`;
}
