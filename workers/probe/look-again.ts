import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Endpoint } from '../lanes/h2/connect.ts';
import type { Trouble } from './connect-findings.ts';
import { PROVIDER, short } from './findings.ts';
import type { FindingContext } from './findings.ts';

/*
 * A second look at an endpoint to which no lane can be opened: what is it, then? Nothing is sent that anybody could take
 * for a push, and nothing is believed of what answers.
 */

export interface Certificate {
  subject: string;
  issuer: string;
  names: string;
  validFrom: string;
  validTo: string;
}

/** The same trouble in more exact words. */
export async function lookAgain(trouble: Trouble, endpoint: Endpoint, lookMs: number): Promise<Trouble> {
  switch (trouble.code) {
    case 'NOT_TLS':
    case 'TLS_REFUSED':
    case 'TLS_SILENT':
    case 'CLOSED_IN_HANDSHAKE': {
      const plain = await plainLook(endpoint, lookMs);
      if (plain === null) return trouble.code === 'TLS_SILENT' ? { code: 'UNREACHABLE', detail: '' } : trouble;
      if (/^HTTP\/\d/.test(plain)) return { code: 'PLAIN_HTTP', detail: plain };
      return plain === ''
        ? trouble
        : { code: trouble.code === 'TLS_SILENT' ? 'NOT_TLS' : trouble.code, detail: `it says “${short(plain, 60)}”` };
    }
    case 'CERTIFICATE_UNTRUSTED':
    case 'CERTIFICATE_WRONG_NAME':
    case 'CERTIFICATE_EXPIRED':
    case 'CERTIFICATE_TOO_NEW': {
      const look = await tlsLook(endpoint, lookMs);
      return look?.certificate == null ? trouble : { ...trouble, detail: certificateWords(trouble, look.certificate) };
    }
    case 'NO_H2': {
      const look = await tlsLook(endpoint, lookMs);
      return { ...trouble, detail: look?.alpn == null ? 'none agreed on' : `it takes ${look.alpn}` };
    }
    default:
      return trouble;
  }
}

function certificateWords(
  { code, detail }: Trouble,
  { subject, issuer, names, validFrom, validTo }: Certificate,
): string {
  switch (code) {
    case 'CERTIFICATE_WRONG_NAME':
      return `it is for ${names === '' ? subject : names}, by ${issuer}`;
    case 'CERTIFICATE_EXPIRED':
      return `${subject}, on ${validTo}`;
    case 'CERTIFICATE_TOO_NEW':
      return `${subject}, from ${validFrom}`;
    default:
      return `${subject}, by ${issuer}: ${detail}`;
  }
}

/** What the endpoint says to an HTTP request without TLS, its first line; '': it takes connections and says nothing. Null: it takes none. */
function plainLook({ host, port }: Endpoint, lookMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    let connected = false;
    let heard = '';
    const socket = connectTcp({ host, port });
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(connected ? (heard.split(/\r?\n/)[0] ?? '') : null);
    };
    const timer = setTimeout(end, lookMs);
    socket.on('connect', () => {
      connected = true;
      socket.write(`HEAD / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1').slice(0, 200);
      if (heard.includes('\n') || heard.length >= 200) end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

/** TLS with whoever it is. Null: there is none. */
export function tlsLook(
  { host, port, ca }: Endpoint,
  lookMs: number,
): Promise<{ certificate: Certificate | null; alpn: string | null } | null> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host,
      port,
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === null ? {} : { ca }),
    });
    const end = (found: { certificate: Certificate | null; alpn: string | null } | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => end(null), lookMs);
    socket.on('secureConnect', () =>
      end({ certificate: certificateOf(socket), alpn: socket.alpnProtocol === false ? null : socket.alpnProtocol }),
    );
    socket.on('error', () => end(null));
    socket.on('close', () => end(null));
  });
}

export function certificateOf(socket: TLSSocket): Certificate | null {
  const found = socket.getPeerX509Certificate();
  if (found === undefined) return null;
  const name = (text: string): string =>
    short(/(?:^|\n)CN=(.+)/.exec(text)?.[1] ?? (text === '' ? 'no name' : text), 80);
  const { subject, issuer, subjectAltName = '', validFromDate, validToDate } = found;
  return {
    subject: name(subject),
    issuer: name(issuer),
    names: short(subjectAltName.replaceAll(/(?:DNS|IP Address):/g, ''), 100),
    validFrom: validFromDate.toISOString().slice(0, 10),
    validTo: validToDate.toISOString().slice(0, 10),
  };
}

/** Found before anything is opened: an address that no lane should ever be opened to. */
export function misdirected({ provider, host }: Pick<FindingContext, 'provider' | 'host'>): Trouble | null {
  const isApples = /(?:^|\.)push\.apple\.com$/i.test(host);
  const isGoogles = /(?:^|\.)googleapis\.com$/i.test(host);
  if (provider === 'apns' ? isGoogles : isApples)
    return { code: 'OTHER_SERVICE', detail: `${PROVIDER[provider === 'apns' ? 'fcm' : 'apns'].name}'s` };
  if (/^(?:gateway|feedback)\.(?:sandbox\.)?push\.apple\.com$/i.test(host))
    return { code: 'OTHER_SERVICE', detail: "APNs' binary interface, closed in 2021" };
  if (/^(?:android|gcm-http|gcm-xmpp)\.googleapis\.com$/i.test(host))
    return { code: 'OTHER_SERVICE', detail: "FCM's legacy interface, closed in 2024" };
  return null;
}
