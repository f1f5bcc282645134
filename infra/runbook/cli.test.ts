import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from './for-tests.ts';

const SUPERBOWL = join(import.meta.dirname, '../../runbooks/library/superbowl.yaml');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-runbook-'));
});
afterAll(() => rm(folder, { recursive: true }));

const FLAGS = [
  '--title',
  'Flash sale',
  '--topic',
  'com.example.app',
  '--target',
  '2027-02-14 18:30 Europe/Berlin',
  '--person',
  'Ana Ortiz, on-call, U0ONCALL',
  '--person',
  'Ana Maria, marketer',
  '--text',
  'en: Now | Half price: today only',
  '--text',
  'pt-BR: Agora | Metade do preço',
];

describe('a new runbook', () => {
  test('takes roles and Slack ids as people write them', async () => {
    const file = join(folder, 'roles.yaml');
    const people = ['王小明, Marketer', 'محمد علي, On Call, u0mohamed', 'Zoë,oncall'].flatMap((one) => [
      '--person',
      one,
    ]);
    const rest = ['--title', 'Sale', '--topic', 'com.example.app', '--text', 'en: Now | Here', '--may-ask', 'on call'];
    expect(await run(['new', file, ...people, ...rest])).toMatchObject({ code: 0, err: '' });
    expect(parse(await readFile(file, 'utf8'))).toMatchObject({
      people: [
        { name: '王小明', roles: ['marketer'], slack: [] },
        { name: 'محمد علي', roles: ['on-call'], slack: ['U0MOHAMED'] },
        { name: 'Zoë', roles: ['on-call'], slack: [] },
      ],
      fire: { may_ask: ['on-call'] },
    });
  });

  test('is asked for, question by question, and check accepts it', async () => {
    const file = join(folder, 'asked.yaml');
    const typed = [
      'Sale #1',
      'next week',
      '2027-02-14 18:30 Europe/Berlin',
      'Ana Ortiz, boss',
      'Ana Ortiz, on-call, U0ONCALL',
      '',
      'Mia Chen, marketer, U0MARKET1',
      '',
      'marketer, ana ortiz',
      '',
      '',
      'en: Now | The sale is on: go',
      '',
      '',
      'com.example.app',
      '',
      '',
      '12',
      'Shop: open',
      'Shop: open, narrow, closed',
      'Banner',
      '',
      'Cloud support, capacity, or limits, +1 206 555 0100',
      'Stadium, https://stadium.example.com',
      'Stadium, when it airs, https://stadium.example.com',
      '',
    ];
    const { code, out } = await run(['new', file], typed);
    expect({ code, out: out.match(/found .*/g) }).toEqual({
      code: 0,
      out: [
        expect.stringMatching(/^found "next week", expected a date, a time and a zone/),
        'found "Ana Ortiz, boss", expected a name, on-call, marketer or observer, and, if you have it, a Slack id, with commas between, like: Ana Ortiz, on-call, U012ABCDEF',
        expect.stringMatching(/^found "", expected a name/),
        expect.stringMatching(/^found "Shop: open", expected a title, and two values or more/),
        expect.stringMatching(/^found "Stadium, https:\/\/stadium.example.com", expected a name, what for/),
      ],
    });
    const checked = await run(['check', file]);
    expect(checked).toMatchObject({ code: 0, err: '' });
    expect(checked.out).toMatch(/^Sale #1 \(sale-1\): nothing is wrong with it\n/);
    expect(checked.out).toContain('workers (the pool, 12 workers)');
    expect(parse(await readFile(file, 'utf8'))).toMatchObject({
      fire: { may_ask: ['marketer', 'ana'] },
      switches: [
        { id: 'shop', title: 'Shop', values: ['open', 'narrow', 'closed'] },
        { id: 'banner', title: 'Banner' },
      ],
      contacts: [
        { name: 'Cloud support', for: 'capacity, or limits', phone: '+1 206 555 0100' },
        { name: 'Stadium', for: 'when it airs', link: 'https://stadium.example.com' },
      ],
    });
  });

  test('is written from flags where nobody can be asked, and never over another file', async () => {
    const file = join(folder, 'flags.yaml');
    const { code, out, err } = await run(['new', file, ...FLAGS]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=.*runbooks\/runbook\.schema\.json\n/);
    expect((await run(['check', file])).out).toContain('2. Who may ask and press GO: Ana Ortiz or Ana Maria.');
    const { campaign } = parse(text) as { campaign: { default_locale: string; locales: object } };
    expect(campaign.default_locale).toBe(Object.keys(campaign.locales)[0]);
    expect(out).toContain(
      `without a text of its own get ${campaign.default_locale}, the first text: default_locale in`,
    );
    expect(text).toContain(`a language without one gets ${campaign.default_locale}.`);
    // What nobody named is not there, so that the defaults hold.
    for (const key of ['fire', 'switches', 'contacts']) expect(Object.keys(parse(text) as object)).not.toContain(key);
    const again = await run(['new', file, ...FLAGS]);
    expect(again).toMatchObject({ code: 2, out: '' });
    expect(again.err).toContain('found ' + file + ' there already');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('is not written while an answer is missing or wrong', async () => {
    const file = join(folder, 'none.yaml');
    const missing = await run(['new', file, '--title', 'Sale']);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.err).toBe(
      'found no answer for --person, --text, --topic, and nobody to ask\nnpm run runbook -- help shows how it is called.\n',
    );
    expect((await run(['new', file], ['Sale'])).err).toContain('--target: found no answer');
    expect((await run(['new', file, ...FLAGS, '--workers', 'many'])).err).toContain(
      '--workers: found "many", expected a number from 1 to 9999',
    );
    const lone = await run(['new', file, ...FLAGS.map((one) => one.replace(', marketer', ', observer'))]);
    expect(lone).toMatchObject({ code: 1 });
    expect(lone.err).toContain('at least two: one asks, another presses GO');
    // Nobody but Ana may ask, and nobody but Ana press: no two.
    for (const [flags, said] of [
      [['--may-ask', 'Ana Ortiz', '--may-approve', 'ortiz'], 'two different people'],
      // What was answered is handed back, to be corrected.
      [
        ['--may-ask', 'Ortiz', '--may-approve', 'Ortiz', '--link', "it's"],
        `--text 'en: Now | Half price: today only' \\\n`,
      ],
      [['--may-ask', 'Ortiz', '--may-approve', 'Ortiz', '--link', "it's"], `--link 'it'\\''s' \\\n`],
    ] as const) {
      const refused = await run(['new', file, ...FLAGS, ...flags]);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(said) as string });
    }
    const nobody = await run(['new', file, ...FLAGS, '--may-approve', 'Ana Maria, Zoe']);
    expect(nobody).toMatchObject({ code: 2 });
    expect(nobody.err).toContain(
      '--may-approve: found "Ana Maria, Zoe", expected Ana Ortiz, Ana Maria, on-call or marketer, with commas between; "Zoe" is not one of them',
    );
    const twice = await run(['new', file, ...FLAGS, '--text', 'EN: Later | Another']);
    expect(twice.err).toContain('--text: found "EN: Later | Another", expected');
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  test("takes people by a part of their name, asks again for a name that is nobody's, and can be in any letters", async () => {
    const file = join(folder, 'letters.yaml');
    const flags = ['--title', '博物館之夜', '--topic', 'com.example.app', '--target', '', '--link', ''];
    const people = ['Hanna Bauer, on-call', 'Hanna Moser, on-call', '林美玲, marketer', '王小明, marketer'];
    const typed = [
      'Zoe',
      'bauer, On-call',
      'Hanna',
      '林美玲',
      '',
      'zh-Hant: 開門 | 晚上七時',
      'zh-Hant: 門 | 八時',
      '',
    ];
    const { code, out, err } = await run(
      [
        'new',
        file,
        ...flags,
        ...people.flatMap((one) => ['--person', one]),
        ...'--cluster c --service s --workers 2 --switch 商店'.split(' '),
        '--switch',
        '門票: 開, 關',
        '--contact',
        'Office, doors, +43 1 555 0100',
      ],
      typed,
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.match(/found .*/g)).toEqual([
      'found "Zoe", expected Hanna Bauer, Hanna Moser, 林美玲, 王小明, on-call or marketer, with commas between; "Zoe" is not one of them',
      expect.stringContaining('"Hanna" is not one of them'),
      'found "zh-Hant: 門 | 八時", expected a locale that has no text yet; zh-Hant has one',
    ]);
    expect(out).toContain(
      'What goes out? Locale: title | text, first the one that all other languages get, too (nothing: no more)\n',
    );
    expect(out).toContain('Phones in a language without a text of its own get zh-Hant, the first text: default_locale');
    const made = parse(await readFile(file, 'utf8')) as { people: { id: string }[] };
    expect(made).toMatchObject({
      id: 'bo-wu-guan-zhi-ye',
      people: [
        { id: 'hanna' },
        { id: 'hanna-moser' },
        { id: 'lin-mei-ling', name: '林美玲' },
        { id: 'wang-xiao-ming', name: '王小明' },
      ],
      fire: { may_ask: ['hanna', 'on-call'], may_approve: ['lin-mei-ling'] },
      switches: [{ id: 'shang-dian' }, { id: 'men-piao', title: '門票', values: ['開', '關'] }],
    });
    const checked = await run(['check', file]);
    expect(checked.out).toContain('4. By the runbook Hanna Bauer or Hanna Moser may ask, and 林美玲 may press GO.');
  });
});

test('check says every problem with file and line', async () => {
  const file = join(folder, 'bad.yaml');
  const text = await readFile(SUPERBOWL, 'utf8');
  await writeFile(file, text.replace('at: T-8h', 'at: soon').replace('owner: mia, help', 'owner: zoe, help'));
  const { code, out, err } = await run(['check', file]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^\/.*bad\.yaml:\d+:\d+ phases\.0\.steps\.0\.at: found "soon", expected a time/);
  expect(await run(['check', join(folder, 'gone.yaml')])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/gone\.yaml:1:1 found a file that can't be read \(ENOENT\)/),
  });
});

test('check shows the bytes of each text on both platforms', async () => {
  const { out } = await run(['check', SUPERBOWL]);
  expect(out).toMatch(/\n {2}locale +iOS +Android +title\n {2}en \(default\) +\d{3} +\d{3} +Did you see that/);
});

describe('the plan', () => {
  test('has the time of each step by the clock of a zone, and relative to T', async () => {
    const { out } = await run([
      'plan',
      SUPERBOWL,
      '--zone',
      'europe/berlin',
      '--target',
      '2027-02-14 18:30 America/New_York',
    ]);
    expect(out).toMatch(/^Super Bowl push\nT {2}Mon 15 Feb 2027 00:30 Europe\/Berlin\n/);
    expect(out).toMatch(/Sun 14 Feb 2027 16:30 {2}T-8h +War room opens/);
    expect(out).toMatch(
      /Sun 14 Feb 2027 18:30 {2}T-6h +API servers to game-day size +scale edge to 40, by T-2h +Ana Ortiz, else Ben Okafor\n +or else +Client apps stay quiet +set zombie to true +Ana Ortiz\n/,
    );
    expect(out).toMatch(/Mon 15 Feb 2027 12:30 {2}T\+12h +Send workers down/);
  });

  test('goes across a clock change as clocks there do', async () => {
    const { out } = await run([
      'plan',
      SUPERBOWL,
      '--zone',
      'Europe/Berlin',
      '--target',
      '2027-03-28 06:00 Europe/Berlin',
    ]);
    // 02:00 to 03:00 is skipped that night: six hours before 06:00 it is 23:00.
    expect(out).toMatch(/Sat 27 Mar 2027 23:00 {2}T-6h/);
  });

  test('shows the midnight of each market, and times of their own', async () => {
    const file = join(folder, 'markets.yaml');
    const text = await readFile(SUPERBOWL, 'utf8');
    await writeFile(
      file,
      text
        .replace(
          '\npeople:',
          '\ntarget: 2027-02-14 18:30 America/New_York\ntargets: { de: 2027-02-15 00:00 Europe/Berlin }\n\npeople:',
        )
        .replace('at: T-8h', 'at: 2027-02-14 08:00 America/New_York')
        .replace('at: T-2h', 'at: T-2h, for: de'),
    );
    const own = await run(['plan', file]);
    expect(own.out).toContain(
      'T  Sun 14 Feb 2027 18:30 America/New_York\nT of de  Sun 14 Feb 2027 18:00 America/New_York',
    );
    const { out } = await run(['plan', file, '--zone', 'UTC']);
    expect(out).toContain('T  Sun 14 Feb 2027 23:30 UTC\nT of de  Sun 14 Feb 2027 23:00 UTC = 00:00 Europe/Berlin\n');
    expect(out).toMatch(/Sun 14 Feb 2027 13:00 {2}\(T-10h30m\) +War room opens/);
    expect(out).toMatch(/Sun 14 Feb 2027 21:00 {2}T of de -2h +Test copies/);
  });

  test('is relative alone while nobody knows the target', async () => {
    const { out } = await run(['plan', SUPERBOWL]);
    expect(out).toContain('T is not known');
    expect(out).toMatch(/\n {2}T-8h +War room opens/);
  });

  test.each([
    [['--zone', 'Mars/Olympus'], '--zone: found "Mars/Olympus", expected a zone of the IANA database'],
    [['--target', '2027-03-28 02:30 Europe/Berlin'], 'clocks in Europe/Berlin are put forward across it'],
    [['--when', 'now'], 'found --when, which plan does not take, expected of --zone, --target'],
  ])('is not drawn for %s', async (flags, said) => {
    const { code, out, err } = await run(['plan', SUPERBOWL, ...flags]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });
});

test('a simulated day is called off when that is chosen, and a time that is none is named', async () => {
  const day = await run(['simulate', SUPERBOWL, '--stand-down', 'T-30m']);
  expect(day).toMatchObject({ code: 0, err: '' });
  expect(day.out).toContain('T-30 min        Ana Ortiz stood Super Bowl push down 23:00:00 UTC');
  expect(day.out).toMatch(/shots 0\n$/);
  expect(await run(['simulate', SUPERBOWL, '--change-audience', 'soon'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--change-audience: found "soon", expected a time like T-1d') as string,
  });
});

test('a command line that is none says what was expected', async () => {
  for (const [said, ...args] of [
    ['found nothing, expected new, check, plan, simulate and one file'],
    ['found "plan" alone, expected one file behind it', 'plan'],
    ['found "fly", expected new, check, plan, simulate', 'fly', 'a.yaml'],
    ['did you mean check?', 'chek', 'a.yaml'],
    ['found "b.yaml" with check, expected no word more', 'check', 'a.yaml', 'b.yaml'],
    // What another command takes.
    ['found --target, which check does not take', 'check', SUPERBOWL, '--target', '2027-02-07 18:30 America/New_York'],
  ] as const)
    expect(await run([...args])).toMatchObject({ code: 2, out: '', err: expect.stringContaining(said) as string });
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('npm run runbook --') });
});

test('every ready-made runbook is right, and has a day that can be printed', async () => {
  const library = join(import.meta.dirname, '../../runbooks/library');
  const files = (await readdir(library)).filter((name) => name.endsWith('.yaml'));
  expect(files.length).toBeGreaterThan(4);
  for (const file of files) {
    expect(await run(['check', join(library, file)]), file).toMatchObject({ code: 0, err: '' });
    const plan = await run(['plan', join(library, file), '--target', '2027-11-26 00:00 Europe/Berlin']);
    expect(plan, file).toMatchObject({ code: 0, err: '' });
  }
});
