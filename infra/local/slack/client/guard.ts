import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http.ts';

/**
 * Keeps other web pages that are open in the same browser from pressing GO: the Host must be loopback
 * (no DNS rebinding), and a request that a page makes must come from our own page.
 */
export function guardBrowser(request: IncomingMessage, port: number): void {
  const host = request.headers.host ?? '';
  if (!ownHosts(port).includes(host)) throw new HttpError(403, 'foreign_host');
  const origin = request.headers.origin;
  if (origin !== undefined && !ownHosts(port).includes(origin.replace(/^http:\/\//, ''))) throw new HttpError(403, 'foreign_origin');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new HttpError(403, 'foreign_site');
}

function ownHosts(port: number): string[] {
  return ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
}
