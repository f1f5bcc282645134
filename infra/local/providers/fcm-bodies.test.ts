import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { FcmBodies } from './fcm-bodies.ts';
import { Judge } from './judge.ts';
import { TokenHash } from './token-hash.ts';

const text = fc.constantFrom(
  'AAAA',
  'BBBB',
  'ABAB',
  'a:b_',
  'A"BC',
  '\\"AB',
  'AB\\n',
  '","t',
  '\\u0041',
  'é12',
  '',
  'AAAAA',
);
const part = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        '"token":"@"',
        '"token": "@"',
        '"fid":"@"',
        '"data":{"token":"@"}',
        '"data":{"k":"\\"token\\":\\"@"}',
        '"notification":{"title":"@"}',
      ),
      text,
    )
    .map(([form, value]) => form.replace('@', () => value)),
  fc.constantFrom(
    '"token":null',
    '"token":5',
    '"topic":"AAAA"',
    '"data":{"gobutton_launch":"l","gobutton_shot":"s"}',
    '"android":{"ttl":"5s"}',
  ),
);
const body = fc
  .tuple(
    fc.constantFrom(
      '{"message":{@}}',
      '{"validate_only":true,"message":{@}}',
      '{"message":{},"message":{@}}',
      '{"message":{@},"message":{}}',
      '{"message":{@}',
      '[{@}]',
      '{@}',
      '{"message":{@},"token":"BBBB"}',
    ),
    fc.array(part, { maxLength: 4 }),
  )
  .map(([form, parts]) => form.replace('@', () => parts.join(',')));

function read(bodies: FcmBodies, json: string): unknown {
  const token = new TokenHash();
  // In place among other bytes, as in what came from a client.
  const bytes = Buffer.from(`before${json}behind`);
  const known = bodies.read(bytes, 6, bytes.length - 6, token);
  const { high, low, isPlain, isHex, colons } = token;
  const said =
    known === null
      ? null
      : { content: known.content, validateOnly: known.validateOnly, problem: known.problem?.body.toString() };
  return {
    said,
    token: bodies.tokenBytes.toString('latin1', bodies.tokenFrom, bodies.tokenTo),
    high,
    low,
    isPlain,
    isHex,
    colons,
  };
}

test('whatever was read before, a body is read as if it were the first', PROPERTY, async () => {
  const judge = new Judge();
  const fresh = (): FcmBodies => new FcmBodies(({ launchId, shotId }) => judge.tally(launchId, shotId, 'android'));
  await holds(
    'fcm-bodies',
    fc.property(fc.array(body, { minLength: 1, maxLength: 40 }), (jsons) => {
      const bodies = fresh();
      for (const json of jsons) expect(read(bodies, json)).toEqual(read(fresh(), json));
    }),
    { seed: 3, runs: 500 },
  );
});
