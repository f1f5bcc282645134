import type { Logger } from 'pino';
import type { Objects } from '../../infra/aws/objects.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { KeptFile } from '../../runbooks/record/rows.ts';
import type { SharedFile } from '../slack/shared-files.ts';
import type { SlackToken } from '../slack/slack-token.ts';
import { tsAt } from '../slack/ts.ts';
import type { ChannelLog } from './channel-log.ts';

/** A file is in memory whole while it is copied, one at a time. */
const MOST_BYTES = 10_000_000;
const FETCH_TIMEOUT_MS = 30_000;

/** Files that are not at Slack's any more, or never were (docs/facts.md#slack-files). */
const ELSEWHERE: Record<string, string> = {
  external: 'it lies outside Slack',
  tombstone: 'it was deleted in Slack',
  hidden_by_limit: 'the workspace shows it no more',
};

interface RoomFilesOptions {
  objects: Objects;
  channelLog: Pick<ChannelLog, 'append'>;
  token: SlackToken;
  apiUrl: string | null;
  nowMs: () => number;
  log: Logger;
  /** Bytes of one file; absent: 10 MB. */
  most?: number;
}

type Fetched = { body: Uint8Array } | { lost: string };

/**
 * Copies what people attach in the room to the launch's place in the bucket, by its hash, and says so in the chain of the channel; what
 * can't be had is said there with the reason. What fails otherwise is tried again when the channel's history is compared.
 */
export class RoomFiles {
  readonly #options: RoomFilesOptions;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RoomFilesOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  keep(launchId: string, channelId: string, file: SharedFile): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        await this.#keep(launchId, channelId, file);
      } catch (error) {
        this.#options.log.warn({ err: error, launchId, file: file.id }, 'a file of the room is not copied yet');
      }
    });
    return this.#turn;
  }

  async #keep(launchId: string, channelId: string, shared: SharedFile): Promise<void> {
    const { objects, channelLog, nowMs } = this.#options;
    const fetched = await this.#fetch(shared);
    const { of, id, name, type, bytes } = shared;
    let file: KeptFile = { of, id, name, type, bytes, sha256: null, key: null, lost: null };
    if ('lost' in fetched) file = { ...file, lost: fetched.lost };
    else {
      const hash = sha256(fetched.body);
      const key = `launches/${launchId}/files/${hash}`;
      await objects.put(key, fetched.body);
      file = { ...file, bytes: fetched.body.length, sha256: hash, key };
    }
    const atMs = nowMs();
    await channelLog.append(launchId, channelId, {
      ts: tsAt(atMs),
      user: shared.user,
      text: '',
      atMs,
      edits: null,
      deleted: false,
      files: [],
      file,
    });
  }

  async #fetch({ url, mode, bytes, type }: SharedFile): Promise<Fetched> {
    const lost = Object.hasOwn(ELSEWHERE, mode) ? ELSEWHERE[mode] : undefined;
    if (lost !== undefined) return { lost };
    if (url === null || !this.#isSlacks(url)) return { lost: 'Slack gives no address of its own for it' };
    const { most = MOST_BYTES } = this.#options;
    if (bytes !== null && bytes > most) return { lost: tooLarge(bytes, most) };
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${this.#options.token.current()}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    const isPage = (answer.headers.get('content-type') ?? '').startsWith('text/html') && !type.startsWith('text/html');
    const { status } = answer;
    if (status === 404 || status === 410) return { lost: 'it was gone when it was fetched' };
    // Without the right, Slack sends a page for signing in, not a refusal.
    if (status === 401 || status === 403 || (status >= 300 && status < 400) || (status === 200 && isPage))
      return { lost: `Slack did not hand it over (${status}): see the scope files:read of the app` };
    if (status !== 200) throw new Error(`FILE_NOT_FETCHED: Slack answered ${status}`);
    return read(answer, most);
  }

  /** The token goes to nobody else. */
  #isSlacks(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname, origin } = new URL(url);
    const { apiUrl } = this.#options;
    if (apiUrl !== null) return origin === new URL(apiUrl).origin;
    return protocol === 'https:' && (hostname === 'slack.com' || hostname.endsWith('.slack.com'));
  }
}

async function read({ body }: Response, most: number): Promise<Fetched> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > most) return { lost: tooLarge(bytes, most) };
    pieces.push(piece);
  }
  return { body: Buffer.concat(pieces) };
}

const tooLarge = (bytes: number, most: number): string =>
  `it is too large (${Math.ceil(bytes / 1_000_000)} MB; at most ${most / 1_000_000} MB are copied)`;
