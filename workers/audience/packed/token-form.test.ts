import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { FCM, PLAIN, storeToken, tokenCharacters, tokenText } from './token-form.ts';
import type { TokenForm } from './token-form.ts';

function roundTrip(platform: 'ios' | 'android', token: string): { form: TokenForm; bytes: number } {
  const stored = Buffer.alloc(4099, 0xee);
  const said = storeToken(platform, token, stored, 0);
  const [bytes, form] = [said >> 3, said & 7];
  expect(tokenText(platform, form, stored, 0, bytes)).toBe(token);
  const target = Buffer.alloc(token.length + 20, 0x2e);
  expect(tokenCharacters(platform, form, stored, 0, bytes, target, 7)).toBe(token.length);
  expect(target.toString('latin1', 0, 7 + token.length)).toBe(`.......${token}`);
  return { form, bytes };
}

test('hex takes a byte for two digits and the usual FCM token 117 bytes for 163 characters', () => {
  expect(roundTrip('ios', '0123456789abcdef'.repeat(4))).toEqual({ form: PLAIN, bytes: 32 });
  expect(roundTrip('android', `${'a-_Z9'.repeat(4)}xy:APA91b${'0Aa-_'.repeat(27).slice(0, 134)}`)).toEqual({
    form: FCM,
    bytes: 117,
  });
});

test('tokens of another shape stay as they are', () => {
  expect(roundTrip('android', 'cDtoken_of-22-charactr')).toEqual({ form: PLAIN, bytes: 22 });
  expect(roundTrip('android', `${'x'.repeat(22)}:APA91b${'y'.repeat(60)}:z`).form).toBe(PLAIN);
  expect(roundTrip('android', `${'x'.repeat(21)}::APA91b${'y'.repeat(60)}`).form).toBe(PLAIN);
  expect(roundTrip('android', `${'x'.repeat(23)}:APA91b${'y'.repeat(60)}`).form).toBe(PLAIN);
  expect(roundTrip('android', `:${'x'.repeat(21)}:APA91b${'y'.repeat(60)}`).form).toBe(PLAIN);
});

test('every FCM token of any length comes back, and no two are stored alike', PROPERTY, async () => {
  const characters = fc.string({
    unit: fc.constantFrom('A', 'B', 'Z', 'a', 'c', 'z', '0', '1', '9', '-', '_'),
    maxLength: 300,
  });
  const token = fc
    .tuple(
      fc.string({ unit: fc.constantFrom('A', 'B', 'c', '0', '9', '-', '_'), minLength: 22, maxLength: 22 }),
      characters,
    )
    .map(([id, rest]) => `${id}:APA91b${rest}`);
  await holds(
    'token-form',
    fc.property(token, fc.integer({ min: 1, max: 3 }), (one, more) => {
      roundTrip('android', one);
      const key = (text: string) => {
        const stored = Buffer.alloc(4099);
        const said = storeToken('android', text, stored, 0);
        return `${said & 7} ${stored.toString('hex', 0, said >> 3)}`;
      };
      expect(key(`${one}${'A'.repeat(more)}`)).not.toBe(key(one));
    }),
    { seed: 1, runs: 300 },
  );
});
