import { setTimeout as sleep } from 'node:timers/promises';
import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';

/**
 * A message's text is cut at 40,000 characters (docs/facts.md#slack-update-rate), and escaping may make five of one;
 * lines are kept whole.
 */
const PART_CHARS = 7_000;
/** More parts than this nobody reads in a thread; at one a second they take as long as a person waits. */
const MOST_PARTS = 20;
/** chat.postMessage: one a second and channel, with short bursts (docs/facts.md#slack-post-rate). */
const PAUSE_MS = 1_000;

export interface DocumentFile {
  channelId: string;
  launchId: string;
  /** Without its ending. */ filename: string;
  title: string;
  /** What gives it on the command line. */ command: string;
  /** Both in UTF-8: a page may have tens of megabytes, and turning it about would hold presses. */
  markdown: Uint8Array;
  page: Uint8Array;
  comment: string;
}

/** How a document reached the channel: as files; as a thread, because Slack took no file; or not at all, so the reader must be told where it is. */
export type Posted =
  | { how: 'files' }
  | { how: 'thread'; parts: number; of: number }
  | { how: 'nowhere'; parts: number; of: number };

export async function postDocument(
  client: WebClient,
  log: Logger,
  file: DocumentFile,
  pauseMs = PAUSE_MS,
): Promise<Posted> {
  try {
    await client.files.uploadV2({
      channel_id: file.channelId,
      initial_comment: file.comment,
      file_uploads: [
        { filename: `${file.filename}.md`, title: file.title, file: asBuffer(file.markdown) },
        { filename: `${file.filename}.html`, title: `${file.title}, as a page`, file: asBuffer(file.page) },
      ],
    });
    return { how: 'files' };
  } catch (error) {
    log.error(
      { err: error, launchId: file.launchId, file: file.filename },
      'Slack took no file; it is posted as a thread',
    );
    return asThread(client, log, file, pauseMs);
  }
}

/** The same memory, also of a part of it. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

async function asThread(client: WebClient, log: Logger, file: DocumentFile, pauseMs: number): Promise<Posted> {
  const all = partsOf(new TextDecoder().decode(file.markdown));
  const parts = all.slice(0, MOST_PARTS);
  let posted = 0;
  try {
    const head = await client.chat.postMessage({
      channel: file.channelId,
      unfurl_links: false,
      unfurl_media: false,
      text: `${file.comment}\nSlack took no file, so it is in this thread${all.length > parts.length ? ` as far as ${parts.length} messages hold it` : ''}; whole: \`${file.command}\``,
    });
    for (const part of parts) {
      if (posted >= 5) await sleep(pauseMs);
      await client.chat.postMessage({
        channel: file.channelId,
        thread_ts: head.ts ?? '',
        text: part,
        unfurl_links: false,
        unfurl_media: false,
      });
      posted += 1;
    }
    return { how: 'thread', parts: posted, of: all.length };
  } catch (error) {
    log.error({ err: error, launchId: file.launchId, file: file.filename, posted }, 'a document could not be posted');
    return { how: 'nowhere', parts: posted, of: all.length };
  }
}

/** In code blocks: shown as it stands, and nothing in it mentions anybody. */
function partsOf(markdown: string): string[] {
  const texts: string[] = [];
  for (const line of markdown.split('\n').flatMap((one) => one.match(/[^]{1,7000}/gu) ?? [''])) {
    const last = texts.at(-1);
    if (last === undefined || last.length + line.length + 1 > PART_CHARS) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts.map(
    (text) =>
      `\`\`\`\n${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('```', "'''")}\n\`\`\``,
  );
}
