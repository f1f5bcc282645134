import { stat } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { apns, csv, devicesOf, fcm, testFolder } from '../for-tests.ts';
import { loadAudience } from '../packed/load.ts';
import { withDuck } from '../read/duck.ts';

const AUDIENCE = csv(`u1,ios,${apns(1)},en,us`, `u2,ios,${apns(2)},en,us`, `u3,android,${fcm(3)},en,us`);
const CSV_LIST = 'user,reason,date\nu1,asked,2027-01-01\nu2,complaint,2027-01-02\n';

/** Each takes out u1 and u2 and nobody else. */
const FORMS: [name: string, content: string | Uint8Array, note?: string][] = [
  ['plain.txt', 'u1\nu2\n'],
  ['no-ending', 'u1\nu2'],
  ['table.csv', CSV_LIST, 'user ids of the column "user"'],
  ['quoted.csv', '"u1"\n"u2"\n'],
  ['one-line.txt', 'u1,u2\n'],
  ['one-line-semicolons.txt', 'u1; u2;\n'],
  ['lines.txt', 'u1,\n\n# a comment, u3\nu2,,\n\n\n'],
  ['cr.txt', 'u1\ru2\r'],
  ['utf16.csv', Buffer.from(`\uFEFF${CSV_LIST.replaceAll('\n', '\r\n')}`, 'utf16le'), 'UTF-16LE'],
  ['utf16be.csv', Buffer.from(`\uFEFF${CSV_LIST}`, 'utf16le').swap16(), 'UTF-16BE'],
  ['utf16-no-mark.txt', Buffer.from('u1\r\nu2\r\n', 'utf16le')],
  ['sep.csv', '\uFEFFsep=;\r\nuser;grund\r\nu1;x\r\nu2;y\r\n', 'user ids of the column "user"'],
  ['mark.csv', `\uFEFF${CSV_LIST}`],
  [
    'semicolons.csv',
    'Datum;"User-ID";Grund\r\n2027-01-01;u1;"fragt; höflich"\r\n2027-01-02;"u2";\r\n',
    'user ids of the column "User-ID"',
  ],
  ['tabs.tsv', 'reason\tuser_id\nasked, often\tu1\n\tu2\n'],
  ['long-comment.csv', 'id,why\nu1,"first\nsecond, u3\n""third"""\nu2,\n'],
  [
    'tokens.csv',
    `device_token,why\n${apns(1).toUpperCase()},x\n${apns(2)},y\n`,
    'device tokens of the column "device_token"',
  ],
  ['mixed.txt', `u1\n${apns(2)}\n`],
  ['header.txt', 'Kundennummer\nu1\nu2\n', 'user ids or tokens of the column "Kundennummer"'],
  ['packed.csv.gz', gzipSync(CSV_LIST), 'unpacked'],
  ['packed.txt.zst', zstdCompressSync('u1\nu2\n'), 'unpacked'],
  ['objects.ndjson', '{"user":"u1","why":1}\n\n{"user":"u2"}\n'],
  ['values.jsonl', '"u1"\n"u2"\n'],
  ['repeated.txt', 'u1\nu2\nu1\n'],
];

test.each(FORMS)('an opt-out list of the form %s takes out exactly who is on it', async (name, content, note) => {
  await using folder = await testFolder();
  const input = await folder.file('audience.csv', AUDIENCE);
  const compiled = await folder.compile(input, {
    lists: [{ path: await folder.file(name, content), role: 'suppress' }],
  });
  expect(compiled).toMatchObject({
    rejected: { OPTED_OUT: 2 },
    manifest: { devices: 1 },
    lists: [{ ids: 2, nowhere: 0, nowhereExamples: [], folded: 0 }],
  });
  if (note !== undefined) expect(compiled.lists[0]?.notes).toContain(note);
});

test('a Parquet list, and the column of ids by name or number where its own name does not say', async () => {
  await using folder = await testFolder();
  const input = await folder.file('audience.csv', AUDIENCE.replaceAll('u1', '1001').replaceAll('u2', '1002'));
  const parquet = `${folder.path}/list.parquet`;
  await withDuck({ folder: folder.path }, (connection) =>
    connection.run(
      `COPY (SELECT i::DOUBLE AS user_id, 'x' AS why FROM range(1001, 1003) t(i)) TO '${parquet}' (FORMAT parquet)`,
    ),
  );
  const strange = await folder.file('strange.csv', 'a,kunde\nx,1001.0\ny,1002.00\n');
  for (const [path, listColumn] of [
    [parquet, undefined],
    [strange, 'kunde'],
    [strange, 'KUNDE'],
    [strange, '2'],
  ] as const) {
    expect((await folder.compile(input, { lists: [{ path, role: 'suppress' }], listColumn })).rejected).toEqual({
      OPTED_OUT: 2,
    });
  }
});

