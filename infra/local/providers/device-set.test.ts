import { expect, it } from 'vitest';
import { DeviceSet } from './device-set.ts';
import { TokenHash } from './token-hash.ts';

function read(hash: TokenHash, text: string, fold: 0 | 0x20): void {
  const bytes = Buffer.from(text, 'latin1');
  hash.read(bytes, 0, bytes.length, fold);
}

it('counts each device once per shot, through every growth, like a plain map', () => {
  const set = new DeviceSet();
  const plain = new Map<string, number>();
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % below;
  };
  const hash = new TokenHash();
  for (let step = 0; step < 200_000; step++) {
    read(hash, `token-${random(120_000)}`, 0);
    const bit = (1 << random(32)) >>> 0;
    const key = `${hash.high}/${hash.low}`;
    const before = plain.get(key) ?? 0;
    if (set.mark(hash.high, hash.low, bit) !== before) throw new Error(`step ${step}: the masks differ`);
    plain.set(key, (before | bit) >>> 0);
  }
  expect(set.size).toBe(plain.size);
  expect(plain.size).toBeGreaterThan(50_000);
});

it('keeps a device whose hash is zero apart from an empty place', () => {
  const set = new DeviceSet();
  expect(set.mark(0, 0, 1)).toBe(0);
  expect(set.mark(0, 0, 2)).toBe(1);
  expect(set.mark(0, 1, 1)).toBe(0);
  expect(set.size).toBe(2);
});

it('takes upper and lower case of a hex token for the same device, if asked to fold', () => {
  const hash = new TokenHash();
  const path = Buffer.from('/3/device/ABCDEF09?');
  hash.read(path, 10, path.length - 1, 0x20);
  const folded = [hash.high, hash.low];
  read(hash, 'abcdef09', 0x20);
  expect([hash.high, hash.low]).toEqual(folded);
  read(hash, 'ABCDEF09', 0);
  expect([hash.high, hash.low]).not.toEqual(folded);
});

it('says of every byte whether it may stand in a token, and how many colons there are', () => {
  const hash = new TokenHash();
  for (let code = 0; code < 256; code++) {
    const text = String.fromCharCode(code);
    read(hash, `ab${text}cd`, 0);
    expect([text, hash.isHex, hash.isPlain, hash.colons]).toEqual([
      text,
      /^[0-9a-f]$/i.test(text),
      /^[\w:-]$/.test(text),
      text === ':' ? 1 : 0,
    ]);
  }
  read(hash, 'abc:de:f', 0);
  expect(hash.colons).toBe(2);
});

it('spreads 300,000 consecutive tokens over 64 bits without a collision', () => {
  const set = new DeviceSet();
  const hash = new TokenHash();
  for (let number = 0; number < 300_000; number++) {
    read(hash, number.toString(16).padStart(64, '0'), 0x20);
    set.mark(hash.high, hash.low, 1);
  }
  expect(set.size).toBe(300_000);
});
