import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { apns, csv, devicesOf, HEADER, testFolder } from '../for-tests.ts';
import { loadAudience } from '../packed/load.ts';
import { withDuck } from './duck.ts';

const ROWS = Array.from({ length: 20_000 }, (_, i) => `u${i},ios,${apns(i)},en,us`);
const TEXT = csv(...ROWS);

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** What the system's own tool says of a file; null: it isn't here. */
function toolAccepts(tool: 'gzip' | 'zstd', path: string): boolean | null {
  try {
    execFileSync(tool, ['-t', '-q', path], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : false;
  }
}

test.each(['gzip', 'zstd'] as const)(
  'a damaged %s list is refused, a whole one read to its end, as the tool itself says',
  async (tool) => {
    await using folder = await testFolder();
    const pack = (text: string) => (tool === 'gzip' ? gzipSync(text) : zstdCompressSync(text, { params: { 201: 1 } }));
    const whole = pack(TEXT);
    const half = Math.floor(TEXT.length / 2);
    const cases: [name: string, bytes: Buffer, devices: number | null][] = [
      ['whole', whole, 20_000],
      ['members', Buffer.concat([pack(TEXT.slice(0, half)), pack(TEXT.slice(half))]), 20_000],
      ['cut', whole.subarray(0, whole.length >> 1), null],
      ['cut-by-one', whole.subarray(0, -1), null],
      ['checksum', flipped(whole, whole.length - (tool === 'gzip' ? 6 : 2)), null],
      ['flipped', flipped(whole, whole.length >> 1), null],
      ['garbage', Buffer.concat([whole, Buffer.from('garbage')]), null],
      ['second-cut', Buffer.concat([whole, whole.subarray(0, whole.length >> 1)]), null],
      ['second-cut-early', Buffer.concat([whole, whole.subarray(0, 3)]), null],
      ['zeros-then-garbage', Buffer.concat([whole, Buffer.alloc(600), Buffer.from('x')]), null],
      ...(tool === 'gzip'
        ? [['padded', Buffer.concat([whole, Buffer.alloc(600)]), 20_000] satisfies [string, Buffer, number]]
        : []),
      ...(tool === 'zstd'
        ? [
            [
              'skippable-cut',
              Buffer.concat([whole, Buffer.from('502a4d1805000000', 'hex'), Buffer.from('hel')]),
              null,
            ] satisfies [string, Buffer, null],
          ]
        : []),
      ...(tool === 'zstd'
        ? [
            [
              'skippable',
              Buffer.concat([Buffer.from('502a4d1805000000', 'hex'), Buffer.from('hello'), whole]),
              20_000,
            ] satisfies [string, Buffer, number],
          ]
        : []),
    ];
    for (const [name, bytes, devices] of cases) {
      const input = await folder.file(`${name}.csv.${tool === 'gzip' ? 'gz' : 'zst'}`, bytes);
      expect(
        [true, false, null].filter((said) => said === null || said === (devices !== null)),
        name,
      ).toContain(toolAccepts(tool, input));
      if (devices === null)
        await expect(folder.compile(input), name).rejects.toMatchObject({
          code: 'INPUT_UNREADABLE',
          message: expect.stringMatching(new RegExp(`${name}\\.csv\\..*found .*, expected`)) as string,
        });
      else expect(await folder.compile(input), name).toMatchObject({ rows: devices, manifest: { devices } });
    }
    expect((await folder.objects.list('')).filter(({ key }) => key.endsWith('manifest.json'))).toHaveLength(1);
  },
  120_000,
);

test('text in UTF-16, with and without a mark, with old and mixed line ends, gives the same audience as UTF-8', async () => {
  await using folder = await testFolder();
  const rows = Array.from({ length: 500 }, (_, i) => `ü${i},ios,${apns(i)},en,us`);
  const text = csv(...rows);
  const plain = await folder.compile(await folder.file('plain.csv', text));
  const swap = (bytes: Buffer) => Buffer.from(bytes).swap16();
  const forms: Record<string, Buffer> = {
    'le-mark': Buffer.from(`\uFEFF${text.replaceAll('\n', '\r\n')}`, 'utf16le'),
    'be-mark': swap(Buffer.from(`\uFEFF${text}`, 'utf16le')),
    le: Buffer.from(text, 'utf16le'),
    be: swap(Buffer.from(text, 'utf16le')),
    'utf8-mark': Buffer.from(`\uFEFF${text}`),
    cr: Buffer.from(text.replaceAll('\n', '\r')),
    crlf: Buffer.from(text.replaceAll('\n', '\r\n')),
    mixed: Buffer.from(
      text
        .split('\n')
        .map((line, i) => `${line}${['\n', '\r\n', '\r'][i % 3] ?? ''}`)
        .join(''),
    ),
    'mixed-crlf': Buffer.from(
      text
        .replaceAll('\n', '\r\n')
        .replace(/\r\n(?=ü400)/, '\r')
        .replace(/\r\n(?=ü450)/, '\n'),
    ),
    'mixed-late': Buffer.from(text.replace(/\n(?=ü400)/, '\r').replace(/\n(?=ü450)/, '\r\n')),
  };
  for (const [name, bytes] of Object.entries(forms)) {
    const compiled = await folder.compile(await folder.file(`${name}.csv`, bytes));
    expect({ name, hash: compiled.manifest.hash, rejected: compiled.rejected }).toEqual({
      name,
      hash: plain.manifest.hash,
      rejected: {},
    });
    expect(
      Buffer.from((await folder.objects.get(`audiences/${compiled.manifest.hash}/ios-0001.users`)) ?? []).toString(),
      name,
    ).toBe(`${rows.map((row) => row.split(',')[0]).join('\n')}\n`);
  }
  await expect(
    folder.compile(await folder.file('cut.csv', forms['le-mark']?.subarray(0, -1) ?? '')),
  ).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining('broken UTF-16LE text') as string,
  });
  await expect(
    folder.compile(await folder.file('wide.csv', Buffer.from('fffe000075000000', 'hex'))),
  ).rejects.toMatchObject({ message: expect.stringContaining('found UTF-32 text') as string });
});

