import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { sendJson, sendText } from '../http.ts';

/** Passes on what the push providers say of the simulated phones, so that the page has one address. */
export async function servePhones(
  response: ServerResponse,
  providersUrl: string | null,
  path: 'phones' | 'events',
): Promise<void> {
  if (providersUrl === null) {
    // An empty stream that ends: the page asks again in a few seconds.
    if (path === 'phones') return sendJson(response, 200, []);
    return sendText(response, 200, 'text/event-stream', ': no providers yet\n\n', { 'cache-control': 'no-store' });
  }
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  try {
    const answer = await fetch(new URL(path, providersUrl.endsWith('/') ? providersUrl : `${providersUrl}/`), {
      signal: abort.signal,
    });
    if (!answer.ok || answer.body === null) return sendJson(response, 502, { ok: false, error: 'providers_failed' });
    response.writeHead(200, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
      'cache-control': 'no-store',
    });
    for await (const chunk of Readable.fromWeb(answer.body)) {
      if (!response.write(chunk))
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end();
  } catch (error) {
    // The providers stop with us, and a page that is closed aborts the call: both end the stream, nothing else.
    if (!(error instanceof Error)) throw error;
    if (response.headersSent) response.end();
    else if (!abort.signal.aborted) sendJson(response, 502, { ok: false, error: 'providers_unreachable' });
  }
}
