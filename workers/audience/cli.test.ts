import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileStateKey, fromCompileState, skipListOf } from '../../contract/compile-state.ts';
import { manifestKeyOf } from '../../contract/manifest.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { rehearsalRunbook, rehearsesOf } from '../../runbooks/launch/rehearsal-launch.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import { AS_FIRST_PROCESS, canUnshare, keepStopping, stopFirstProcess } from '../../test/first-process.ts';
import { botKeyring, KEY_ENV } from '../../test/keys.ts';
import { main } from './cli.ts';
import { apns, csv, devicesOf, fcm, testFolder } from './for-tests.ts';
import { M, tableOf } from './join/for-tests.ts';
import { loadAudience } from './packed/load.ts';

const phone = (n: number) => ({ platform: 'ios', token: apns(n), locale: 'en', market: 'us' });
const RUNBOOK = fileURLToPath(new URL('../../runbooks/library/superbowl.yaml', import.meta.url));
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let env: Record<string, string>;

beforeAll(async () => {
  local = await localCloudForTests();
  env = {
    AWS_ENDPOINT_URL: local.url,
    AWS_REGION: local.config.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    GOBUTTON_TABLE_PREFIX: local.config.tablePrefix,
    GOBUTTON_BUCKET: local.config.bucket,
    ...KEY_ENV,
  };
});
afterAll(() => local.stop());

async function audience(
  args: string[],
  variables: Record<string, string> = env,
): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await main(args, variables, out, err);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