test('parts of one list are read as one, in the order of their names, and rejects name their file', async () => {
  await using folder = await testFolder();
  const parts = `${folder.path}/parts`;
  await mkdir(`${parts}/more`, { recursive: true });
  await writeFile(`${parts}/part-0.csv`, csv(`a,ios,${apns(1)},en,us`, `b,ios,zz,en,us`));
  await writeFile(
    `${parts}/part-1.csv.gz`,
    gzipSync(`locale,user,platform,token,market\n\nes,c,ios,${apns(2)},us\nen,d,ios,${apns(1)},us\n`),
  );
  await writeFile(`${parts}/more/part-2.csv`, csv(`e,ios,${apns(3)},en,us`, 'f,ios'));
  for (const name of ['_SUCCESS', '.part-0.csv.crc', 'part-3.csv']) await writeFile(`${parts}/${name}`, '');
  await mkdir(`${parts}/_temporary`);
  await writeFile(`${parts}/_temporary/part-9.csv`, csv(`z,ios,${apns(9)},en,us`));
  const compiled = await folder.compile(parts);
  expect(compiled).toMatchObject({
    rows: 6,
    duplicates: 1,
    rejected: { TOKEN_NOT_HEX: 1, ROW_COLUMNS: 1 },
    manifest: { devices: 3 },
  });
  expect(compiled.ignored.map((path) => path.slice(parts.length + 1))).toEqual([
    '.part-0.csv.crc',
    '_SUCCESS',
    '_temporary/part-9.csv',
    'part-3.csv',
  ]);
  expect(
    (await folder.rejects()).map(({ file, row, line, reason, found }) => [
      file?.slice(parts.length + 1),
      row,
      line,
      reason,
      found,
    ]),
  ).toEqual([
    ['more/part-2.csv', 2, 3, 'ROW_COLUMNS', '2 columns'],
    ['part-0.csv', 2, 3, 'TOKEN_NOT_HEX', 'zz'],
    ['part-1.csv.gz', 3, 4, 'DUPLICATE_TOKEN', `the token of row 1 of ${parts}/part-0.csv`],
  ]);
  const pattern = await folder.compile(`${parts}/part-*.csv*`);
  expect(pattern).toMatchObject({ rows: 4, manifest: { devices: 2 } });
  expect((await folder.compile([`${parts}/part-0.csv`, `${parts}/part-1.csv.gz`])).manifest).toEqual(pattern.manifest);
  await symlink(`${parts}/part-0.csv`, `${folder.path}/again.csv`);
  await expect(folder.compile([`${parts}/part-0.csv`, `${folder.path}/again.csv`])).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
    message: expect.stringContaining('found it twice') as string,
  });
  await expect(folder.compile(`${parts}/nothing-*.csv`)).rejects.toMatchObject({ code: 'INPUT_MISSING' });
  await expect(folder.compile([`${parts}/part-0.csv`, await folder.file('d.ndjson', '{}')])).rejects.toMatchObject({
    code: 'FORMAT_UNKNOWN',
    message: expect.stringContaining('found ndjson beside csv') as string,
  });
});

