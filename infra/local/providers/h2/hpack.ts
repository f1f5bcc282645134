import { exchangeFields } from '../exchange.ts';
import type { Exchange, ExchangeField } from '../exchange.ts';
import { decodeHuffman, HuffmanError } from '../../../../workers/lanes/h2/huffman.ts';
import { STATIC_TABLE } from '../../../../workers/lanes/h2/static-table.ts';

/** HPACK (RFC 7541): reads header blocks straight into exchanges. */

interface Entry { readonly name: string; readonly value: string; readonly field: ExchangeField | null; readonly bytes: number }

function entry(name: string, value: string): Entry {
  return { name, value, field: exchangeFields[name as keyof typeof exchangeFields] ?? null, bytes: name.length + value.length + 32 };
}

const staticTable: readonly Entry[] = STATIC_TABLE.map(([name, value]) => entry(name, value));

/** What a client may use; SETTINGS_HEADER_TABLE_SIZE is not sent, so it is the default. */
const largestTable = 4096;

/** A block that can't be read ends the connection: the tables of the two sides differ from then on. */
export class CompressionError extends Error { readonly code = 'HPACK_BROKEN' }

export class HpackReader {
  /** Newest last; those before `#oldest` are evicted. */
  #dynamic: Entry[] = [];
  #oldest = 0;
  #bytes = 0;
  #limit = largestTable;

  #block: Uint8Array = new Uint8Array();
  #at = 0;
  #end = 0;

  /** Reads a whole block into `into`; false if its headers are malformed (the stream's fault, not the connection's). Throws CompressionError. */
  read(block: Buffer, from: number, to: number, into: Exchange): boolean {
    this.#block = block;
    this.#at = from;
    this.#end = to;
    let good = true;
    let regular = false;
    while (this.#at < to) {
      const first = block[this.#at] as number;
      let field: Entry;
      if (first >= 0x80) {
        field = this.#entryAt(this.#number(0x7f));
      } else if (first >= 0x40) {
        field = this.#literal(0x3f);
        this.#add(field);
      } else if (first >= 0x20) {
        this.#resize(this.#number(0x1f));
        continue;
      } else {
        field = this.#literal(0x0f);
      }
      if (field.name.charCodeAt(0) === 0x3a) good &&= !regular && (field.field !== null || field.name === ':authority');
      else regular = true;
      if (field.field !== null) good = place(into, field.field, field.value) && good;
    }
    return good;
  }

  #literal(mask: number): Entry {
    const index = this.#number(mask);
    const named = index === 0 ? null : this.#entryAt(index);
    if (named !== null) {
      const value = this.#string();
      return { name: named.name, value, field: named.field, bytes: named.name.length + value.length + 32 };
    }
    const name = this.#string();
    return entry(name, this.#string());
  }

  #number(mask: number): number {
    const first = (this.#block[this.#at++] as number) & mask;
    if (first < mask) return first;
    let value = mask;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw new CompressionError('a number is cut off');
      const byte = this.#block[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new CompressionError('a number is too big');
  }

  #string(): string {
    if (this.#at >= this.#end) throw new CompressionError('a string is cut off');
    const isHuffman = (this.#block[this.#at] as number) >= 0x80;
    const length = this.#number(0x7f);
    const from = this.#at;
    const to = from + length;
    if (to > this.#end) throw new CompressionError('a string is cut off');
    this.#at = to;
    if (!isHuffman) return (this.#block as Buffer).toString('latin1', from, to);
    try {
      return decodeHuffman(this.#block, from, to);
    } catch (error) {
      if (error instanceof HuffmanError) throw new CompressionError('a string is no Huffman code', { cause: error });
      throw error;
    }
  }

  #entryAt(index: number): Entry {
    const found = index <= staticTable.length ? staticTable[index - 1] : this.#newest(index - staticTable.length);
    if (found === undefined) throw new CompressionError(`no header at index ${index}`);
    return found;
  }

  #newest(number: number): Entry | undefined {
    const at = this.#dynamic.length - number;
    return at < this.#oldest ? undefined : this.#dynamic[at];
  }

  #add(added: Entry): void {
    this.#bytes += added.bytes;
    this.#dynamic.push(added);
    this.#evict();
  }

  #resize(limit: number): void {
    if (limit > largestTable) throw new CompressionError('the table may not be that big');
    this.#limit = limit;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#limit) {
      this.#bytes -= (this.#dynamic[this.#oldest] as Entry).bytes;
      this.#oldest += 1;
    }
    if (this.#oldest > 256) {
      this.#dynamic = this.#dynamic.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** False for a pseudo-header that comes twice. A switch, as writing by a computed name is several times slower. */
function place(into: Exchange, field: ExchangeField, value: string): boolean {
  if (into[field] !== '') {
    into.duplicated = true;
    return field !== 'path' && field !== 'method' && field !== 'scheme';
  }
  switch (field) {
    case 'method': into.method = value; break;
    case 'scheme': into.scheme = value; break;
    case 'path': into.path = value; break;
    case 'authorization': into.authorization = value; break;
    case 'contentType': into.contentType = value; break;
    case 'apnsId': into.apnsId = value; break;
    case 'topic': into.topic = value; break;
    case 'pushType': into.pushType = value; break;
    case 'priority': into.priority = value; break;
    case 'expiration': into.expiration = value; break;
    case 'collapseId': into.collapseId = value; break;
    default: {
      const missed: never = field;
      throw new Error(`HEADER_WITHOUT_PLACE: ${String(missed)}`);
    }
  }
  return true;
}
