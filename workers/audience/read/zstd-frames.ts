import type { FileHandle } from 'node:fs/promises';
import { AudienceError } from '../../../contract/audience-error.ts';

/** First and last byte of a frame that holds data. */
export interface ZstdFrame {
  start: number;
  end: number;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
/** Blocks of this type are one byte, repeated. */
const RLE = 1;

/**
 * Where the frames of a zstd file lie (RFC 8878, section 3.1), since Node's decoder takes one frame and stops: what `zstd -d` reads
 * as one file may be several. Throws INPUT_UNREADABLE where the file is cut, or goes on with something else.
 */
export async function zstdFrames(file: FileHandle, size: number, path: string): Promise<ZstdFrame[]> {
  const frames: ZstdFrame[] = [];
  const head = Buffer.alloc(18);
  const broken = (at: number, found: string) =>
    new AudienceError(
      'INPUT_UNREADABLE',
      `${path}: found ${found} at byte ${at} of ${size}, expected zstd data; get the file again (\`zstd -t\` says the same)`,
    );
  const read = async (at: number, bytes: number): Promise<void> => {
    const { bytesRead } = await file.read(head, 0, bytes, at);
    if (bytesRead < bytes) throw broken(at, 'the end of the file in the middle of a frame');
  };
  for (let at = 0; at < size;) {
    const start = at;
    await read(at, 4);
    const magic = head.readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      await read(at + 4, 4);
      at += 8 + head.readUInt32LE(0);
    } else {
      if (magic !== MAGIC) throw broken(at, 'something else than a zstd frame');
      await read(at + 4, 1);
      const flags = head.readUInt8(0);
      const isSingle = (flags & 32) !== 0;
      const contentSize = CONTENT_SIZE_BYTES[flags >> 6] ?? 0;
      at +=
        5 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[flags & 3] ?? 0) + (isSingle && contentSize === 0 ? 1 : contentSize);
      for (let isLast = false; !isLast;) {
        await read(at, 3);
        const block = head.readUIntLE(0, 3);
        isLast = (block & 1) === 1;
        at += 3 + (((block >> 1) & 3) === RLE ? 1 : block >> 3);
      }
      if ((flags & 4) !== 0) at += 4;
      frames.push({ start, end: at - 1 });
    }
    if (at > size) throw broken(size, 'the end of the file in the middle of a frame');
  }
  return frames;
}
