import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { apns, csv, devicesOf, fcm, HEADER, testFolder } from './for-tests.ts';
import { loadAudience } from './packed/load.ts';
import { csvToParquet } from './read/source.ts';
import { REASONS } from './reject-reasons.ts';
import { sampleAudience } from './sample.ts';

test('every wrong kind of CSV row is rejected with its row, line, reason, what was found and what was expected', async () => {
  await using folder = await testFolder();
  const wrong: [reason: string, row: string, found: string][] = [
    ['USER_EMPTY', `,ios,${apns(1)},en,us`, ''],
    ['USER_EMPTY', `   ,ios,${apns(1)},en,us`, ''],
    ['USER_INVALID', `${'u'.repeat(201)},ios,${apns(1)},en,us`, '201 characters'],
    ['USER_INVALID', `a\x07b,ios,${apns(1)},en,us`, '3 characters'],
    ['USER_INVALID', `1.00123E+12,ios,${apns(1)},en,us`, '1.00123E+12'],
    ['PLATFORM_UNKNOWN', `u,windows,${apns(1)},en,us`, 'windows'],
    ['PLATFORM_UNKNOWN', `u,,${apns(1)},en,us`, ''],
    ['PLATFORM_UNKNOWN', `u,constructor,${apns(1)},en,us`, 'constructor'],
    ['TOKEN_EMPTY', 'u,ios,,en,us', ''],
    ['TOKEN_NOT_HEX', `u,ios,${apns(1).slice(1)}g,en,us`, '00000010…(64)'],
    ['TOKEN_NOT_HEX', `u,ios,${fcm(1)},en,us`, 'c0000000…(163)'],
    ['TOKEN_LENGTH', `u,ios,${apns(1).slice(2)},en,us`, '62 characters'],
    ['TOKEN_LENGTH', `u,ios,${apns(1)}a,en,us`, '65 characters'],
    ['TOKEN_LENGTH', `u,ios,${'ab'.repeat(101)},en,us`, '202 characters'],
    ['TOKEN_CHARACTERS', `u,android,${fcm(1)}!,en,us`, 'c0000000…(164)'],
    ['TOKEN_CHARACTERS', `u,android,${fcm(1).slice(0, 50)} ${fcm(1).slice(51)},en,us`, 'c0000000…(163)'],
    ['TOKEN_CHARACTERS', `u,android,${fcm(1).slice(0, 162)}é,en,us`, 'c0000000…(163)'],
    ['TOKEN_LENGTH', `u,android,${fcm(1).slice(0, 19)},en,us`, '19 characters'],
    ['TOKEN_LENGTH', `u,android,${'x'.repeat(4097)},en,us`, '4097 characters'],
    ['LOCALE_UNKNOWN', `u,ios,${apns(1)},tlh,us`, 'tlh'],
    ['LOCALE_UNKNOWN', `u,ios,${apns(1)},,us`, ''],
    ['LOCALE_UNKNOWN', `u,ios,${apns(1)},zh-HK,us`, 'zh-HK'],
    ['MARKET_INVALID', `u,ios,${apns(1)},en,U.S.`, 'U.S.'],
    ['MARKET_INVALID', `u,ios,${apns(1)},en,`, ''],
    ['MARKET_INVALID', `u,ios,${apns(1)},en,${'m'.repeat(33)}`, 'm'.repeat(33)],
    ['ROW_COLUMNS', 'u,ios', '2 columns'],
    ['ROW_COLUMNS', `u,ios,${apns(1)},en,us,more`, '6 columns'],
    ['ROW_QUOTES', `"u,ios,${apns(1)},en,us`, 'a quote that is not closed, or stands inside a value'],
    ['ROW_QUOTES', `u"x,ios,${apns(1)},en,us`, 'a quote that is not closed, or stands inside a value'],
    ['ROW_QUOTES', `"u"x,ios,${apns(1)},en,us`, 'a quote that is not closed, or stands inside a value'],
  ];
  const input = await folder.file(
    'wrong.csv',
    csv(`good,ios,${apns(9)},en,us`, ...wrong.map(([, row]) => row), `good,android,${fcm(9)},es,br`),
  );
  const compiled = await folder.compile(input);
  const rejects = await folder.rejects();
  expect(rejects.map(({ row, line, reason, found }) => ({ row, line, reason, found }))).toEqual(
    wrong.map(([reason, , found], i) => ({ row: i + 2, line: i + 3, reason, found })),
  );
  expect(rejects.every(({ reason, column }) => REASONS[reason].column === column)).toBe(true);
  expect(rejects[19]).toMatchObject({ expected: 'one of en, es, pt-BR' });
  expect(JSON.stringify(rejects)).not.toContain(apns(1));
  expect(compiled).toMatchObject({
    rows: wrong.length + 2,
    duplicates: 0,
    manifest: { devices: 2, localeCounts: { en: 1, es: 1 } },
  });
});

