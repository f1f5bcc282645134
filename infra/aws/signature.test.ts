import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { publicHalf } from './keyring.ts';
import { signatureHolds } from './signature.ts';

const SPKI = '302a300506032b6570032100';
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = publicHalf(privateKey);
const signed = (text: string): Buffer => sign(null, Buffer.from(text), privateKey);
const holds = (text: string, signature: Buffer, of = key): boolean =>
  signatureHolds(text, { key: of, signature: signature.toString('base64') });

describe('a signature', () => {
  test.each([
    [
      '',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'r',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('of RFC 8032, section 7.1, over %j holds', (text, ofKey, signature) => {
    const proof = { key: base64(SPKI + ofKey), signature: base64(signature) };
    expect(signatureHolds(text, proof)).toBe(true);
    expect(signatureHolds(`${text}.`, proof)).toBe(false);
  });

  test('holds over its own text by its own key, as it does for Node; with any bit changed it does for neither', () => {
    for (const text of ['', 'entry', 'São Paulo 東京 🚀', 'x'.repeat(10_000)]) {
      const signature = signed(text);
      expect(holds(text, signature)).toBe(true);
      expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
      expect(holds(`${text} `, signature)).toBe(false);
      for (let bit = 0; bit < 512; bit += 7) {
        const changed = Buffer.from(signature);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect([bit, holds(text, changed), verify(null, Buffer.from(text), publicKey, changed)]).toEqual([
          bit,
          false,
          false,
        ]);
      }
    }
  });

  test('proves nothing where it is none, or its key is none', () => {
    const signature = signed('entry');
    const other = publicHalf(generateKeyPairSync('ed25519').privateKey);
    const ofAnotherKind = generateKeyPairSync('x25519')
      .publicKey.export({ type: 'spki', format: 'der' })
      .toString('base64');
    for (const of of [other, ofAnotherKind, '', 'none', key.slice(0, -8)])
      expect(holds('entry', signature, of)).toBe(false);
    for (const none of [
      Buffer.alloc(0),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.alloc(64),
    ])
      expect(holds('entry', none)).toBe(false);
  });

  test('has one form: the one that adds the order of the group to S is another, and proves nothing', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const signature = signed('entry');
    let s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const changed = Buffer.from(signature);
    for (let at = 32; at < 64; at += 1, s >>= 8n) changed[at] = Number(s & 255n);
    expect(holds('entry', changed)).toBe(false);
  });

  test('under a key of small order, which fits any text, proves nothing', () => {
    const anybody = base64(`${SPKI}01${'00'.repeat(31)}`);
    const zero = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
    expect(holds('entry', zero, anybody)).toBe(false);
  });
});