/** The same as a process of its own. */
function audienceProcess(args: string[]): Promise<{ code: number; out: string; err: string }> {
  const script = fileURLToPath(new URL('cli.ts', import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '', ...env } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function createLaunch(launchId: string) {
  const text = await readFile(RUNBOOK, 'utf8');
  const loaded = loadRunbook(text, RUNBOOK);
  if (!loaded.ok) throw new Error('the sample runbook is broken');
  const journal = createJournal({ record: local.cloud.record, staff: local.cloud.staff, keyring: botKeyring() });
  const created = await journal.append(launchId, {
    kind: 'create-launch',
    by: 'ana',
    launchId,
    name: 'Game',
    channelId: 'C0WARROOM',
    runbook: loaded.runbook,
    runbookHash: sha256(text),
    targetAtMs: Date.now() + 3_600_000,
    compress: 1,
  });
  expect(created).toMatchObject({ ok: true });
  return journal;
}

test('compiling for a launch sets its audience and skip list in the name of the person, and twice is no trouble', async () => {
  await using folder = await testFolder();
  const journal = await createLaunch('game');
  const input = await folder.file(
    'd.csv',
    csv(
      `a,ios,${apns(1)},en,us`,
      `b,ios,${apns(2)},de,us`,
      `c,android,${fcm(1)},ja,jp`,
      `d,ios,${apns(3)},tlh,us`,
      `e,ios,${apns(4)},en,us`,
    ),
  );
  const skip = await folder.file('bad.txt', `token\n${apns(2)}\n`);
  const optedOut = await folder.file('out.txt', 'e\r\n');
  const args = [
    'compile',
    input,
    '--launch',
    'game',
    '--as',
    'ana',
    '--skip',
    skip,
    '--suppress',
    optedOut,
    '--rejects',
    folder.rejectsPath,
    '--accept',
  ];
  const done = await audienceProcess(args);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toMatch(/devices +3 in 2 segments/);
  expect(done.out).toMatch(/LOCALE_UNKNOWN +1/);
  const launch = await journal.launch('game');
  expect(launch?.audience).toMatchObject({
    devices: 3,
    segments: [
      { id: 'us-ios', devices: 2, batches: 1 },
      { id: 'jp-android', devices: 1, batches: 1 },
    ],
    locales: { de: 1, en: 1, ja: 1 },
  });
  expect((await journal.entries('game')).map(({ kind, by }) => [kind, by]).slice(1)).toEqual([
    ['AudienceSet', { person: 'ana' }],
    ['SkipListSet', { person: 'ana' }],
  ]);
  const loaded = await loadAudience(local.cloud.objects, launch?.audience?.manifestKey ?? '', {
    hash: launch?.audience?.hash ?? '',
  });
  loaded.applySkipList(await local.cloud.objects.get(launch?.skipList?.key ?? ''));
  expect(devicesOf(loaded).map(({ token, skipped }) => [token, skipped])).toEqual([
    [apns(2), true],
    [apns(1), false],
    [fcm(1), false],
  ]);
  const stored = Buffer.from(
    (await local.cloud.objects.get(`audiences/${loaded.manifest.hash}/rejects.ndjson`)) ?? [],
  ).toString();
  expect(stored).toBe(await readFile(folder.rejectsPath, 'utf8'));
  expect(stored.split('\n').length).toBe(3);

  expect((await audience(args)).out).toMatch(/audience set +game has it already/);
  const another = await audience([
    'skip',
    await folder.file('more.txt', `${apns(1)}\n${fcm(1)}\n`),
    '--launch',
    'game',
    '--as',
    'mia',
  ]);
  expect(another).toMatchObject({ code: 0, err: '' });
  expect(
    (
      await createJournal({ record: local.cloud.record, staff: local.cloud.staff, keyring: botKeyring() }).launch(
        'game',
      )
    )?.skipList?.tokens,
  ).toBe(3);
  expect((await audience(['inspect', loaded.manifest.hash])).out).toMatch(/us-ios +2 ios devices in 1 batch,/);
  expect((await audience(['load', loaded.manifest.hash])).out).toMatch(/devices +3\n/);
});

test('on the day people are left out by their ids, and an order that waits for its press stands', async () => {
  await using folder = await testFolder();
  const journal = await createLaunch('the-day');
  const input = await folder.file(
    'd.csv',
    csv(
      `Anna@example.com,ios,${apns(1)},en,us`,
      `Anna@example.com,android,${fcm(2)},en,us`,
      `ben,ios,${apns(3)},en,us`,
      `mia,ios,${apns(4)},en,us`,
    ),
  );
  const skip = async (content: string, ...more: string[]) =>
    audience(['skip', await folder.file('list.txt', content), '--launch', 'the-day', '--as', 'ana', ...more]);
  expect(await skip('anna@example.com\n')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no audience to look a person up in') as string,
  });
  expect(
    await audience(['compile', input, '--launch', 'the-day', '--as', 'ana', '--rejects', folder.rejectsPath]),
  ).toMatchObject({ code: 0, err: '' });
  const done = await skip('user,why\nanna@example.com,asked\nnobody,asked\n');
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toMatch(
    /2 ids \(user ids of the column "user"\)\n +1 in the audience: 1 as people, 0 as tokens\n +1 of them only with case or Unicode form set aside, such as "anna@example.com" for "Anna@example.com"\n +1 nowhere in it: "nobody"/,
  );
  expect(done.out).toMatch(/2 tokens, 2 of them new; open orders stand/);
  const skipped = async () => {
    const launch = await journal.launch('the-day');
    const loaded = await loadAudience(local.cloud.objects, launch?.audience?.manifestKey ?? '');
    loaded.applySkipList(await local.cloud.objects.get(launch?.skipList?.key ?? ''));
    return devicesOf(loaded)
      .filter((device) => device.skipped)
      .map(({ token }) => token);
  };
  expect(await skipped()).toEqual([apns(1), fcm(2)]);
  const before = (await journal.launch('the-day'))?.skipList;
  expect((await skip(`${apns(3).toUpperCase()}\n`)).out).toMatch(/0 as people, 1 as tokens[^]*3 tokens, 1 of them new/);
  expect(await skipped()).toEqual([apns(1), apns(3), fcm(2)]);
  expect((await journal.launch('the-day'))?.skipList?.covers).toEqual([before?.hash, null]);
  expect((await skip('ben\n')).out).toMatch(/the-day skips all of it already \(3 tokens\)/);
  expect(await skip('nobody\n')).toMatchObject({
    code: 1,
    err: expect.stringContaining('LIST_MATCHES_NONE') as string,
  });
  expect(await skip('', '--allow-none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('found an empty file') as string,
  });
  expect((await skip('mia\n', '--replace')).out).toMatch(/1 tokens, in place of the 3 before; open orders are void/);
  expect(await skipped()).toEqual([apns(4)]);
  expect((await journal.launch('the-day'))?.skipList?.covers).toEqual([]);
});

test('a task that the bot started stores the skip list of the launch with what --skip adds, and sets nothing', async () => {
  const journal = await createLaunch('by-task');
  const devices = [1, 2, 3].map((n) => ({ userId: { S: `u${n}` }, ...M(phone(n)).M }));
  await tableOf(local.url, 'devices', devices, { sortKey: 'token' });
  const put = (name: string, text: string) =>
    local.cloud.objects
      .put(`uploads/${name}`, Buffer.from(text))
      .then(() => `s3://${local.config.bucket}/uploads/${name}`);
  const task = ['--launch', 'by-task', '--task', 'compile-1', '--device-table', 'devices', '--accept'];
  const compiled = async (...lists: string[]) => {
    const users = await put('users.csv', 'user\nu1\nu2\nu3\n');
    expect(await audience(['compile', '--users', users, ...task, ...lists])).toMatchObject({ code: 0 });
    const state = fromCompileState((await local.cloud.objects.get(compileStateKey('compile-1'))) ?? new Uint8Array());
    if (state?.is !== 'stored') throw new Error(JSON.stringify(state));
    return state;
  };
  expect(await compiled()).not.toHaveProperty('skip');
  const first = await compiled('--skip', await put('bad.txt', `token\n${apns(1)}\n`));
  expect(first.skip).toMatchObject({ tokens: 1, adds: null });
  expect(await journal.launch('by-task')).toMatchObject({ audience: null, skipList: null });
  const skips = async ({ hash, skip }: typeof first) => {
    if (skip === undefined) throw new Error('no skip list');
    const set = await journal.append('by-task', { kind: 'set-skip-list', by: 'ana', ...skipListOf(skip) });
    expect(set).toMatchObject({ ok: true });
    const loaded = await loadAudience(local.cloud.objects, manifestKeyOf(hash));
    loaded.applySkipList(await local.cloud.objects.get((await journal.launch('by-task'))?.skipList?.key ?? ''));
    return devicesOf(loaded).flatMap(({ token, skipped }) => (skipped ? [token] : []));
  };
  expect(await skips(first)).toEqual([apns(1)]);
  // What stands already stays on it; people are left out by the devices that the table has of them.
  expect(await skips(await compiled('--skip', await put('people.txt', 'user\nu3\n')))).toEqual([apns(1), apns(3)]);
});

test('an audience that is not like the last one is stored and not set before somebody accepts it', async () => {
  await using folder = await testFolder();
  const journal = await createLaunch('last-year');
  await createLaunch('this-year');
  const rows = (devices: number, wrong = 0, locale = 'en') =>
    csv(...Array.from({ length: devices }, (_, i) => `u${i},ios,${apns(i)},${i < wrong ? 'tlh' : locale},us`));
  const compile = async (launchId: string, content: string, ...more: string[]) =>
    audience([
      'compile',
      await folder.file('d.csv', content),
      '--launch',
      launchId,
      '--as',
      'ana',
      '--rejects',
      folder.rejectsPath,
      ...more,
    ]);
  await local.cloud.live.putLaunch({
    launchId: 'last-year',
    name: 'Last',
    channelId: 'C0',
    pool: 'p',
    createdAtMs: 1,
    closed: true,
  });
  expect(await compile('last-year', rows(100))).toMatchObject({ code: 0 });
  for (const [content, more, words] of [
    [rows(100, 3), [], '3 % of the rows are rejected, 3 of 100 (3 LOCALE_UNKNOWN); more than 2 % is rarely meant'],
    [
      rows(79),
      [],
      '79 devices are 21 % fewer than the 100 of last-year, the last launch of this runbook; more than 20 % is rarely meant',
    ],
    [rows(121), [], '121 devices are 21 % more than the 100 of last-year'],
    [
      rows(100, 2),
      ['--fallback-locale', 'en'],
      '2 % of the devices get the fallback language en, 2 of 100 (tlh 2); more than 1 % is rarely meant',
    ],
  ] as const) {
    const done = await compile('this-year', content, ...more);
    expect(done).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /was stored and not set for this-year:[^]*run the same command again with --accept[^]*ACCEPT_NEEDED/,
      ) as string,
    });
    expect(done.err).toContain(words);
    expect((await journal.launch('this-year'))?.audience ?? null).toBeNull();
  }
  for (const content of [rows(100, 2), rows(80), rows(120)])
    expect(await compile('this-year', content)).toMatchObject({ code: 0, err: '' });
  expect(await compile('this-year', rows(100, 1), '--fallback-locale', 'en')).toMatchObject({ code: 0, err: '' });
  const optedOut = await folder.file('out.txt', Array.from({ length: 15 }, (_, i) => `u${i}`).join('\n'));
  expect(await compile('this-year', rows(100), '--suppress', optedOut)).toMatchObject({ code: 0, err: '' });
  const accepted = await compile('this-year', rows(10, 5), '--accept');
  expect(accepted).toMatchObject({ code: 0, err: '' });
  expect(accepted.out).toMatch(/tlh +5 rejected: not a locale of the campaign/);
  expect((await journal.launch('this-year'))?.audience?.devices).toBe(5);
});

