import { TimeLimitError } from '../../infra/time-limit.ts';
import type { FindingCode } from './findings.ts';

/** What an error of opening a connection means, by the codes of Node and OpenSSL. */
export interface Trouble {
  code: FindingCode;
  detail: string;
}

const BY_CODE: Readonly<Record<string, FindingCode>> = {
  ENOTFOUND: 'NAME_UNKNOWN',
  ENODATA: 'NAME_UNKNOWN',
  EAI_NONAME: 'NAME_UNKNOWN',
  EAI_AGAIN: 'RESOLVER_SILENT',
  EAI_FAIL: 'RESOLVER_SILENT',
  ETIMEOUT: 'RESOLVER_SILENT',
  ESERVFAIL: 'RESOLVER_SILENT',
  EREFUSED: 'RESOLVER_SILENT',
  ECONNREFUSED: 'NOTHING_LISTENS',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  ETIMEDOUT: 'UNREACHABLE',
  EACCES: 'UNREACHABLE',
  EPERM: 'UNREACHABLE',
  EADDRNOTAVAIL: 'UNREACHABLE',
  ENETDOWN: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
  ECONNRESET: 'CLOSED_IN_HANDSHAKE',
  EPIPE: 'CLOSED_IN_HANDSHAKE',
  ECONNABORTED: 'CLOSED_IN_HANDSHAKE',
  ERR_SSL_WRONG_VERSION_NUMBER: 'NOT_TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'NOT_TLS',
  ERR_SSL_RECORD_TOO_SMALL: 'NOT_TLS',
  ERR_SSL_BAD_RECORD_TYPE: 'NOT_TLS',
  ERR_SSL_UNEXPECTED_MESSAGE: 'NOT_TLS',
  ERR_SSL_INVALID_ALERT: 'NOT_TLS',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'NO_H2',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'NO_H2',
  CERT_HAS_EXPIRED: 'CERTIFICATE_EXPIRED',
  CERT_NOT_YET_VALID: 'CERTIFICATE_TOO_NEW',
  ERR_TLS_CERT_ALTNAME_INVALID: 'CERTIFICATE_WRONG_NAME',
  HOSTNAME_MISMATCH: 'CERTIFICATE_WRONG_NAME',
};
/** OpenSSL's other words for a chain that it does not trust. */
const UNTRUSTED =
  /^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|CRL_|INVALID_|PATH_LENGTH_|EE_KEY_|CA_|AKID_|SUBJECT_|ERROR_IN_CERT|ERR_TLS_CERT)/;

/** `error`: as `connectTls` rejects, whose cause is the system's own. */
export function connectTrouble(error: unknown): Trouble {
  const chain = causes(error);
  const message = chain[0]?.message ?? String(error);
  if (message.startsWith('LANE_PROXY ')) return { code: 'PROXY_REFUSES', detail: message.slice('LANE_PROXY '.length) };
  if (chain[0] instanceof TimeLimitError) return { code: 'RESOLVER_SILENT', detail: '' };
  if (message.endsWith(' has no address')) return { code: 'NAME_UNKNOWN', detail: '' };
  if (message.endsWith(' expected h2'))
    return {
      code: 'NO_H2',
      detail: /speaks (.+), expected h2$/.exec(message)?.[1]?.replace(/^false$/, 'none agreed on') ?? '',
    };
  if (/ gave no TLS connection within /.test(message)) return { code: 'TLS_SILENT', detail: '' };
  for (const one of chain) {
    const code = codeOf(one);
    if (code === null) continue;
    const known =
      BY_CODE[code] ??
      (UNTRUSTED.test(code) ? 'CERTIFICATE_UNTRUSTED' : /^ERR_SSL_|^EPROTO$/.test(code) ? 'TLS_REFUSED' : null);
    if (known !== null) return { code: known, detail: wordsOf(one, code) };
  }
  return { code: 'UNREACHABLE', detail: message };
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let one = error; one instanceof Error && chain.length < 5; one = one.cause) {
    chain.push(one);
    // All addresses of a name have failed: the first says why.
    if (one instanceof AggregateError)
      chain.push(...one.errors.filter((each): each is Error => each instanceof Error).slice(0, 1));
  }
  return chain;
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** OpenSSL puts its source file into the text; its reason alone says something to people. */
function wordsOf(error: Error, code: string): string {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : null;
  if (reason !== null) return reason;
  if (code.startsWith('ERR_SSL_')) return code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ');
  return UNTRUSTED.test(code) || code.startsWith('CERT') ? error.message : code;
}

/** What it means that a connection closed before its first answer; `why` as the connection says it. */
export function closedTrouble(why: string): Trouble {
  if (why === 'SettingsTimeout') return { code: 'NO_SETTINGS', detail: '' };
  if (why === 'NoAnswer') return { code: 'NO_ANSWER', detail: '' };
  if (why === 'PingTimeout') return { code: 'PING_UNANSWERED', detail: '' };
  if (why.startsWith('GOAWAY')) return { code: 'WENT_AWAY', detail: why.slice('GOAWAY'.length).trim() };
  if (why.startsWith('stream reset: ')) return { code: 'RESET', detail: why.slice('stream reset: '.length) };
  if (why.startsWith('protocol error: ')) return { code: 'GARBAGE', detail: why.slice('protocol error: '.length) };
  if (why.startsWith('MalformedAnswer: ')) return { code: 'GARBAGE', detail: why.slice('MalformedAnswer: '.length) };
  return { code: 'CLOSED_EARLY', detail: why };
}
