import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { secretId, slackId } from './ids.ts';
import type { FileRecord } from './model.ts';
import { APP } from './seed.ts';
import { SlackError } from './slack-error.ts';
import type { WorkspaceState } from './workspace-state.ts';

const MIME_TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.md': 'text/markdown',
  '.txt': 'text/plain',
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.yaml': 'application/yaml',
  '.pdf': 'application/pdf',
};

interface Upload {
  id: string;
  filename: string;
  lengthBytes: number;
  altText: string | undefined;
  received: boolean;
}

/** The bytes of uploaded files (in `dataDir/files`, or in memory) and uploads on their way: URL, bytes, completion. */
export class FileVault {
  #uploads = new Map<string, Upload>();
  #memory = new Map<string, Buffer>();
  #dir: string | null;
  #state: WorkspaceState;

  constructor(options: { dataDir: string | null; state: WorkspaceState }) {
    this.#dir = options.dataDir === null ? null : join(options.dataDir, 'files');
    if (this.#dir !== null) mkdirSync(this.#dir, { recursive: true });
    this.#state = options.state;
  }

  /** Step 1: answers the secret of the upload URL and the id of the file to be. */
  begin(filename: string, lengthBytes: number, altText: string | undefined): { secret: string; id: string } {
    const secret = secretId();
    const id = slackId('F');
    this.#uploads.set(secret, { id, filename, lengthBytes, altText, received: false });
    return { secret, id };
  }

  /** Step 2: the bytes. False if the URL is unknown, was used, or the length is not what was announced. */
  receive(secret: string, bytes: Buffer): boolean {
    const upload = this.#uploads.get(secret);
    if (upload === undefined || upload.received || bytes.length !== upload.lengthBytes) return false;
    upload.received = true;
    if (this.#dir === null) this.#memory.set(upload.id, bytes);
    else writeFileSync(join(this.#dir, upload.id), bytes);
    return true;
  }

  /** Step 3: the file exists from here on. */
  complete(id: string, title: string | undefined, baseUrl: string, user: string = APP.botUserId): FileRecord {
    const entry = [...this.#uploads].find(([, upload]) => upload.id === id);
    if (entry === undefined || !entry[1].received) throw new SlackError('file_not_found');
    const [secret, upload] = entry;
    this.#uploads.delete(secret);
    const nowS = Math.floor(this.#state.nowMs() / 1000);
    const extension = extname(upload.filename).toLowerCase();
    const place = `${id}/${encodeURIComponent(upload.filename)}`;
    const url = `${baseUrl}/files-pri/${place}`;
    const file: FileRecord = {
      id,
      created: nowS,
      timestamp: nowS,
      name: upload.filename,
      title: title ?? upload.filename,
      mimetype: MIME_TYPES[extension] ?? 'application/octet-stream',
      filetype: extension.slice(1) || 'binary',
      user,
      size: upload.lengthBytes,
      mode: 'hosted',
      is_external: false,
      is_public: true,
      url_private: url,
      url_private_download: url,
      permalink: `${baseUrl}/files/${place}`,
    };
    if (upload.altText !== undefined) file.alt_txt = upload.altText;
    this.#state.saveFile(file);
    return file;
  }

  bytes(id: string): Buffer | null {
    if (!this.#state.files.has(id)) return null;
    return this.#dir === null ? (this.#memory.get(id) ?? null) : readFileSync(join(this.#dir, id));
  }
}