test('without a launch, --strict fails on what a launch would set only with --accept', async () => {
  await using folder = await testFolder();
  const rows = (wrong: number) =>
    csv(...Array.from({ length: 50 }, (_, i) => `u${i},ios,${apns(i)},${i < wrong ? 'tlh' : 'en'},us`));
  const compile = async (content: string, ...more: string[]) =>
    audience([
      'compile',
      await folder.file('d.csv', content),
      '--rejects',
      folder.rejectsPath,
      '--out',
      folder.path,
      '--runbook',
      RUNBOOK,
      ...more,
    ]);
  expect(await compile(rows(2))).toMatchObject({ code: 0, err: '' });
  expect(await compile(rows(2), '--strict')).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /only with --accept:\n +4 % of the rows are rejected, 2 of 50 [^]*--fallback-locale en\.[^]*ACCEPT_NEEDED/,
    ) as string,
  });
  expect(await compile(rows(1), '--strict')).toMatchObject({ code: 0, err: '' });
  expect(await audience(['compile', 'd.csv', '--launch', 'any', '--as', 'ana', '--strict'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--launch and --strict: found both') as string,
  });
});

test('who may not set it, an unknown launch and a missing variable are refused before anything is read', async () => {
  await using folder = await testFolder();
  const journal = await createLaunch('refusing');
  const input = await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`));
  const compile = (...more: string[]) => audience(['compile', input, '--rejects', folder.rejectsPath, ...more]);
  expect(await compile('--launch', 'refusing', '--as', 'olu')).toMatchObject({
    code: 1,
    err: expect.stringContaining('found olu with the roles observer') as string,
  });
  expect(await compile('--launch', 'refusing', '--as', 'nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('expected a person of the launch: ana, mia, ben, olu') as string,
  });
  expect(await compile('--launch', 'refusing')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--as: found nothing') as string,
  });
  expect(await compile('--launch', 'none', '--as', 'ana')).toMatchObject({
    code: 1,
    err: expect.stringContaining('found no launch "none"') as string,
  });
  expect(await compile('--launch', 'refusing', '--runbook', RUNBOOK)).toMatchObject({ code: 2 });
  expect(await audience(['compile', input, '--locales', 'en'], {})).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /AWS_REGION: found nothing[^]*GOBUTTON_BUCKET: found nothing, expected .*--out/,
    ) as string,
  });
  expect(await journal.entries('refusing')).toHaveLength(1);
});

test('wrong command lines say what was found and expected, and name the nearest command', async () => {
  await using folder = await testFolder();
  const out = ['--out', folder.path];
  const input = await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`));
  const broken = await folder.file('broken.yaml', 'version: 1\nid: x\n');
  for (const [args, code, words] of [
    [['compil'], 2, 'did you mean compile?'],
    [['compile'], 2, 'found no file, expected a device list'],
    [['compile', input, '--batchsize', '3'], 2, '--batch-size'],
    [
      ['compile', input, '--locales', 'en', '--locales', 'es', ...out],
      2,
      '--locales: found it 2 times (en, es), expected it once',
    ],
    [['compile', input, ...out], 2, 'found neither --runbook, --launch nor --locales'],
    [['compile', input, '--locales', 'en', '--as', 'mia', ...out], 2, '--as: found it without --launch, expected both'],
    [['compile', input, '--locales', 'en', '--accept', ...out], 2, '--accept: found it without --launch'],
    [['skip', input, '--replace', ...out], 2, '--replace: found it without --launch'],
    [['sample', 'here.csv', ...out], 2, 'found "here.csv" with sample, expected no word more'],
    [
      ['compile', input, '--runbook', RUNBOOK, '--locales', 'en,fr', ...out],
      2,
      'found fr, expected locales of the campaign: en, es',
    ],
    [
      ['compile', input, '--runbook', `${folder.path}/none.yaml`, ...out],
      1,
      "none.yaml:1:1 found a file that can't be read",
    ],
    [['compile', input, '--runbook', broken, ...out], 1, 'broken.yaml:1:'],
    [
      ['compile', input, '--locales', 'en', '--map', 'tokn=x', ...out],
      2,
      'found "tokn=x", expected <field>=<column> with a field of user, platform',
    ],
    [
      ['compile', input, '--locales', 'en', '--batch-size', '0', ...out],
      2,
      '--batch-size: found "0", expected a whole number from 1 to 2,000',
    ],
    [
      ['compile', input, '--locales', 'en', '--skip', `${folder.path}/none.txt`, ...out],
      1,
      'none.txt: found no such file, expected known-bad tokens',
    ],
    [['inspect', 'abc', ...out], 1, 'audiences/abc/manifest.json: found no such object'],
    [['sample', '--devices', 'many'], 2, '--devices: found "many"'],
    [['sample', '--unregistered', '40'], 2, '--unregistered: found "40", expected a share'],
  ] as const) {
    const { code: exit, err } = await audience([...args]);
    expect({ args, exit, err }).toEqual({ args, exit: code, err: expect.stringContaining(words) as string });
  }
});