test('a line that is not UTF-8 is rejected alone, and the lines after it keep their numbers', async () => {
  await using folder = await testFolder();
  const input = await folder.file(
    'bytes.csv',
    Buffer.concat([
      Buffer.from(`${HEADER}\nu1,ios,${apns(1)},en,us\n`),
      Buffer.from(`\xfcser,ios,${apns(2)},en,us\n`, 'latin1'),
      Buffer.from(`\nu3,ios,${apns(3)},en,us\nu4,ios,${apns(4)},xx,us\n`),
      Buffer.from(`\xe4,ios,${apns(5)},en,us\n`, 'latin1'),
      Buffer.from(`u6,ios,short,en,us`),
    ]),
  );
  const compiled = await folder.compile(input);
  expect(compiled).toMatchObject({
    rows: 6,
    rejected: { ROW_UNREADABLE: 2, LOCALE_UNKNOWN: 1, TOKEN_NOT_HEX: 1 },
    manifest: { devices: 2 },
  });
  const lines = (await folder.rejects()).map(({ line, reason }) => `${line} ${reason}`);
  expect(lines).toEqual(['3 ROW_UNREADABLE', '7 ROW_UNREADABLE', '6 LOCALE_UNKNOWN', '8 TOKEN_NOT_HEX']);
});

test('a quote that is never closed costs its own line and none after it', async () => {
  await using folder = await testFolder();
  const rows = Array.from({ length: 500 }, (_, i) => `u${i},ios,${apns(i)},en,us`);
  const compiled = await folder.compile(await folder.file('quote.csv', csv(`"stray,ios,${apns(1000)},en,us`, ...rows)));
  expect(compiled).toMatchObject({ rows: 501, rejected: { ROW_QUOTES: 1 }, manifest: { devices: 500 } });
});

test('quotes, CRLF, a byte order mark, semicolons, other column names and orders are read', async () => {
  await using folder = await testFolder();
  const input = await folder.file(
    'export.csv',
    `\uFEFF"Market";PLATFORM;"push;token";lang;uid;extra\r\n"US";"Apple";"${apns(0xab).toUpperCase()}";"EN_us";"u ""1""";x\r\n\r\nbr;FCM; ${fcm(1)} ;pt_br;2;y\r\n`,
  );
  const compiled = await folder.compile(input, { mapping: { token: 'push;token', user: 'UID', locale: 'lang' } });
  expect(await folder.rejects()).toEqual([]);
  expect(compiled.manifest.segments.map(({ id, devices }) => [id, devices])).toEqual([
    ['us-ios', 1],
    ['br-android', 1],
  ]);
  expect(compiled.localesSaid).toEqual([
    { said: 'en-US', fit: 'exact', locale: 'en', rows: 1 },
    { said: 'pt-BR', fit: 'exact', locale: 'pt-BR', rows: 1 },
  ]);
  expect(compiled.manifest.locales).toEqual(['en', 'pt-BR']);
  const audience = await loadAudience(folder.objects, compiled.manifestKey);
  expect(devicesOf(audience).map(({ token }) => token)).toEqual([apns(0xab), fcm(1)]);
  expect(
    Buffer.from((await folder.objects.get(`audiences/${compiled.manifest.hash}/ios-0001.users`)) ?? []).toString(),
  ).toBe('u "1"\n');
});

