import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, sendText } from '../http.ts';

const WORDS =
  'This room opens by the address that `npm start` has printed, with its key: it is new at each start. Open that one. Nothing was changed.\n';

/**
 * Who may use the page and its API: whoever was given its address, `/?key=…`. The first visit leaves the key in a cookie and goes on
 * without it, so that it stands in no address bar, picture or referrer, and a reload works. Cookies know no ports: the name holds it.
 */
export class PageKey {
  readonly #key: string | null;
  readonly #port: () => number;

  /** `key` null: the page is open to every program of this machine. */
  constructor(key: string | null, port: () => number) {
    this.#key = key;
    this.#port = port;
  }

  /** False: it is answered already. */
  admits(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    if (this.#key === null) return true;
    if (request.method === 'GET' && url.pathname === '/' && url.searchParams.get('key') === this.#key) {
      this.#goOn(response, url);
      return false;
    }
    if (cookies(request).includes(`${this.#name}=${this.#key}`)) return true;
    // A person reads words, the page's own programs a code.
    if (!(request.headers.accept ?? '').includes('text/html')) throw new HttpError(403, 'page_key_missing');
    sendText(response, 403, 'text/plain; charset=utf-8', WORDS, { 'cache-control': 'no-store' });
    return false;
  }

  /** What the address needs behind its path. */
  get query(): string {
    return this.#key === null ? '' : `/?key=${this.#key}`;
  }

  get #name(): string {
    return `gobutton-${this.#port()}`;
  }

  #goOn(response: ServerResponse, url: URL): void {
    url.searchParams.delete('key');
    response.writeHead(303, {
      location: `${url.pathname}${url.search}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'set-cookie': `${this.#name}=${this.#key ?? ''}; Path=/; HttpOnly; SameSite=Strict`,
    });
    response.end();
  }
}

function cookies({ headers }: IncomingMessage): string[] {
  return (headers.cookie ?? '').split(';').map((one) => one.trim());
}
