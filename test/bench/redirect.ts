import http2 from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';

/**
 * Preload of the benchmark's client processes alone: leads packages whose hosts are fixed to the server under
 * measurement. BENCH_REDIRECT: {"hosts": {"<host>": "https://localhost:<port>"}, "ca": "<PEM>"}.
 */
const { hosts, ca } = JSON.parse(process.env.BENCH_REDIRECT ?? '{"hosts":{},"ca":""}') as {
  hosts: Record<string, string>;
  ca: string;
};

const usualTls = tls.connect;
function connectTls(options: tls.ConnectionOptions, ...rest: []): tls.TLSSocket {
  const url = hosts[options.host ?? ''];
  return url === undefined
    ? usualTls(options, ...rest)
    : usualTls(
        { ...options, host: 'localhost', servername: 'localhost', port: Number(new URL(url).port), ca },
        ...rest,
      );
}

const usualHttp2 = http2.connect;
function connectHttp2(
  authority: string | URL,
  options: http2.SecureClientSessionOptions = {},
): http2.ClientHttp2Session {
  const url = hosts[new URL(authority).hostname];
  if (url === undefined) return usualHttp2(authority, options);
  const session = usualHttp2(url, { ...options, ca });
  const request = session.request.bind(session);
  // firebase-admin sends `:scheme: https:`, which nginx answers with 400 (docs/facts.md#firebase-admin-scheme).
  session.request = (headers, more) => request({ ...(headers as http2.OutgoingHttpHeaders), ':scheme': 'https' }, more);
  return session;
}

Object.assign(tls, { connect: connectTls });
Object.assign(http2, { connect: connectHttp2 });
syncBuiltinESMExports();
