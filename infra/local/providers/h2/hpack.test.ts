import { describe, expect, it } from 'vitest';
import { Exchange } from '../exchange.ts';
import { CompressionError, HpackReader } from './hpack.ts';

const peer = { credential: '', credentialSinceMs: 0, updates: 0 };
const carrier = { deliver: (): void => undefined };

function read(reader: HpackReader, hex: string): Exchange {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const into = new Exchange(peer, carrier, 1);
  expect(reader.read(bytes, 0, bytes.length, into)).toBe(true);
  return into;
}

describe('HpackReader', () => {
  it('reads the requests of RFC 7541, C.3 and C.4, with and without Huffman, by one table each', () => {
    const plain = new HpackReader();
    const huffman = new HpackReader();
    for (const [reader, hexes] of [
      [plain, ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565']],
      [huffman, ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf']],
    ] as const) {
      const [first, second, third] = hexes.map((hex) => read(reader, hex));
      expect([first?.method, first?.scheme, first?.path]).toEqual(['GET', 'http', '/']);
      expect([second?.method, second?.scheme, second?.path]).toEqual(['GET', 'http', '/']);
      expect([third?.method, third?.scheme, third?.path]).toEqual(['GET', 'https', '/index.html']);
    }
  });

  const literal = (name: string, value: string, first = '40'): string =>
    `${first}${name.length.toString(16).padStart(2, '0')}${Buffer.from(name).toString('hex')}${value.length.toString(16).padStart(2, '0')}${Buffer.from(value).toString('hex')}`;

  it('keeps indexed headers, evicts the oldest when the table is full, and forgets all at size 0', () => {
    const reader = new HpackReader();
    read(reader, `8387${literal('apns-topic', 'a.topic')}`);
    expect(read(reader, '8387be').topic).toBe('a.topic');
    // 40 entries of 32 + 11 + 60 bytes fill the 4,096 bytes and push the topic out.
    for (let number = 0; number < 40; number++) read(reader, literal('filler-name', String(number).padEnd(60, '.')));
    expect(() => read(reader, `ff${(62 + 40 - 127).toString(16)}`)).toThrow();
    read(reader, `20${literal('apns-topic', 'other', '00')}`);
    expect(() => read(reader, 'be')).toThrow(CompressionError);
  });

  it('refuses a cut-off string, a number without end, an index of nothing, a table above the limit', () => {
    // The last two: a Huffman string with padding that is too long, and with the end-of-string symbol.
    for (const hex of ['40057465', '7f808080808001', 'ff8080808001', 'c6', '80', '3fe21f', '0081ff00', '0084ffffffff00']) {
      const bytes = Buffer.from(hex, 'hex');
      expect(() => new HpackReader().read(bytes, 0, bytes.length, new Exchange(peer, carrier, 1)), hex).toThrow(CompressionError);
    }
  });

  it('says that a request is malformed with a pseudo-header twice, late or unknown, and notes doubled headers', () => {
    const verdict = (hex: string): [boolean, boolean] => {
      const bytes = Buffer.from(hex, 'hex');
      const into = new Exchange(peer, carrier, 1);
      return [new HpackReader().read(bytes, 0, bytes.length, into), into.duplicated];
    };
    expect(verdict('8387')).toEqual([true, false]);
    expect(verdict('8383')[0]).toBe(false);
    expect(verdict(`${literal('apns-id', 'x')}83`)[0]).toBe(false);
    expect(verdict(literal(':nothing', 'x'))[0]).toBe(false);
    expect(verdict(`83${literal('apns-topic', 'a')}${literal('apns-topic', 'b')}`)).toEqual([true, true]);
  });
});
