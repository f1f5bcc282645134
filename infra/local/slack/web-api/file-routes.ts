import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, readBody, sendText } from '../http.ts';
import type { FileVault } from '../state/file-vault.ts';
import type { FileRecord } from '../state/model.ts';
import { UPLOAD_BYTES } from './attachments.ts';

/** Shown in the page as they are; everything else is offered as a download. */
const INLINE = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'text/plain',
  'text/markdown',
  'text/csv',
  'application/json',
]);

/** Takes the bytes of an upload: raw, or the one part of a form, as Slack's own clients send them. */
export async function takeUpload(
  request: IncomingMessage,
  response: ServerResponse,
  files: FileVault,
  secret: string,
): Promise<void> {
  const body = await readBody(request, UPLOAD_BYTES + 64 * 1024);
  const type = request.headers['content-type'] ?? '';
  const bytes = type.startsWith('multipart/form-data') ? await partOf(body, type) : body;
  if (!files.receive(secret, bytes)) throw new HttpError(400, 'upload_refused');
  sendText(response, 200, 'text/plain', `OK - ${bytes.length}`);
}

async function partOf(body: Buffer, type: string): Promise<Buffer> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  for (const part of form.values()) if (typeof part !== 'string') return Buffer.from(await part.arrayBuffer());
  const text = [...form.values()].find((part) => typeof part === 'string');
  return Buffer.from(text ?? '');
}

/** `url_private`, as an app reads it. Whoever may not gets the page for signing in, and no refusal. */
export function servePrivateFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, isAllowed }: { file: Buffer | null; isAllowed: boolean },
): void {
  if (!isAllowed) {
    response.writeHead(302, { location: `/?redir=${encodeURIComponent(request.url ?? '')}` }).end();
    return;
  }
  if (file === null) return sendText(response, 404, 'text/html', '<html>no such file</html>');
  sendText(response, 200, 'application/octet-stream', file);
}

export function serveFile(response: ServerResponse, files: FileVault, file: FileRecord | undefined): void {
  const bytes = file === undefined ? null : files.bytes(file.id);
  if (file === undefined || bytes === null) throw new HttpError(404, 'file_not_found');
  const inline = INLINE.has(file.mimetype);
  const shown = inline ? file.mimetype : 'application/octet-stream';
  const type = file.mimetype.startsWith('text/') ? 'text/plain; charset=utf-8' : shown;
  sendText(response, 200, type, bytes, {
    'cache-control': 'private, max-age=3600',
    'content-security-policy': "default-src 'none'; sandbox",
    ...(inline ? {} : { 'content-disposition': 'attachment' }),
  });
}
