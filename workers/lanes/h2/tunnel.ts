import { request as overTcp } from 'node:http';
import { request as overTls } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';

/**
 * A socket to `host:port` through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), which looks the name up itself.
 * `proxy`: `http[s]://[user:password@]host[:port]`. Rejects after `timeoutMs`, naming the proxy but never its password.
 */
export function openTunnel(proxy: string, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const { protocol, hostname, port: proxyPort, username, password } = new URL(proxy);
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const name = `${protocol}//${hostname}${proxyPort === '' ? '' : `:${proxyPort}`}`;
  const authorization =
    username === ''
      ? {}
      : {
          'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
        };
  const wanted =
    username === ''
      ? ': it wants a user and password, as HTTPS_PROXY=http://user:password@host:port'
      : ': it does not take the user and password of HTTPS_PROXY';
  return new Promise((resolve, reject) => {
    const call = (protocol === 'https:' ? overTls : overTcp)({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(proxyPort || (protocol === 'https:' ? 443 : 80)),
      path: target,
      headers: { host: target, ...authorization },
      agent: false,
    });
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      call.destroy();
      reject(new Error(`LANE_PROXY ${name} ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`opened no tunnel to ${target} within ${timeoutMs} ms`), timeoutMs);
    call.once('error', (error) => fail(`to ${target}: ${error.message}`, error));
    call.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(`answered ${statusCode} to CONNECT ${target}${statusCode === 407 ? wanted : ''}`);
      }
      clearTimeout(timer);
      // A server that speaks TLS waits for us first.
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.end();
  });
}
