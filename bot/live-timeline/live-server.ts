import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { LinkTo, LiveLinks } from './links.ts';
import { LiveRecord } from './live-record.ts';
import type { LiveRecordOptions } from './live-record.ts';

/** A bot serves few launches at a time, and each that is looked at holds its record in memory. */
const MOST_LAUNCHES = 3;
/** More is an audience, and no war room; each asks every two seconds. */
const MOST_READERS = 60;
/** Of one link: tabs and phones of one person. Whoever passes it on takes nobody's place. */
const MOST_OF_ONE = 6;
/** A page of tens of megabytes may be on its way to a slow phone. */
const MOST_PAGES = 8;
/** News of so many bytes are as good as a page: what an open page lacks is a few kilobytes. */
const LARGE_BYTES = 1_048_576;
const SENT_WITHIN_MS = 60_000;
/** A reader who has not asked for so long has gone; a launch that nobody asks for is let go. */
const GONE_AFTER_MS = 45_000;
/** What failed fails again at once: nothing is begun anew for so long. */
const REST_MS = 15_000;

const QUERY = /^after=(e\d{1,9}\.m\d{1,9}\.c\d{1,4}(?:\.l\d{1,9}-\d{1,16})?)&reader=([0-9a-f]{16})$/;

/** Nothing of the page is kept, framed, guessed at or told to whom a link in it leads. */
const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export interface LiveServerOptions extends LiveRecordOptions {
  /** How long a page or its news may be on their way. Default 60,000 ms. */
  sentWithinMs?: number;
  /** How long nobody asks before a launch or a reader is let go. Default 45,000 ms. */
  goneAfterMs?: number;
  /** Default 60. */
  mostReaders?: number;
}

interface Watched {
  record: LiveRecord;
  /** How many wait for an answer: nothing is let go then, however long it takes. */
  asking: number;
  askedAtMs: number;
}

/**
 * Serves the timeline as it grows, to whoever has a link: the page, and what came since. Everything else (a wrong, foreign or changed link,
 * another path, method or body) gets the same 404; a link that was good gets 403. Neither says anything of a launch.
 */
export class LiveServer {
  readonly #links: LiveLinks;
  readonly #options: LiveServerOptions;
  readonly #log: Logger;
  readonly #watched = new Map<string, Watched>();
  readonly #restUntilMs = new Map<string, number>();
  /** By link and the name that a page gives itself: whose link, and when it asked last. */
  readonly #readers = new Map<string, { link: string; atMs: number }>();
  readonly #mostReaders: number;
  readonly #goneAfterMs: number;
  readonly #sweep: NodeJS.Timeout;
  #pages = 0;
  #news = 0;

  constructor(links: LiveLinks, options: LiveServerOptions) {
    this.#links = links;
    this.#options = options;
    this.#log = options.log;
    this.#mostReaders = options.mostReaders ?? MOST_READERS;
    this.#goneAfterMs = options.goneAfterMs ?? GONE_AFTER_MS;
    this.#sweep = setInterval(() => this.#letGo(), this.#goneAfterMs / 3).unref();
  }