test('a list that says yes of some and no of others is told: it takes away everybody on it', async () => {
  await using folder = await testFolder();
  const input = await folder.file('audience.csv', AUDIENCE);
  const parquet = `${folder.path}/export.parquet`;
  await withDuck({ folder: folder.path }, (connection) =>
    connection.run(
      `COPY (SELECT * FROM (VALUES ('u1', true), ('u2', false)) t(user, subscribed)) TO '${parquet}' (FORMAT parquet)`,
    ),
  );
  const told = (name: string) => [
    expect.stringContaining('"user"'),
    `mind: "${name}" says yes on 1 rows and no on 1, and all of them count; cut out those who may stay`,
  ];
  for (const [path, notes] of [
    [await folder.file('export.csv', 'user,Opted Out\nu1,Yes\nu2,no\n'), told('Opted Out')],
    [await folder.file('export.ndjson', '{"user":"u1","opt_in":true}\n{"user":"u2","opt_in":0}\n'), told('opt_in')],
    [parquet, told('subscribed')],
    [
      await folder.file('all.csv', 'user,Opted Out,Unsubscribed At\nu1,yes,2027-01-01\nu2,yes,\n'),
      [expect.stringContaining('"user"')],
    ],
  ] as const) {
    const { lists, rejected } = await folder.compile(input, { lists: [{ path, role: 'suppress' }] });
    expect([rejected, lists[0]?.notes], path).toEqual([{ OPTED_OUT: 2 }, notes]);
  }
});

test('what cannot be read for sure is refused with file and line, and stores nothing', async () => {
  await using folder = await testFolder();
  const input = await folder.file('audience.csv', AUDIENCE);
  const refused: [name: string, content: string | Uint8Array, code: string, words: RegExp, listColumn?: string][] = [
    [
      'two.csv',
      'id,email\nu1,a@b\n',
      'COLUMN_AMBIGUOUS',
      /two\.csv:1: found "id" and "email", expected one column of ids: say which with --column/,
    ],
    ['both.csv', 'user,token\nu1,x\n', 'COLUMN_AMBIGUOUS', /both\.csv:1: found "user" and "token"/],
    [
      'unknown.csv',
      'kunde,grund\nu1,x\nu2,y\n',
      'COLUMN_MISSING',
      /unknown\.csv:1: found the columns "kunde", "grund", expected one called user, .*--column/,
    ],
    ['no-column.csv', 'kunde,grund\nu1,x\n', 'COLUMN_MISSING', /expected one called "wer"/, 'wer'],
    [
      'ragged.csv',
      'user,reason\nu1,x\nu2,asked, politely\n',
      'INPUT_UNREADABLE',
      /ragged\.csv:3: found 3 columns, expected 2 as on line 1: put values with "," in them into quotes/,
    ],
    ['quote.csv', 'user,reason\nu1,"x\nu2,y\n', 'INPUT_UNREADABLE', /quote\.csv:2: found a quote that is never closed/],
    ['stray.txt', 'u1\nu"2\n', 'INPUT_UNREADABLE', /stray\.txt:2: found a quote/],
    [
      'bytes.txt',
      Buffer.from('u1\nm\xfcller\n', 'latin1'),
      'INPUT_UNREADABLE',
      /bytes\.txt:2: found bytes that are no UTF-8 text/,
    ],
    ['nul.txt', 'u1\nu\x002\n', 'INPUT_UNREADABLE', /nul\.txt:2: found a control character in "u\\u\{0\}2"/],
    [
      'cut.txt',
      'u1\n1.00123E+12\n',
      'INPUT_UNREADABLE',
      /cut\.txt:2: found "1\.00123E\+12", a number that a spreadsheet has cut/,
    ],
    ['cut.csv.gz', gzipSync(CSV_LIST).subarray(0, 40), 'INPUT_UNREADABLE', /damaged gzip data/],
    ['json.txt', '["u1","u2"]\n', 'INPUT_UNREADABLE', /json\.txt:1: found JSON/],
    [
      'bad.ndjson',
      '{"user":"u1"}\n{"user":12345678901234567890}\n',
      'INPUT_UNREADABLE',
      /bad\.ndjson:2: found the number/,
    ],
    ['bad2.ndjson', '{"user":"u1"}\n{"user"\n', 'INPUT_UNREADABLE', /bad2\.ndjson:2: found something else/],
    ['late.txt', `u1\n${'x\n'.repeat(2_000)}u"2\n`, 'INPUT_UNREADABLE', /late\.txt:2002: found a quote/],
    [
      'none.txt',
      'v1\nv2\nv3\nv4\n',
      'LIST_MATCHES_NONE',
      /none\.txt: found 4 ids \(such as "v1", "v2", "v3"\) and none of them in the audience.*\n.*--allow-none/,
    ],
    ['comment.txt', '# nobody\n', 'LIST_MATCHES_NONE', /comment\.txt: found no id, expected some/],
  ];
  for (const [name, content, code, words, listColumn] of refused) {
    const path = await folder.file(name, content);
    await expect(
      folder.compile(input, { lists: [{ path, role: 'suppress' }], listColumn }),
      name,
    ).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
  }
  await expect(
    folder.compile(input, { lists: [{ path: `${folder.path}/missing.txt`, role: 'suppress' }] }),
  ).rejects.toMatchObject({ code: 'INPUT_MISSING' });
  expect(await folder.objects.list('')).toEqual([]);
  const allowed = await folder.compile(input, {
    lists: [{ path: `${folder.path}/none.txt`, role: 'suppress' }],
    allowNone: true,
  });
  expect(allowed).toMatchObject({ rejected: {}, manifest: { devices: 3 }, lists: [{ ids: 4, users: 0, nowhere: 4 }] });
});

