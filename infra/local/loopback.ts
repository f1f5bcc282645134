import type { IncomingMessage } from 'node:http';

const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Why a request to one of the local servers is not from this machine's own programs or pages, or null. Another web page that
 * is open in the same browser can reach loopback: by a name of its own that resolves to 127.0.0.1 (DNS rebinding: its Host
 * gives it away), or by a post across sites (its Origin does).
 */
export function foreignRequest(
  { headers }: Pick<IncomingMessage, 'headers'>,
  port: number,
): 'foreign_host' | 'foreign_origin' | 'foreign_site' | null {
  // Another port is a proxy or a tunnel of this machine; what gives a strange page away is its name.
  if (!OWN_NAMES.includes((headers.host ?? '').replace(/:\d+$/, ''))) return 'foreign_host';
  if (headers.origin !== undefined && !OWN_NAMES.some((name) => headers.origin === `http://${name}:${port}`))
    return 'foreign_origin';
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none' ? null : 'foreign_site';
}
