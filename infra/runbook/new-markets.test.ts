import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from './for-tests.ts';

/** `runbook new` for an event whose markets have moments of their own. */

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gobutton-markets-'));
});
afterAll(() => rm(folder, { recursive: true }));

const flags = (target: string, ...more: string[]): string[] => [
  '--title',
  'Night sale',
  '--topic',
  'com.example.app',
  '--target',
  target,
  '--person',
  'Ana Ortiz, on-call, U0ONCALL',
  '--person',
  '林美玲, marketer',
  '--text',
  'en: Now | Half price',
  '--text',
  'ja: 今 | 半額',
  ...more,
];
const BERLIN = '2027-11-26 00:00 Europe/Berlin';

async function made(file: string) {
  return parse(await readFile(file, 'utf8')) as {
    target: string;
    targets?: Record<string, string>;
    phases: { steps: { id: string; at: string; for?: string }[] }[];
  };
}

test('markets are asked for, each wrong answer again, and the plan has their moments in order', async () => {
  const file = join(folder, 'asked.yaml');
  const typed = [
    'Night sale',
    BERLIN,
    'Ana Ortiz, on-call, U0ONCALL',
    '林美玲，marketer',
    '',
    '',
    '',
    'us, en-US, America/New_York',
    'jp',
    'Japan!, ja, Asia/Tokyo',
    'jp, Japanese, Asia/Tokyo',
    'jp, ja, Asia/Tokio',
    'jp, ja, 2027-02-30 00:00 Asia/Tokyo',
    'jp, ja, 00:30 Asia/Tokyo',
    'JP, ja, 2027-11-26 00:30 Asia/Tokyo',
    'jp, en, Asia/Tokyo',
    '',
    'en: Now | Half price',
    '',
    'ja: 今 | 半額',
    '',
    '',
    'com.example.app',
    '',
    '',
    '',
    '',
    '',
  ];
  const { code, out, err } = await run(['new', file], typed);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.match(/found .*/g)).toEqual([
    expect.stringMatching(/^found "jp", expected a market, a locale and a moment, like: jp, ja, 2027-11-26/),
    expect.stringContaining('lower-case letters, digits and dashes, at most 32; "Japan!" is none'),
    'found "jp, Japanese, Asia/Tokyo", expected a locale like ja or pt-BR; "Japanese" is none',
    expect.stringContaining('found "jp, ja, Asia/Tokio", expected'),
    expect.stringContaining('found "jp, ja, 2027-02-30 00:00 Asia/Tokyo", expected'),
    expect.stringMatching(
      /^found "jp, ja, 00:30 Asia\/Tokyo", expected .*; or a zone alone, like Asia\/Tokyo, for the time/,
    ),
    'found "jp, en, Asia/Tokyo", expected a market that is not named yet; jp is',
    'found no more, expected a text for ja (market jp)',
  ]);
  const { target, targets, phases } = await made(file);
  expect(target).toBe(BERLIN);
  expect(Object.entries(targets ?? {})).toEqual([
    ['jp', '2027-11-26 00:30 Asia/Tokyo'],
    ['us', '2027-11-26 00:00 America/New_York'],
  ]);
  expect(phases.flatMap(({ steps }) => steps.map(({ id, at, for: market }) => [id, at, market]))).toEqual([
    ['workers-up', 'T-4h', 'jp'],
    ['test', 'T-2h', 'jp'],
    ['review', 'T-1h', 'jp'],
    ['arm-jp', 'T-30m', 'jp'],
    ['go-jp', 'T', 'jp'],
    ['arm-us', 'T-30m', 'us'],
    ['go-us', 'T', 'us'],
    ['workers-down', 'T+12h', 'us'],
  ]);
});

test('a plan with markets is taken as it stands: check, plan and a day that is played to its end', async () => {
  const file = join(folder, 'flags.yaml');
  const markets = ['--market', 'jp, ja, Asia/Tokyo', '--market', 'us, en, America/New_York'];
  expect(await run(['new', file, ...flags(BERLIN, ...markets)])).toMatchObject({ code: 0, err: '' });
  expect(await run(['check', file])).toMatchObject({ code: 0, err: '' });
  const plan = await run(['plan', file]);
  expect(plan.out).toContain('T of jp  Thu 25 Nov 2027 16:00 Europe/Berlin = 00:00 Asia/Tokyo');
  expect(plan.out).toContain('T of us  Fri 26 Nov 2027 06:00 Europe/Berlin = 00:00 America/New_York');
  const day = await run(['simulate', file]);
  expect(day).toMatchObject({ code: 0, err: '' });
  expect(day.out).toContain('Arm jp');
});

test('without a time of the event T is the first market, and a zone alone says nothing', async () => {
  const file = join(folder, 'no-target.yaml');
  const refused = await run(['new', file, ...flags('', '--market', 'jp, ja, Asia/Tokyo')]);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.err).toContain('with a zone alone the event needs a time (--target)');
  const markets = ['--market', `de, en, ${BERLIN}`, '--market', 'jp, ja, 2027-11-26 00:00 Asia/Tokyo'];
  expect(await run(['new', file, ...flags('', ...markets)])).toMatchObject({ code: 0, err: '' });
  expect((await made(file)).target).toBe('2027-11-26 00:00 Asia/Tokyo');
  expect(await run(['check', file])).toMatchObject({ code: 0, err: '' });
});

test('a market that would get no text is said, and nothing is written', async () => {
  const file = join(folder, 'no-text.yaml');
  const refused = await run(['new', file, ...flags(BERLIN, '--market', 'br, pt-BR, America/Sao_Paulo')]);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('--text: expected a text for pt-BR (market br)');
  expect(refused.err).toContain("--market 'br, pt-BR, America/Sao_Paulo'");
  await expect(readFile(file)).rejects.toThrow('ENOENT');
});
