import { BlockList, isIP, isIPv6 } from 'node:net';

/*
 * Which HTTP proxy a connection goes through, by the usual variables as curl reads them. Written out here because the packages
 * for it read the process's own environment whenever they are asked, and take a proxy without a scheme for one that speaks TLS.
 */

/** As an absolute URL, `http[s]://[user:password@]host[:port]`; null: not the address of an HTTP proxy, or a user or password that is not percent-encoded. A missing scheme is http. */
export function proxyUrl(text: string): string | null {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) return null;
  const { protocol, hostname, username, password } = new URL(withScheme);
  return /^https?:$/.test(protocol) && hostname !== '' && isEncoded(username) && isEncoded(password)
    ? withScheme
    : null;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Null: straight. `noProxy`: names (with all that is under them), addresses and networks, each with or without a port, between commas or spaces; `*` is everything. */
export function proxyFor(url: string, proxy: string | null, noProxy: string): string | null {
  const { hostname, port, protocol } = new URL(url);
  const host = bare(hostname.toLowerCase());
  const ownPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  if (proxy === null || isLoopback(host)) return null;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((rule) => rule !== '' && isMeant(rule, host, ownPort))
    ? null
    : proxy;
}

function isMeant(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  // `[::1]:443`, `name:443`; but `::1` is all address.
  const [, name = rule, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(rule) ?? [];
  if (only !== undefined && only !== port) return false;
  if (isIP(host) !== 0) return isInNetwork(bare(name), host);
  const suffix = name.replace(/^\*?\./, '').replace(/\.$/, '');
  const own = host.replace(/\.$/, '');
  return own === suffix || own.endsWith(`.${suffix}`);
}

function isInNetwork(rule: string, host: string): boolean {
  const [address = '', prefix] = rule.split('/');
  if (isIP(address) === 0) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? most : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > most) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || isInNetwork('127.0.0.0/8', host) || isInNetwork('::1', host);

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
