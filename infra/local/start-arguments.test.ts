import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readArguments } from './start-arguments.ts';

test('without anything it is the sample, and with one’s own files it is one’s own event', () => {
  expect(readArguments([])).toMatchObject({
    devices: null,
    runbook: null,
    audience: null,
    compress: null,
    workers: null,
  });
  expect(
    readArguments([
      '--runbook',
      'sale.yaml',
      '--audience',
      'list.csv',
      '--map',
      'token=push',
      '--accept',
      '--compress',
      '1k',
      '--workers',
      '3',
    ]),
  ).toMatchObject({
    runbook: 'sale.yaml',
    audience: { file: resolve('list.csv'), options: ['--map', 'token=push'], accept: true },
    compress: 1_000,
    workers: 3,
  });
  expect(readArguments(['--help'])).toBeNull();
});

test.each([
  [['--audience', 'l.csv', '--devices', '5000'], /^--audience and --devices: found both, expected one/],
  [
    ['--audiense', 'l.csv'],
    /^found --audiense, which npm start does not take, expected of --devices, .*; did you mean --audience\?/,
  ],
  [['--map', 'token=push'], /^--map: found it without --audience/],
  [
    ['--audience', 'l.csv', '--map', 'token=push', '--map', 'user=id'],
    /^--map: found it 2 times \(token=push, user=id\), expected it once/,
  ],
  [['--accept'], /^--accept: found it without --audience/],
  [['--compress', '60'], /^--compress: found it without --runbook/],
  [['--workers', '3'], /^--workers: found it without --runbook/],
  [['--runbook', 'a.yaml', '--compress', '0.5'], /^--compress: found "0.5", expected .* how many times faster/],
  [['--runbook', 'a.yaml', '--workers', '40'], /^--workers: found "40", expected /],
])('%j is refused with what was expected', (argv, expected) => {
  expect(() => readArguments(argv)).toThrow(expected);
});

test('an option that npm has kept for itself is not lost', () => {
  expect(() =>
    readArguments(['my.yaml'], {
      npm_lifecycle_event: 'start',
      npm_config_runbook: 'true',
      npm_config_latency_ms: '3',
    }),
  ).toThrow(
    /^found --latency-ms, --runbook without two dashes in front, .* expected them before all else: npm start -- …/,
  );
  expect(readArguments([], { npm_lifecycle_event: 'start', npm_config_yes: 'true' })).not.toBeNull();
});
