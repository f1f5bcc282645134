import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holds, PROPERTY } from '../test/properties/holds.ts';
import { HpackDecoder, HpackError } from './hpack-decoder.ts';
import { HpackEncoder, integer } from './hpack-encoder.ts';
import { decodeHuffman, encodeHuffman, HuffmanError } from './huffman.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('integers (RFC 7541 C.1)', () => {
  test.each([
    [5, 10, '0a'],
    [5, 1337, '1f9a0a'],
    [8, 42, '2a'],
  ])('prefix %i, value %i', (prefix, value, expected) => {
    expect(integer(0, prefix, value).toString('hex')).toBe(expected);
  });
});

describe('Huffman (RFC 7541 appendix B)', () => {
  test.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['custom-value', '25a849e95bb8e8b4bf'],
    ['302', '6402'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  ])('%s', (text, coded) => {
    expect(encodeHuffman(text).toString('hex')).toBe(coded);
    const bytes = hex(coded);
    expect(decodeHuffman(bytes, 0, bytes.length)).toBe(text);
  });

  test('every byte string comes back as it was', PROPERTY, async () => {
    await holds(
      'huffman',
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        const coded = encodeHuffman(text);
        expect(decodeHuffman(coded, 0, coded.length)).toBe(text);
      }),
      { seed: 1, runs: 300 },
    );
  });

  test('padding that is not ones, padding of a whole byte, and EOS are refused', () => {
    for (const bad of ['00', '6402ff', 'ffffffff'])
      expect(() => decodeHuffman(hex(bad), 0, bad.length / 2)).toThrow(HuffmanError);
  });
});

/** Sequences of RFC 7541 C.3–C.6: blocks of one connection, in order. */
const REQUESTS = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
];
const RESPONSES = [
  [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('decoding the examples of RFC 7541 appendix C', () => {
  test('C.3 requests without Huffman coding', () => {
    const decoder = new HpackDecoder(4096);
    expect(decoder.decode(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'))).toEqual(REQUESTS[0]);
    expect(decoder.decode(hex('8286 84be 5808 6e6f 2d63 6163 6865'))).toEqual(REQUESTS[1]);
    expect(decoder.decode(hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'))).toEqual(
      REQUESTS[2],
    );
  });

  test('C.4 requests with Huffman coding, and our encoder writes the same bytes', () => {
    const blocks = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ].map(hex);
    const decoder = new HpackDecoder(4096);
    const encoder = new HpackEncoder();
    blocks.forEach((block, index) => {
      expect(decoder.decode(block)).toEqual(REQUESTS[index]);
      const fields = REQUESTS[index]!.map(([name, value]) => ({ name: name!, value: value!, mode: 'index' as const }));
      expect(encoder.encode(fields).toString('hex')).toBe(block.toString('hex'));
    });
  });

  test('C.6 responses with Huffman coding and eviction at 256 bytes', () => {
    const decoder = new HpackDecoder(256);
    const blocks = [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ];
    blocks.forEach((block, index) => expect(decoder.decode(hex(block))).toEqual(RESPONSES[index]));
  });
});

describe('what breaks the rules is refused', () => {
  test.each([
    ['an index of nothing', 'c0'],
    ['index 0', '80'],
    ['a size update over the limit', '3fe21f'],
    ['a size update after a field', '8220'],
    ['a string longer than its block', '400a6375'],
    ['a block that ends inside an integer', '7f'],
    ['an integer without end', '7fffffffffffffff7f'],
  ])('%s', (_name, block) => {
    expect(() => new HpackDecoder(4096).decode(hex(block))).toThrow(HpackError);
  });

  test('arbitrary bytes give fields or an error, never anything else', PROPERTY, async () => {
    await holds(
      'hpack-arbitrary-bytes',
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          for (const field of new HpackDecoder(4096).decode(bytes)) expect(field).toHaveLength(2);
        } catch (error) {
          expect(error instanceof HpackError || error instanceof HuffmanError).toBe(true);
        }
      }),
      { seed: 2, runs: 3_000 },
    );
  });
});

describe('the encoder follows the peer', () => {
  const field = (name: string, value: string, mode: 'index' | 'literal' = 'index') => ({ name, value, mode });

  test('a table of 0 is announced at the next block, and everything is literal from then on', () => {
    const encoder = new HpackEncoder();
    encoder.encode([field('apns-topic', 'com.example.app')]);
    encoder.setLimit(0);
    const block = encoder.encode([field('apns-topic', 'com.example.app')]);
    expect(block[0]).toBe(0x20);
    expect(new HpackDecoder(0).decode(block)).toEqual([['apns-topic', 'com.example.app']]);
    expect(encoder.encode([field('apns-topic', 'com.example.app')])[0]).toBe(0x00);
  });

  test('a table lowered and raised between two blocks gives both updates, the lower first', () => {
    const encoder = new HpackEncoder();
    encoder.encode([field('apns-topic', 'com.example.app')]);
    encoder.setLimit(0);
    encoder.setLimit(4096);
    const block = encoder.encode([field('apns-topic', 'com.example.app')]);
    expect(block.subarray(0, 4).toString('hex')).toBe('203fe11f');
    expect(new HpackDecoder(4096).decode(block)).toEqual([['apns-topic', 'com.example.app']]);
  });

  test('encoder and decoder agree over random requests and table changes', PROPERTY, async () => {
    const text = fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-./'.split('')),
      minLength: 1,
      maxLength: 40,
    });
    const block = fc.record({
      limit: fc.option(fc.integer({ min: 0, max: 500 })),
      fields: fc.array(
        fc.record({ name: text, value: text, mode: fc.constantFrom('index' as const, 'literal' as const) }),
        { maxLength: 12 },
      ),
    });
    await holds(
      'hpack-both-agree',
      fc.property(fc.array(block, { maxLength: 20 }), (blocks) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(4096);
        for (const { limit, fields } of blocks) {
          if (limit !== null) encoder.setLimit(limit);
          expect(decoder.decode(encoder.encode(fields))).toEqual(fields.map(({ name, value }) => [name, value]));
        }
      }),
      { seed: 3, runs: 400 },
    );
  });
});
