import { expect, test } from 'vitest';
import type { HeaderField } from '../../../h2/hpack-decoder.ts';
import { readHead, wrongFields } from './answer.ts';

const OK: HeaderField = [':status', '200'];

test.each<[string, HeaderField[], string]>([
  ['nothing', [], 'no :status'],
  ['no status', [['server', 'x']], 'no :status'],
  ['a status behind a field', [['server', 'x'], OK], 'no :status'],
  ['a status of letters', [[':status', 'ok']], 'an odd :status'],
  ['a status with its phrase', [[':status', '200 OK']], 'an odd :status'],
  ['a status of two digits', [[':status', '99']], 'an odd :status'],
  ['a status of 0', [[':status', '000']], 'an odd :status'],
  ['101, which HTTP/2 has not', [[':status', '101']], 'an odd :status'],
  ['two of them', [OK, OK], 'a pseudo-header out of place'],
  ['a pseudo-header of requests', [OK, [':path', '/']], 'a pseudo-header out of place'],
  ['a name with a capital letter', [OK, ['Server', 'x']], 'an odd field name'],
  ['an empty name', [OK, ['', 'x']], 'an odd field name'],
  ['a name with a space', [OK, ['a b', 'x']], 'an odd field name'],
  ['a name with a colon', [OK, ['a:b', 'x']], 'an odd field name'],
  ['a name that is not ASCII', [OK, ['caf\u00e9', 'x']], 'an odd field name'],
  ['a value with a line end', [OK, ['a', 'x\r\nb: y']], 'an odd field value'],
  ['a value with a NUL', [OK, ['a', 'x\0']], 'an odd field value'],
  ['a value with a space around it', [OK, ['a', ' x']], 'an odd field value'],
  ['a field of the connection', [OK, ['transfer-encoding', 'chunked']], 'a field of HTTP/1.1'],
  ['a length that is no number', [OK, ['content-length', 'many']], 'an odd content-length'],
  ['a negative length', [OK, ['content-length', '-1']], 'an odd content-length'],
  ['two lengths', [OK, ['content-length', '1'], ['content-length', '2']], 'an odd content-length'],
  ['two lengths in one', [OK, ['content-length', '1, 2']], 'an odd content-length'],
])('%s is malformed', (_name, fields, malformed) => {
  expect(readHead(fields)).toEqual({ malformed });
});

test.each<[string, HeaderField[], number, number]>([
  ['a status alone', [[':status', '503']], 503, -1],
  ['any three digits', [[':status', '799']], 799, -1],
  ['a length', [OK, ['content-length', '17']], 200, 17],
  ['the same length twice', [OK, ['content-length', '17'], ['content-length', '17, 17']], 200, 17],
  ['a length of 0', [OK, ['content-length', '0']], 200, 0],
  ['a length over 31 bits', [OK, ['content-length', '99999999999']], 200, 0x7fffffff],
  [
    '304, whose length is that of another answer',
    [
      [':status', '304'],
      ['content-length', '17'],
    ],
    304,
    -1,
  ],
  ['odd but right characters', [OK, ["x-!#$%&'*+.^_`|~", 'any \u00e9 text: "yes"'], ['empty', '']], 200, -1],
])('%s is right', (_name, fields, status, contentLength) => {
  expect(readHead(fields)).toEqual({ status, contentLength });
});

test('trailers have no pseudo-headers', () => {
  expect([wrongFields([['grpc-status', '0']]), wrongFields([OK])]).toEqual([null, 'a pseudo-header out of place']);
});
