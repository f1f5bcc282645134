import { createHash } from 'node:crypto';

/** sha256 of a UTF-8 text or of bytes, as lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
