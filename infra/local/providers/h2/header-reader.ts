import { HpackDecoder } from '../../../../h2/hpack-decoder.ts';
import type { HeaderField } from '../../../../h2/hpack-decoder.ts';
import { staticIndex } from '../../../../h2/static-table.ts';
import { Head, headFields } from '../exchange.ts';
import type { HeadField } from '../exchange.ts';

/** What a client may use; SETTINGS_HEADER_TABLE_SIZE is not sent, so it is the default. */
const tableBytes = 4096;
/** Kept blocks, one for each length; more lengths than any sender's tokens have. */
const mostKept = 64;

interface Known {
  readonly head: Head;
  readonly isGood: boolean;
  readonly block: Buffer;
  /** Where the path's text stands; both the block's length if it stands in a table: then it is `path`. */
  readonly pathFrom: number;
  readonly pathTo: number;
  readonly path: Buffer;
}

/**
 * Reads the header blocks of a connection. A sender's blocks differ in nothing but the token at the end of the path: a
 * block that equals one from before in all other bytes, with the table as it was then, says the same.
 * What was read stands in the fields until the next block.
 */
export class HeaderReader {
  head = new Head();
  /** False: the headers are malformed, which is the stream's fault and not the connection's. */
  isGood = true;
  pathBytes: Buffer = Buffer.alloc(0);
  pathFrom = 0;
  pathTo = 0;

  readonly #decoder = new HpackDecoder(tableBytes);
  readonly #known = new Map<number, Known>();

  /** A whole block, `bytes[from, to)`. Throws HpackError or HuffmanError: the tables of the two sides differ from then on. */
  read(bytes: Buffer, from: number, to: number): void {
    const known = this.#known.get(to - from);
    if (known === undefined || !isSame(known, bytes, from)) {
      this.#decode(bytes.subarray(from, to));
      return;
    }
    this.head = known.head;
    this.isGood = known.isGood;
    if (known.pathFrom < known.pathTo) {
      this.pathBytes = bytes;
      this.pathFrom = from + known.pathFrom;
      this.pathTo = from + known.pathTo;
    } else {
      this.pathBytes = known.path;
      this.pathFrom = 0;
      this.pathTo = known.path.length;
    }
  }

  #decode(block: Buffer): void {
    const fields = this.#decoder.decode(block);
    const { head, path, isGood } = headOf(fields);
    this.head = head;
    this.isGood = isGood;
    this.pathBytes = Buffer.from(path, 'latin1');
    this.pathFrom = 0;
    this.pathTo = this.pathBytes.length;
    const shape = shapeOf(block);
    if (shape.changesTable || this.#known.size >= mostKept) this.#known.clear();
    if (shape.changesTable || shape.isPathCoded) return;
    this.#known.set(block.length, {
      head,
      isGood,
      block: Buffer.from(block),
      pathFrom: shape.pathFrom,
      pathTo: shape.pathTo,
      path: this.pathBytes,
    });
  }
}

function isSame({ block, pathFrom, pathTo }: Known, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < pathFrom; at++) if (bytes[from + at] !== block[at]) return false;
  for (let at = pathTo; at < block.length; at++) if (bytes[from + at] !== block[at]) return false;
  return true;
}

function headOf(fields: readonly HeaderField[]): { head: Head; path: string; isGood: boolean } {
  const head = new Head();
  let path = '';
  let isGood = true;
  let isRegular = false;
  for (const [name, value] of fields) {
    const field = headFields[name as keyof typeof headFields] as HeadField | undefined;
    const isPseudo = name.startsWith(':');
    if (!isPseudo) isRegular = true;
    else if (isRegular || (field === undefined && name !== ':path' && name !== ':authority')) isGood = false;
    const before = name === ':path' ? path : field === undefined ? '' : head[field];
    if (before !== '') {
      head.duplicated = true;
      if (isPseudo) isGood = false;
    } else if (name === ':path') path = value;
    else if (field !== undefined) head[field] = value;
  }
  return { head, path, isGood };
}

const pathIndexes = [staticIndex(':path', '/'), staticIndex(':path', '/index.html')];

interface Shape {
  changesTable: boolean;
  /** The path is a literal in Huffman code, which tells nothing byte by byte. */ isPathCoded: boolean;
  pathFrom: number;
  pathTo: number;
}

/** Of a block that was decoded without error: where the path's own bytes are, and whether the table is another one afterwards. */
function shapeOf(block: Buffer): Shape {
  const shape = { changesTable: false, isPathCoded: false, pathFrom: block.length, pathTo: block.length };
  let at = 0;
  const number = (mask: number): number => {
    const first = (block[at++] as number) & mask;
    if (first < mask) return first;
    let value = mask;
    for (let shift = 0; ; shift += 7) {
      const byte = block[at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skipString = (): number => {
    const bytes = number(0x7f);
    at += bytes;
    return bytes;
  };
  while (at < block.length) {
    const first = block[at] as number;
    if (first >= 0x80) {
      number(0x7f);
    } else if (first >= 0x20) {
      return { ...shape, changesTable: true };
    } else {
      const nameIndex = number(0x0f);
      if (nameIndex === 0) skipString();
      const isCoded = (block[at] as number) >= 0x80;
      const bytes = skipString();
      if (!pathIndexes.includes(nameIndex)) continue;
      if (isCoded) shape.isPathCoded = true;
      shape.pathFrom = at - bytes;
      shape.pathTo = at;
    }
  }
  return shape;
}
