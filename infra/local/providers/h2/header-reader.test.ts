import { describe, expect, it } from 'vitest';
import { HpackError } from '../../../../h2/hpack-decoder.ts';
import { HpackEncoder } from '../../../../h2/hpack-encoder.ts';
import type { Head } from '../exchange.ts';
import { HeaderReader } from './header-reader.ts';

interface Found {
  head: Head;
  path: string;
  isGood: boolean;
}

function readBytes(reader: HeaderReader, block: Buffer): Found {
  // In place among other bytes, as in what came from a client.
  const bytes = Buffer.concat([Buffer.from('before'), block, Buffer.from('behind')]);
  reader.read(bytes, 6, 6 + block.length);
  const { head, isGood, pathBytes, pathFrom, pathTo } = reader;
  return { head, isGood, path: pathBytes.toString('latin1', pathFrom, pathTo) };
}
const read = (reader: HeaderReader, hex: string): Found =>
  readBytes(reader, Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (value: string): string => value.length.toString(16).padStart(2, '0') + Buffer.from(value).toString('hex');
const literal = (name: string, value: string, first = '40'): string => `${first}${text(name)}${text(value)}`;
/** POST, https, and a path that goes into no table. */
const post = (path: string): string => `838704${text(path)}`;

describe('HeaderReader', () => {
  it('reads method, scheme, path and APNs fields, whatever of them stands in a table', () => {
    const reader = new HeaderReader();
    const first = read(
      reader,
      `${post('/3/device/aa')}${literal('apns-topic', 'a.topic')}${literal('apns-priority', '10')}`,
    );
    expect(first).toMatchObject({
      path: '/3/device/aa',
      isGood: true,
      head: { method: 'POST', scheme: 'https', topic: 'a.topic', priority: '10', duplicated: false },
    });
    const second = read(reader, `${post('/3/device/bb')}bfbe`);
    expect(second).toMatchObject({
      path: '/3/device/bb',
      isGood: true,
      head: { method: 'POST', scheme: 'https', topic: 'a.topic', priority: '10' },
    });
  });

  it('takes a block that differs in the path alone for the same head, and no other block', () => {
    const reader = new HeaderReader();
    read(reader, `${post('/x')}${literal('apns-topic', 'one')}${literal('apns-topic', 'two')}`);
    const known = read(reader, `${post('/3/device/aa')}bf`);
    expect(known.head.topic).toBe('one');
    const again = read(reader, `${post('/3/device/zz')}bf`);
    expect(again.head).toBe(known.head);
    expect(again.path).toBe('/3/device/zz');
    expect(read(reader, `${post('/3/device/zz')}be`).head.topic).toBe('two');
    expect(read(reader, `828704${text('/3/device/zz')}bf`).head.method).toBe('GET');
    // As long as the known block, and with another division between path and rest.
    expect(read(reader, `${post('/3/device/z')}bebf`)).toMatchObject({
      path: '/3/device/z',
      head: { duplicated: true },
    });
  });

  it('what an index says changes with the table: nothing known outlives an entry', () => {
    const reader = new HeaderReader();
    read(reader, `${post('/x')}${literal('apns-topic', 'old')}`);
    expect(read(reader, `${post('/y')}be`).head.topic).toBe('old');
    expect(read(reader, `${post('/z')}be`).head.topic).toBe('old');
    read(reader, `${post('/x')}${literal('apns-topic', 'new')}`);
    expect(read(reader, `${post('/y')}be`).head.topic).toBe('new');
    // A table of 0 bytes, and then again one without entries.
    read(reader, `203fe11f${post('/x')}`);
    expect(() => read(reader, `${post('/y')}be`)).toThrow(HpackError);
  });

  it('reads the same as without memory over many blocks of a sender that codes by table and by Huffman', () => {
    const reader = new HeaderReader();
    const encoder = new HpackEncoder();
    let seed = 5;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let step = 0; step < 3_000; step++) {
      const path = `/3/device/${random(1_000_000)
        .toString(16)
        .padStart(5 + random(2), '0')}`;
      const topic = `topic.${random(3)}`;
      const priority = ['10', '5'][random(2)] as string;
      const mode = random(50) === 0 ? ('index' as const) : ('literal' as const);
      const block = Buffer.concat([
        Buffer.from('8387', 'hex'),
        random(3) === 0
          ? encoder.encode([{ name: ':path', value: path, mode: 'literal' }])
          : Buffer.from(`04${text(path)}`, 'hex'),
        encoder.encode([
          { name: 'apns-topic', value: topic, mode },
          { name: 'apns-priority', value: priority, mode: 'literal' },
        ]),
      ]);
      const found = readBytes(reader, block);
      if (found.path !== path || found.head.topic !== topic || found.head.priority !== priority || !found.isGood)
        throw new Error(`step ${step}: ${JSON.stringify(found)}`);
    }
  });

  it('says that a request is malformed with a pseudo-header twice, late or unknown, and notes doubled headers, every time', () => {
    const verdict = (hex: string): [boolean, boolean] => {
      const reader = new HeaderReader();
      const [{ isGood, head }, again] = [read(reader, hex), read(reader, hex)];
      expect([again.isGood, again.head.duplicated]).toEqual([isGood, head.duplicated]);
      return [isGood, head.duplicated];
    };
    expect(verdict('8387')).toEqual([true, false]);
    expect(verdict('8383')[0]).toBe(false);
    expect(verdict(`${post('/a')}04${text('/b')}`)[0]).toBe(false);
    for (const first of ['00', '40']) {
      expect(verdict(`${literal('apns-id', 'x', first)}83`)[0]).toBe(false);
      expect(verdict(literal(':nothing', 'x', first))[0]).toBe(false);
      expect(verdict(`83${literal('apns-topic', 'a', first)}${literal('apns-topic', 'b', first)}`)).toEqual([
        true,
        true,
      ]);
    }
  });
});
