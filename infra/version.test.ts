import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ownVersion } from './version.ts';

const folder = mkdtempSync(join(tmpdir(), 'gobutton-version-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = { PATH: process.env['PATH'] };

test('an image says what it is, a clone has its commit, anything else has none', () => {
  expect(ownVersion({ ...path, GOBUTTON_VERSION: '0f3a9c1d2b4e' }, folder)).toBe('0f3a9c1d2b4e');
  expect(ownVersion(path, folder)).toBeNull();
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim();
  git('init', '-q');
  expect(ownVersion(path, folder)).toBeNull();
  git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '--allow-empty', '-m', 'x');
  expect(ownVersion(path, folder)).toBe(git('rev-parse', 'HEAD').slice(0, 12));
  expect(ownVersion({ PATH: folder }, folder)).toBeNull();
});

test.each(['two words', '<b>', 'x'.repeat(61), 'a\nb'])(
  'what could not stand in a message is no version: %j',
  (said) => {
    expect(ownVersion({ ...path, GOBUTTON_VERSION: said }, folder)).toBeNull();
  },
);
