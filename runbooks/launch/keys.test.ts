import { describe, expect, test } from 'vitest';
import { publicHalf } from '../../infra/aws/keyring.ts';
import { BOT_KEY, testKey, WORKER_KEY } from '../../test/keys.ts';
import { ANA, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
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

describe('a change of keys', () => {
  const present: RecordKey[] = [
    { role: 'bot', key: bot },
    { role: 'worker', key: worker },
  ];
  const next: RecordKey[] = [...present, { role: 'worker', key: publicHalf(testKey(5)) }];
  const ask = (keys: RecordKey[], reason = 'a worker was lost'): Command => ({
    kind: 'request-key-change',
    by: 'ana',
    keys,
    reason,
  });
  const approve = (changeId: string, by = 'mia'): Command => ({ kind: 'approve-key-change', by, changeId });

  test('is asked for with a reason and approved by another person, once', () => {
    const scene = Scene.created();
    expect(scene.refuses(ask(next, ' ')).code).toBe('REASON_MISSING');
    const asked = scene.gives('KeyChangeRequested', ask(next));
    expect(asked).toMatchObject({ changeId: 'K2', keys: next, reason: 'a worker was lost', by: { person: 'ana' } });
    expect(scene.refuses(approve('K99')).code).toBe('NO_SUCH_REQUEST');
    expect(scene.refuses(approve(asked.changeId, 'ana'))).toMatchObject({
      code: 'SAME_PERSON',
      say: expect.stringContaining('Ana Ortiz asked for this change of keys') as string,
    });
    expect(scene.gives('KeysChanged', approve(asked.changeId))).toMatchObject({ by: { person: 'mia' } });
    expect(scene.state.keys).toEqual(next);
    expect(scene.refuses(approve(asked.changeId, 'ben')).code).toBe('NO_SUCH_REQUEST');
  });

  test('gives a record without keys none', () => {
    const scene = Scene.created();
    scene.launch = { ...scene.state, keys: [] };
    expect(scene.refuses(ask(next)).code).toBe('RECORD_UNSIGNED');
  });

  test("takes no list that makes no record, and nobody's own key, however it is spelled", () => {
    const scene = Scene.created();
    expect(scene.refuses(ask([{ role: 'bot', key: bot }])).say).toMatch(/no worker key/);
    expect(scene.refuses(ask([...present, { role: 'worker', key: ANA.key }])).say).toMatch(
      /^One of these keys is Ana Ortiz's own/,
    );
    const spelled = scene.state.people.map((one) =>
      one.id === 'ben' ? { ...one, operator_keys: [`${worker} `] } : one,
    );
    scene.launch = { ...scene.state, people: spelled };
    expect(scene.refuses(ask(next)).say).toMatch(/^One of these keys is Ben Okafor's own/);
  });
});