test('the same rows as CSV, gzipped CSV, TSV, NDJSON and Parquet give the same hash', async () => {
  await using folder = await testFolder();
  const rows = Array.from({ length: 300 }, (_, i) => [
    `u${i}`,
    i % 3 === 0 ? 'android' : 'ios',
    i % 3 === 0 ? fcm(i) : apns(i),
    ['en', 'es', 'pt-BR'][(i % 7) % 3] ?? '',
    i % 2 === 0 ? 'us' : 'br',
  ]);
  const text = csv(...rows.map((row) => row.join(',')));
  const plain = await folder.file('same.csv', text);
  const [user, platform, token, locale, market] = HEADER.split(',');
  await csvToParquet(plain, `${folder.path}/same.parquet`, folder.path);
  const inputs = [
    plain,
    await folder.file('same.csv.gz', gzipSync(text)),
    await folder.file('same.tsv', text.replaceAll(',', '\t')),
    `${folder.path}/same.parquet`,
    await folder.file(
      'same.jsonl',
      rows
        .map((row) =>
          JSON.stringify({
            [user ?? '']: row[0],
            [platform ?? '']: row[1],
            [token ?? '']: row[2],
            [locale ?? '']: row[3],
            [market ?? '']: row[4],
            other: { nested: 1 },
          }),
        )
        .join('\n'),
    ),
  ];
  const hashes = [];
  for (const input of inputs) hashes.push((await folder.compile(input, { batchSize: 50 })).manifest.hash);
  expect(new Set(hashes)).toEqual(new Set([hashes[0]]));
});

test('NDJSON lines that are no object are rejected; numbers are fine as user ids; blank lines are nothing', async () => {
  await using folder = await testFolder();
  const good = (n: number, user: unknown) =>
    JSON.stringify({ user, platform: 'ios', token: apns(n), locale: 'en', market: 'us' });
  const input = await folder.file(
    'd.ndjson',
    [
      good(1, 4711),
      '',
      '[1]',
      '{"user":',
      '"text"',
      'null',
      good(2, null),
      good(3, { a: 1 }),
      '{}',
      good(4, 'u4'),
    ].join('\r\n'),
  );
  const compiled = await folder.compile(input);
  expect(compiled).toMatchObject({ rows: 9, rejected: { ROW_NOT_JSON: 4, USER_EMPTY: 2 }, manifest: { devices: 3 } });
  expect((await folder.rejects()).map(({ row, line }) => [row, line])).toEqual([
    [3, 3],
    [4, 4],
    [5, 5],
    [6, 6],
    [7, 7],
    [9, 9],
  ]);
});

test('of rows with one token the first good one stands, whatever its case, and the others name it', async () => {
  await using folder = await testFolder();
  const input = await folder.file(
    'twice.csv',
    csv(
      `bad,ios,${apns(0xabc)},tlh,us`,
      `first,ios,${apns(0xabc).toUpperCase()},es,us`,
      `second,ios,${apns(0xabc)},en,us`,
      `third,apns,${apns(0xabc)},en,br`,
      `a,android,${fcm(1)},en,us`,
      `b,android,${fcm(1)},es,us`,
      `c,android,${fcm(1).toUpperCase()},en,us`,
    ),
  );
  const compiled = await folder.compile(input);
  expect(compiled).toMatchObject({ rows: 7, duplicates: 3, rejected: { LOCALE_UNKNOWN: 1 }, manifest: { devices: 3 } });
  expect(
    devicesOf(await loadAudience(folder.objects, compiled.manifestKey)).map(({ token, locale }) => [token, locale]),
  ).toEqual([
    [apns(0xabc), 'es'],
    [fcm(1), 'en'],
    [fcm(1).toUpperCase(), 'en'],
  ]);
  expect((await folder.rejects()).slice(1).map(({ row, reason, found }) => [row, reason, found])).toEqual([
    [3, 'DUPLICATE_TOKEN', 'the token of row 2'],
    [4, 'DUPLICATE_TOKEN', 'the token of row 2'],
    [6, 'DUPLICATE_TOKEN', 'the token of row 5'],
  ]);
});