  /** False: the path is none of ours. */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url?.startsWith('/timeline/') !== true) return false;
    this.#answer(request, response).catch((error: unknown) => {
      this.#log.error({ err: error }, 'a live timeline could not be served');
      unavailable(response, 'the timeline could not be made');
    });
    return true;
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([...this.#watched.values()].map(async ({ record }) => record.end()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    const link = this.#links.read(path);
    const isPlain = request.method === 'GET' && length === undefined && coding === undefined;
    if (link === null || !isPlain) return nothingHere(response);
    if (link.ended) return over(response);
    const [, after, reader] = QUERY.exec(query) ?? [];
    if (link.asksNews !== (after !== undefined) || (!link.asksNews && query !== '')) return nothingHere(response);
    const full = reader === undefined ? null : this.#admits(link, reader);
    if (full !== null) return unavailable(response, full);
    const watched = this.#watchedFor(link);
    if (typeof watched === 'string') return unavailable(response, watched);
    const { record } = watched;
    watched.asking += 1;
    try {
      const { slackIds } = await record.settled();
      if (!slackIds.includes(link.slackId)) return over(response);
      await (after === undefined ? this.#page(record, response) : this.#whatCame(record, after, response));
    } finally {
      watched.asking -= 1;
      watched.askedAtMs = performance.now();
    }
  }

  async #page(record: LiveRecord, response: ServerResponse): Promise<void> {
    if (this.#pages >= MOST_PAGES) return unavailable(response, 'many are opening it just now');
    this.#countPage(response);
    this.#endLate(response);
    const page = await record.page();
    if (page === null) return nothingHere(response);
    send(response, 200, 'text/html; charset=utf-8', page);
  }

  /** A name of a reader may stand in any number of requests, so their number is limited itself. */
  async #whatCame(record: LiveRecord, after: string, response: ServerResponse): Promise<void> {
    if (this.#news >= MOST_READERS) return unavailable(response, 'many are reading it just now');
    this.#news += 1;
    response.once('close', () => (this.#news -= 1));
    this.#endLate(response);
    const found = await record.news(after);
    if (found === null) return void response.writeHead(204, HEADERS).end();
    if (found.length > LARGE_BYTES) {
      if (this.#pages >= MOST_PAGES) return unavailable(response, 'many are opening it just now');
      this.#countPage(response);
    }
    send(response, 200, 'application/json', found);
  }

  #countPage(response: ServerResponse): void {
    this.#pages += 1;
    response.once('close', () => (this.#pages -= 1));
  }

  /** Whoever reads slowly, or not at all, holds it in memory. */
  #endLate(response: ServerResponse): void {
    const timer = setTimeout(() => response.destroy(), this.#options.sentWithinMs ?? SENT_WITHIN_MS);
    response.once('close', () => clearTimeout(timer));
  }

  /** Null: it may read; or why not. */
  #admits({ launchId, slackId }: LinkTo, reader: string): string | null {
    const link = `${launchId}/${slackId}`;
    const name = `${link}/${reader}`;
    if (!this.#readers.has(name)) {
      const full = (): string | null => {
        const ofLink = [...this.#readers.values()].filter((one) => one.link === link).length;
        if (ofLink >= MOST_OF_ONE) return `this link is open in ${MOST_OF_ONE} places already`;
        return this.#readers.size >= this.#mostReaders ? `${this.#mostReaders} people look at it already` : null;
      };
      if (full() !== null) this.#letGo();
      const why = full();
      if (why !== null) return why;
    }
    this.#readers.set(name, { link, atMs: performance.now() });
    return null;
  }

  /** Or why there is none. */
  #watchedFor({ launchId }: LinkTo): Watched | string {
    const known = this.#watched.get(launchId);
    if (known !== undefined && !known.record.ended) return known;
    if (known !== undefined) {
      this.#watched.delete(launchId);
      this.#restUntilMs.set(launchId, performance.now() + REST_MS);
    }
    if ((this.#restUntilMs.get(launchId) ?? 0) > performance.now()) return 'the timeline could not be made';
    if (this.#watched.size >= MOST_LAUNCHES) this.#letGo();
    if (this.#watched.size >= MOST_LAUNCHES) return `${MOST_LAUNCHES} launches are looked at already`;
    const watched = { record: new LiveRecord(launchId, this.#options), asking: 0, askedAtMs: performance.now() };
    this.#watched.set(launchId, watched);
    return watched;
  }

  #letGo(): void {
    const goneMs = performance.now() - this.#goneAfterMs;
    for (const [reader, { atMs }] of this.#readers) if (atMs < goneMs) this.#readers.delete(reader);
    for (const [launchId, atMs] of this.#restUntilMs) if (atMs < performance.now()) this.#restUntilMs.delete(launchId);
    for (const [launchId, { record, asking, askedAtMs }] of this.#watched) {
      if (asking > 0 || askedAtMs >= goneMs) continue;
      this.#watched.delete(launchId);
      record.end().catch((error: unknown) => this.#log.error({ err: error, launchId }, 'a live timeline did not end'));
    }
  }
}

const nothingHere = (response: ServerResponse): void => send(response, 404, 'text/plain', 'nothing is here\n', true);
const over = (response: ServerResponse): void =>
  send(
    response,
    403,
    'text/plain',
    'This link has ended. /go timeline live in the channel of the launch gives a new one.\n',
    true,
  );
const unavailable = (response: ServerResponse, why: string): void =>
  response.headersSent ? void response.destroy() : send(response, 503, 'text/plain', why);

/** `close`: nothing more is heard on that connection, whatever else is on it. */
function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array, close = false): void {
  response
    .writeHead(status, {
      ...HEADERS,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...(type.startsWith('text/html') ? { 'content-security-policy': "frame-ancestors 'none'" } : {}),
      ...(status === 503 ? { 'retry-after': '10' } : {}),
      ...(close ? { connection: 'close' } : {}),
    })
    .end(body);
}
