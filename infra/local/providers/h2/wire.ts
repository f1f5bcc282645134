import { FLAG, FRAME, FRAME_HEADER_BYTES, writeFrameHeader } from '../../../../h2/frames.ts';
import { STATIC_TABLE, staticIndex } from '../../../../h2/static-table.ts';
import type { Wire } from '../reply.ts';
import { messageIdPlace, uuidPlace } from '../reply.ts';
import type { Reply } from '../reply.ts';

export function wireOf({ status, headers, body, id }: Reply): Wire {
  const block = Buffer.concat([
    ...(status === 0 ? [] : [statusField(status)]),
    ...headers.map(([name, value]) => literal(name, value)),
    ...(id === 'apns-id' ? [literal('apns-id', uuidPlace)] : []),
  ]);
  const hasBody = body.length > 0;
  const dataAt = FRAME_HEADER_BYTES + block.length;
  const frames = Buffer.alloc(dataAt + (hasBody ? FRAME_HEADER_BYTES + body.length : 0));
  frames.set(
    block,
    writeFrameHeader(frames, 0, block.length, FRAME.headers, FLAG.endHeaders | (hasBody ? 0 : FLAG.endStream), 0),
  );
  if (hasBody) frames.set(body, writeFrameHeader(frames, dataAt, body.length, FRAME.data, FLAG.endStream, 0));
  const idAt = id === 'none' ? -1 : frames.indexOf(id === 'apns-id' ? uuidPlace : messageIdPlace);
  return { frames, dataAt, bodyBytes: body.length, idAt };
}

function statusField(status: number): Buffer {
  const index = staticIndex(':status', String(status));
  if (index !== 0) return Buffer.from([0x80 | index]);
  const nameIndex = STATIC_TABLE.findIndex(([name]) => name === ':status') + 1;
  const text = Buffer.from(String(status));
  return Buffer.from([nameIndex, text.length, ...text]);
}

/** Literal without indexing, new name. Names and values here are ASCII, shorter than 127. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}