test('ids are compared without case and Unicode form, and what matched only so is counted; zeros in front make another id', async () => {
  await using folder = await testFolder();
  const people = [
    'Anna@Example.com',
    'ZOE\u0308',
    'stra\u00dfe',
    '1001.0',
    '7',
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    'same',
  ];
  const input = await folder.file(
    'audience.csv',
    csv(...people.map((user, i) => `${user},ios,${apns(i)},en,us`), `keep,ios,${apns(99)},en,us`),
  );
  const path = await folder.file(
    'out.txt',
    ['anna@example.com', 'zo\u00eb', 'STRASSE', '1001', '007', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'same'].join(
      '\n',
    ),
  );
  const compiled = await folder.compile(input, { lists: [{ path, role: 'suppress' }] });
  expect(compiled).toMatchObject({
    rejected: { OPTED_OUT: 6 },
    manifest: { devices: 2 },
    lists: [
      {
        ids: 7,
        users: 6,
        tokens: 0,
        folded: 4,
        foldedExample: ['anna@example.com', 'Anna@Example.com'],
        nowhere: 1,
        nowhereExamples: ['007'],
      },
    ],
  });
  const users = Buffer.from(
    (await folder.objects.get(`audiences/${compiled.manifest.hash}/ios-0001.users`)) ?? [],
  ).toString();
  expect(users).toBe('7\nkeep\n');
});

test('several lists count each for itself, and a skip list of people packs their devices', async () => {
  await using folder = await testFolder();
  const input = await folder.file('audience.csv', AUDIENCE);
  const [mail, app] = [await folder.file('mail.txt', 'u1\nu9\n'), await folder.file('app.txt', 'u2\n')];
  const compiled = await folder.compile(input, {
    lists: [
      { path: mail, role: 'suppress' },
      { path: app, role: 'suppress' },
    ],
  });
  expect(compiled).toMatchObject({
    manifest: { devices: 1 },
    lists: [
      { ids: 2, users: 1, nowhere: 1 },
      { ids: 1, users: 1, nowhere: 0 },
    ],
  });
  await expect(
    folder.compile(input, {
      lists: [
        { path: mail, role: 'suppress' },
        { path: await folder.file('wrong.txt', 'x\n'), role: 'suppress' },
      ],
    }),
  ).rejects.toMatchObject({ code: 'LIST_MATCHES_NONE', message: expect.not.stringContaining('mail.txt') as string });
  const skipping = await folder.compile(input, {
    lists: [{ path: await folder.file('skip.txt', `U3\n${apns(1)}\n${fcm(77)}\n`), role: 'skip' }],
  });
  expect(skipping).toMatchObject({
    rejected: {},
    manifest: { devices: 3 },
    skipList: { tokens: 3 },
    lists: [{ role: 'skip', users: 1, tokens: 1, folded: 1, nowhere: 1 }],
  });
  const audience = await loadAudience(folder.objects, skipping.manifestKey);
  audience.applySkipList(await folder.objects.get(skipping.skipList?.key ?? ''));
  expect(
    devicesOf(audience)
      .filter(({ skipped }) => skipped)
      .map(({ token }) => token),
  ).toEqual([apns(1), fcm(3)]);
});

test('files with ids are readable by their owner alone, also where one was there before', async () => {
  await using folder = await testFolder();
  await folder.file('rejects.ndjson', 'old');
  const compiled = await folder.compile(await folder.file('audience.csv', AUDIENCE), {
    lists: [{ path: await folder.file('out.txt', 'u1'), role: 'suppress' }],
  });
  expect((await stat(folder.rejectsPath)).mode & 0o777).toBe(0o600);
  for (const { key } of await folder.objects.list(''))
    expect((await stat(`${folder.path}/objects/${key}`)).mode & 0o777, key).toBe(0o600);
  expect(compiled.manifest.devices).toBe(2);
});