test('Ctrl-C in the middle of a compile leaves no files behind', async () => {
  await using folder = await testFolder();
  const rows = Array.from({ length: 60_000 }, (_, i) => `u${i},ios,${apns(i)},en,us`);
  const input = await folder.file('d.csv', csv(...rows));
  const temporary = `${folder.path}/tmp`;
  await mkdir(temporary);
  const script = fileURLToPath(new URL('cli.ts', import.meta.url));
  const child = spawn(process.execPath, [script, 'compile', input, '--locales', 'en', '--out', folder.path], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      TMPDIR: temporary,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  // The first line of progress comes when the folder is there and rows are being read.
  await once(child.stdout, 'data');
  expect(await readdir(temporary)).toHaveLength(1);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(await readdir(temporary)).toEqual([]);
});

test.skipIf(!canUnshare)(
  'SIGTERM to the first process of a container: from its first line on, and in the middle of a compile, which leaves nothing behind',
  async () => {
    await using folder = await testFolder();
    const rows = Array.from({ length: 60_000 }, (_, i) => `u${i},ios,${apns(i)},en,us`);
    const input = await folder.file('d.csv', csv(...rows));
    const [temporary, out] = [`${folder.path}/tmp`, `${folder.path}/out`];
    await mkdir(temporary);
    const script = fileURLToPath(new URL('cli.ts', import.meta.url));
    const compile = () =>
      spawn(
        'unshare',
        [...AS_FIRST_PROCESS.slice(1), process.execPath, script, 'compile', input, '--locales', 'en', '--out', out],
        { env: { PATH: process.env['PATH'] ?? '', TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
    const early = compile();
    keepStopping(early);
    expect(await once(early, 'exit')).toEqual([143, null]);

    const late = compile();
    const ended = once(late, 'exit');
    await once(late.stdout, 'data');
    expect(await readdir(temporary)).toHaveLength(1);
    stopFirstProcess(late);
    expect(await ended).toEqual([143, null]);
    expect(await readdir(temporary)).toEqual([]);
  },
);

test('a reader that has read enough ends nothing', async () => {
  // `true` is gone long before the first line is written.
  const ended = once(
    spawn('bash', ['-c', '"$0" workers/audience/cli.ts help | true; exit "${PIPESTATUS[0]}"', process.execPath], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'ignore',
    }),
    'exit',
  );
  expect(await ended).toEqual([0, null]);
});

test('take sets the sample of a rehearsal, and is refused for a launch that is none', async () => {
  await using folder = await testFolder();
  const journal = await createLaunch('big-day');
  const rows = Array.from({ length: 60 }, (_, i) => `u${i},ios,${apns(i)},en,us`);
  const input = await folder.file('d.csv', csv(...rows));
  const compiled = await audience([
    'compile',
    input,
    '--launch',
    'big-day',
    '--as',
    'ana',
    '--rejects',
    folder.rejectsPath,
    '--accept',
  ]);
  expect(compiled).toMatchObject({ code: 0 });
  expect(await audience(['take', '--launch', 'big-day', '--as', 'ana'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('is no rehearsal that sends') as string,
  });
  const day = await journal.launch('big-day');
  const rehearses = day === null ? null : rehearsesOf(day, { share: 0.25 });
  if (day === null || rehearses === null) throw new Error('no audience');
  const begun = await journal.append('big-day-rehearsal-1', {
    kind: 'create-launch',
    by: 'ana',
    launchId: 'big-day-rehearsal-1',
    name: 'REHEARSAL',
    channelId: 'C0OTHER',
    runbook: rehearsalRunbook(day, Date.now()),
    runbookHash: 'r',
    targetAtMs: Date.now(),
    compress: 1,
    rehearses,
  });
  expect(begun).toMatchObject({ ok: true });
  const taken = await audience(['take', '--launch', 'big-day-rehearsal-1', '--as', 'ana']);
  expect(taken).toMatchObject({ code: 0, err: '' });
  expect(taken.out).toMatch(/sample +25 % of the devices of big-day\ndevices +15\n/);
  const { audience: set } = (await journal.launch('big-day-rehearsal-1')) ?? {};
  const loaded = await loadAudience(local.cloud.objects, set?.manifestKey ?? '', { hash: set?.hash ?? '' });
  expect(devicesOf(loaded)).toHaveLength(15);
  expect(await audience(['take', '--launch', 'big-day-rehearsal-1', '--as', 'ana'])).toMatchObject({ code: 0 });

  // The task that a bot has started takes the same, and sets nothing.
  const task = ['take', '--launch', 'big-day-rehearsal-1', '--task', 'compile-9'];
  expect(await audience([...task, '--as', 'ana'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--as') as string,
  });
  expect(await audience(task)).toMatchObject({ code: 0 });
  const state = fromCompileState((await local.cloud.objects.get(compileStateKey('compile-9'))) ?? new Uint8Array());
  expect(state).toMatchObject({ is: 'stored', hash: set?.hash, rows: 15, problems: [] });
  expect(await audience(['take', '--launch', 'big-day', '--task', 'compile-10'])).toMatchObject({ code: 1 });
  const other = fromCompileState((await local.cloud.objects.get(compileStateKey('compile-10'))) ?? new Uint8Array());
  expect(other).toMatchObject({ is: 'failed', code: 'REFUSED' });
});