async function parquet(folder: { path: string }, name: string, select: string): Promise<string> {
  const path = `${folder.path}/${name}.parquet`;
  await withDuck({ folder: folder.path }, async (connection) => {
    await connection.run(
      `COPY (SELECT ${select} AS "user", 'ios' AS platform, printf('%064x', i) AS token, 'en' AS locale, 'us' AS market FROM range(1001, 1004) t(i)) TO '${path}' (FORMAT parquet)`,
    );
  });
  return path;
}

test('ids of Parquet columns are what a person would write, whatever their type', async () => {
  await using folder = await testFolder();
  const uuid = "('00000000-0000-4000-8000-00000000' || i)::UUID";
  for (const [name, select, first] of [
    ['double', 'i::DOUBLE', '1001'],
    ['float', 'i::FLOAT', '1001'],
    ['decimal', 'i::DECIMAL(18,2)', '1001'],
    ['long decimal', '(i::HUGEINT * 1000000000000000000000)::DECIMAL(38,0)', '1001000000000000000000000'],
    ['integer', 'i::INTEGER', '1001'],
    ['blob', "('u' || i)::BLOB", 'u1001'],
    ['uuid', uuid, '00000000-0000-4000-8000-000000001001'],
    ['text', "i || '.0'", '1001'],
    ['zeros', "'00' || i", '001001'],
  ] as const) {
    const compiled = await folder.compile(await parquet(folder, name, select));
    const users = Buffer.from((await folder.objects.get(`audiences/${compiled.manifest.hash}/ios-0001.users`)) ?? [])
      .toString()
      .split('\n');
    expect({ name, first: users[0], devices: compiled.manifest.devices }).toEqual({ name, first, devices: 3 });
  }
});

test('a Parquet column that holds no ids is refused by column, type and row', async () => {
  await using folder = await testFolder();
  for (const [name, select, found] of [
    [
      'half',
      'CASE i WHEN 1002 THEN 1002.5 ELSE i END::DOUBLE',
      /"user" of type DOUBLE with 1002\.5 in row 2, expected whole numbers/,
    ],
    [
      'large',
      'CASE i WHEN 1003 THEN 9007199254740993 ELSE i END::DOUBLE',
      /type DOUBLE with 9007199254740992\.0 in row 3, .*9,007,199,254,740,991/,
    ],
    ['infinite', "CASE i WHEN 1003 THEN 'inf'::DOUBLE ELSE i END", /with inf in row 3/],
    ['float', '(i + 16777216)::FLOAT', /FLOAT with .* in row 1/],
    ['decimal', '(i + 0.5)::DECIMAL(18,2)', /DECIMAL\(18,2\) with 1001\.50 in row 1/],
    ['bytes', "'\\xFF\\x00'::BLOB", /BLOB with .* expected text in UTF-8/],
    ['date', "DATE '2027-01-01' + i::INTEGER", /type DATE, expected text, whole numbers or UUID/],
    ['list', '[i]', /type BIGINT\[\], expected/],
    ['bool', 'i > 1002', /type BOOLEAN, expected/],
  ] as const) {
    await expect(folder.compile(await parquet(folder, name, select)), name).rejects.toMatchObject({
      code: 'COLUMN_TYPE',
      message: expect.stringMatching(found) as string,
    });
  }
});

test('many rows in several parts keep their order, whatever the threads', async () => {
  await using folder = await testFolder();
  const one = await folder.file('one.csv', TEXT);
  const names = await Promise.all(
    [0, 1, 2].map((part) => folder.file(`part-${part}.csv`, csv(...ROWS.slice(part * 7_000, (part + 1) * 7_000)))),
  );
  const whole = await folder.compile(one, { threads: 1 });
  const split = await folder.compile(names, { threads: 4 });
  expect(split.manifest).toEqual(whole.manifest);
  expect(devicesOf(await loadAudience(folder.objects, split.manifestKey))[19_999]?.token).toBe(apns(19_999));
  expect(HEADER).toBe(TEXT.split('\n')[0]);
});