test('people who opted out get nothing, and a device that they share stays with the other person', async () => {
  await using folder = await testFolder();
  const input = await folder.file(
    'd.csv',
    csv(
      `out,ios,${apns(1)},en,us`,
      `in,ios,${apns(1)},en,us`,
      `out,android,${fcm(2)},en,us`,
      `OUT,ios,${apns(3)},en,us`,
    ),
  );
  const compiled = await folder.compile(input, {
    lists: [{ path: await folder.file('out.txt', 'out\nout\nnobody\n'), role: 'suppress' }],
  });
  expect(compiled).toMatchObject({ rejected: { OPTED_OUT: 3 }, duplicates: 0, manifest: { devices: 1 } });
  expect((await folder.rejects()).map(({ reason, found }) => [reason, found])).toEqual([
    ['OPTED_OUT', 'out'],
    ['OPTED_OUT', 'out'],
    ['OPTED_OUT', 'OUT'],
  ]);
});

test('a fallback locale takes in what the campaign does not speak, and rows without a locale column', async () => {
  await using folder = await testFolder();
  const compiled = await folder.compile(
    await folder.file('d.csv', csv(`u,ios,${apns(1)},tlh,us`, `u,ios,${apns(2)},,us`, `u,ios,${apns(3)},es-MX,us`)),
    { fallbackLocale: 'en' },
  );
  expect(compiled.manifest.localeCounts).toEqual({ en: 2, es: 1 });
  const bare = await folder.compile(
    await folder.file('bare.csv', `user,platform,token,market\nu,ios,${apns(1)},us\n`),
    { fallbackLocale: 'es' },
  );
  expect(bare.manifest.localeCounts).toEqual({ es: 1 });
});

test('every locale that devices say is counted with where it went, spellings of one together', async () => {
  await using folder = await testFolder();
  const said = ['zh_CN', 'zh-CN', 'zh-HK', 'iw_IL', 'in_ID', 'en-AU', 'tlh', 'tlh', ''];
  const input = await folder.file(
    'd.csv',
    csv(...said.map((locale, i) => `u${i},ios,${apns(i)},${locale},us`), `again,ios,${apns(0)},zh_CN,us`),
  );
  const locales = ['en', 'zh-Hans', 'he', 'id'];
  const strict = await folder.compile(input, { locales });
  expect(strict.localesSaid).toEqual([
    { said: 'tlh', fit: 'rejected', locale: null, rows: 2 },
    { said: 'zh-CN', fit: 'exact', locale: 'zh-Hans', rows: 2 },
    { said: '', fit: 'rejected', locale: null, rows: 1 },
    { said: 'en-AU', fit: 'related', locale: 'en', rows: 1 },
    { said: 'he-IL', fit: 'exact', locale: 'he', rows: 1 },
    { said: 'id-ID', fit: 'exact', locale: 'id', rows: 1 },
    { said: 'zh-HK', fit: 'rejected', locale: null, rows: 1 },
  ]);
  expect(strict.rejected).toEqual({ LOCALE_UNKNOWN: 4 });
  const kind = await folder.compile(input, { locales, fallbackLocale: 'en' });
  expect(kind.localesSaid.filter(({ fit }) => fit === 'fallback')).toEqual([
    { said: 'tlh', fit: 'fallback', locale: 'en', rows: 2 },
    { said: '', fit: 'fallback', locale: 'en', rows: 1 },
    { said: 'zh-HK', fit: 'fallback', locale: 'en', rows: 1 },
  ]);
});

test('segments follow the runbook, and a segment always has one platform', async () => {
  await using folder = await testFolder();
  const input = await folder.file(
    'd.csv',
    csv(`u,ios,${apns(1)},en,us`, `u,android,${fcm(1)},en,us`, `u,ios,${apns(2)},en,BR`),
  );
  const ids = async (segmentBy: ('market' | 'platform')[]) =>
    (await folder.compile(input, { segmentBy })).manifest.segments.map(({ id }) => id);
  expect(await ids(['market', 'platform'])).toEqual(['br-ios', 'us-ios', 'us-android']);
  expect(await ids(['platform', 'market'])).toEqual(['ios-br', 'ios-us', 'android-us']);
  expect(await ids(['platform'])).toEqual(['ios', 'android']);
  expect(await ids(['market'])).toEqual(['br-ios', 'us-ios', 'us-android']);
  const withoutMarket = await folder.compile(
    await folder.file('n.csv', `user,platform,token,locale\nu,ios,${apns(1)},en\n`),
    { segmentBy: ['platform'] },
  );
  expect(withoutMarket.manifest.segments.map(({ id }) => id)).toEqual(['ios']);
});

