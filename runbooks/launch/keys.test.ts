import { expect, test } from 'vitest';
import { publicHalf } from '../../infra/aws/keyring.ts';
import { BOT_KEY, testKey, WORKER_KEY } from '../../test/keys.ts';
import { ANA } from '../../test/properties/scene.ts';
import type { RecordKey } from './entries.ts';
import { keysProblem } from './signers.ts';

const [bot, worker] = [publicHalf(BOT_KEY), publicHalf(WORKER_KEY)];
const named = (...keys: [RecordKey['role'], string][]) => keysProblem(keys.map(([role, key]) => ({ role, key })));
/** Base64 of 44 bytes ends in a digit with two bits to spare: these are the same bytes, spelled otherwise. */
const spellings = (key: string) => {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = digits.indexOf(key.at(-2) ?? '');
  return [1, 2, 3].map((more) => `${key.slice(0, -2)}${digits[last + more] ?? ''}=`);
};

test('a key of each role makes a record; without one, or with one twice, there is none', () => {
  expect(named(['bot', bot], ['worker', worker], ['worker', publicHalf(testKey(5))])).toBeNull();
  expect(named(['bot', bot])?.say).toMatch(/no worker key/);
  expect(named(['worker', worker])?.say).toMatch(/no bot key/);
  expect(named(['bot', bot], ['worker', bot])?.say).toMatch(/named twice/);
});

test('a key counts in one spelling alone: another one of the same key is no second key', () => {
  expect(spellings(bot).map((key) => Buffer.from(key, 'base64').equals(Buffer.from(bot, 'base64')))).toEqual([
    true,
    true,
    true,
  ]);
  for (const key of [...spellings(bot), bot.replace(/=$/, ''), `${bot}\n`, ` ${bot}`]) {
    expect(named(['bot', bot], ['worker', key])?.say).toMatch(/is no public key/);
  }
});

test('what is no Ed25519 key, and one for which anybody could sign, is no key', () => {
  const weak = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from('01'.padEnd(64, '0'), 'hex'),
  ]).toString('base64');
  for (const key of ['', 'MCow', weak, ANA.key.slice(4)])
    expect(named(['bot', bot], ['worker', key])).toMatchObject({ code: 'KEYS_INVALID' });
});