test('the hash depends neither on rows that are rejected nor on this version of the code, and on every device', async () => {
  await using folder = await testFolder();
  const rows = Array.from(
    { length: 3_000 },
    (_, i) =>
      `u${i},${i % 2 === 0 ? 'ios' : 'android'},${i % 2 === 0 ? apns(i) : fcm(i)},${i % 5 === 0 ? 'es' : 'en'},${i % 3 === 0 ? 'us' : 'br'}`,
  );
  const { manifest } = await folder.compile(await folder.file('many.csv', csv(...rows)));
  // Fixed for good: a change that packs the same rows otherwise voids every approval that stands.
  expect(manifest.hash).toBe('d3486b1cbc706330872d49b3df54481559ede5cb978621f48b8e099a612969ce');
  const dirty = await folder.file(
    'dirty.csv',
    csv(...rows.flatMap((row, i) => (i % 1000 === 0 ? [row, 'u,ios,zz,en,us', row, `,ios,${apns(i)},fr,fr`] : [row]))),
  );
  expect((await folder.compile(dirty)).manifest).toEqual(manifest);
  const without = await folder.file('without.csv', csv(...rows.slice(1)));
  expect((await folder.compile(without)).manifest.hash).not.toBe(manifest.hash);
});

test('the hash of enough rows for several threads does not depend on their number or on memory', async () => {
  await using folder = await testFolder();
  const input = `${folder.path}/sample.csv`;
  await sampleAudience({ devices: 130_000, seed: '7', out: input, dirty: true });
  const one = await folder.compile(input, {
    threads: 1,
    locales: ['en', 'es', 'pt-BR', 'de', 'ja', 'ar'],
    memoryMb: 400,
  });
  const four = await folder.compile(input, {
    threads: 4,
    locales: ['en', 'es', 'pt-BR', 'de', 'ja', 'ar'],
    memoryMb: 150,
  });
  expect(four.manifest).toEqual(one.manifest);
  expect(one.manifest.devices).toBe(130_000);
}, 60_000);

test('a list that cannot be used says the file, the line, what was found and what was expected, and stores nothing', async () => {
  await using folder = await testFolder();
  const good = csv(`u,ios,${apns(1)},en,us`);
  const cases: [input: string, code: string, words: RegExp, options?: object][] = [
    [`${folder.path}/none.csv`, 'INPUT_MISSING', /none\.csv: found no such file/],
    [folder.path, 'FORMAT_UNKNOWN', /expected files of one format/],
    [await folder.file('d.xlsx', good), 'FORMAT_UNKNOWN', /d\.xlsx: found a name/],
    [await folder.file('empty.csv', ''), 'INPUT_UNREADABLE', /empty\.csv:1: found an empty file/],
    [await folder.file('blank.csv', '\n\n'), 'INPUT_UNREADABLE', /blank\.csv:1: found an empty line/],
    [await folder.file('head.csv', `${HEADER}\n`), 'AUDIENCE_EMPTY', /head\.csv: found 0 rows and no usable device/],
    [
      await folder.file('nohead.csv', `u,ios,${apns(1)},en,us\n`),
      'COLUMN_MISSING',
      /nohead\.csv:1: found the columns "u", "ios", .* for user.*--map "user=/,
    ],
    [
      await folder.file('missing.csv', 'user,platform,locale,market\n'),
      'COLUMN_MISSING',
      /one named "token" for token/,
    ],
    [await folder.file('nolocale.csv', 'user,platform,token,market\n'), 'COLUMN_MISSING', /"locale"/],
    [
      await folder.file('map.csv', good),
      'COLUMN_MISSING',
      /"push_token" for token/,
      { mapping: { token: 'push_token' } },
    ],
    [
      await folder.file('shop.csv', 'User ID;OS;Push Token;Lang;Land\n'),
      'COLUMN_MISSING',
      /"user" for user, one named "platform" for platform, .*--map "user=User ID,platform=OS,token=Push Token,locale=Lang,market=<column>"\)/,
    ],
    [
      await folder.file('either.csv', 'User ID,e-mail,platform,token,locale,market\n'),
      'COLUMN_MISSING',
      /--map "token=token,user=<column>"\)/,
      { mapping: { token: 'token' } },
    ],
    [
      await folder.file('sep.csv', 'sep=,\nuser,platform,token,locale,market\n'),
      'COLUMN_MISSING',
      /sep\.csv:1: found "sep=", .* take the line out/,
    ],
    [
      await folder.file('two.csv', 'user,platform,token,Token,TOKEN,locale,market\n'),
      'COLUMN_MISSING',
      /zzz/,
      { mapping: { user: 'zzz' } },
    ],
    [
      await folder.file('twice.csv', 'user,platform,Token,TOKEN,locale,market\n'),
      'COLUMN_AMBIGUOUS',
      /2 columns named "token"/,
    ],
    [
      await folder.file('bad.parquet', good),
      'INPUT_UNREADABLE',
      /bad\.parquet: found something that can't be read as parquet/,
    ],
    [await folder.file('bad.csv', 'PAR1\x15\x04'), 'INPUT_UNREADABLE', /found a Parquet file/],
    [await folder.file('nul.parquet', ''), 'INPUT_UNREADABLE', /nul\.parquet:1: found an empty file/],
    [
      await folder.file('zip.csv', 'PK\x03\x04…'),
      'INPUT_UNREADABLE',
      /found a ZIP archive or an Excel workbook, .*save it as CSV/,
    ],
    [
      await folder.file('bad.ndjson', good),
      'INPUT_UNREADABLE',
      /bad\.ndjson:1: found "user,platform,token,locale,market", expected one JSON object per line/,
    ],
    [await folder.file('bad.csv.gz', good), 'INPUT_UNREADABLE', /bad\.csv\.gz/],
    [await folder.file('latin.csv', Buffer.from('\xfcser,platform\n', 'latin1')), 'INPUT_UNREADABLE', /latin\.csv:1/],
    [
      await folder.file('all.csv', csv(`u,ios,zz,en,us`, `,ios,${apns(1)},en,us`)),
      'AUDIENCE_EMPTY',
      /2 rows and no usable device \(1 USER_EMPTY, 1 TOKEN_NOT_HEX; see .*rejects\.ndjson\)/,
    ],
    [
      await folder.file('latin-rows.csv', Buffer.from(csv(`m\xfcller,ios,${apns(1)},en,us`), 'latin1')),
      'AUDIENCE_EMPTY',
      /1 rows and no usable device \(1 ROW_UNREADABLE; see .*iconv -f WINDOWS-1252 -t UTF-8/,
    ],
    [
      await folder.file('seg.csv', good),
      'SEGMENT_EMPTY',
      /no usable device for br-ios, .*there are us-ios/,
      { segments: ['us-ios', 'br-ios'] },
    ],
    [await folder.file('loc.csv', good), 'ARGUMENT_INVALID', /fallback locale: found xx/, { fallbackLocale: 'xx' }],
    [await folder.file('bat.csv', good), 'ARGUMENT_INVALID', /batch size: found 2001/, { batchSize: 2001 }],
  ];
  for (const [input, code, words, options] of cases) {
    await expect(folder.compile(input, options), input).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
    });
  }
  expect(await folder.objects.list('')).toEqual([]);
});

test('a path that looks like a pattern is that one file', async () => {
  await using folder = await testFolder();
  await folder.file('d1.csv', csv(`u,ios,${apns(1)},en,us`));
  const compiled = await folder.compile(
    await folder.file("d[1]*'?.csv", csv(`u,ios,${apns(2)},en,us`, `u,ios,${apns(3)},en,us`)),
  );
  expect(compiled.manifest.devices).toBe(2);
});
