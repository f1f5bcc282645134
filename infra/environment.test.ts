import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeConfigProblems, readEnvironment, secret } from './environment.ts';

const dir = mkdtempSync(join(tmpdir(), 'gobutton-environment-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const secrets = [secret('THE_KEY'), secret('ACCOUNT', 'ACCOUNT_PATH')];
const issue = (variable: string) => ({ path: [variable], message: 'a key' });

test('a secret comes as a value or from a file, without the line break at its end', () => {
  expect(readEnvironment({ THE_KEY: 'abc', OTHER: 'x', EMPTY: ' ' }, secrets).values).toEqual({
    THE_KEY: 'abc',
    OTHER: 'x',
  });
  expect(
    readEnvironment({ THE_KEY_FILE: file('key', 'abc\n'), ACCOUNT_PATH: file('account', '{}') }, secrets).values,
  ).toMatchObject({ THE_KEY: 'abc', ACCOUNT: '{}' });
});

test('a PEM whose line breaks came as \\n has them again; other texts stay as they are', () => {
  const { values } = readEnvironment(
    { THE_KEY: '-----BEGIN PRIVATE KEY-----\\nMIG\\n-----END PRIVATE KEY-----', ACCOUNT: '{"key":"a\\nb"}' },
    secrets,
  );
  expect(values['THE_KEY']).toBe('-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----');
  expect(values['ACCOUNT']).toBe('{"key":"a\\nb"}');
});

test('both ways at once, and a file that cannot be read, are problems of their own', () => {
  const both = readEnvironment({ THE_KEY: 'hunter2', THE_KEY_FILE: file('key', 'x') }, secrets).problemsOf([
    issue('THE_KEY'),
  ]);
  expect(describeConfigProblems(both)).toBe(
    '  THE_KEY: found both THE_KEY and THE_KEY_FILE, expected one of the two, not both',
  );
  const missing = readEnvironment({ ACCOUNT_PATH: join(dir, 'missing') }, secrets).problemsOf([issue('ACCOUNT')]);
  expect(describeConfigProblems(missing)).toBe(
    `  ACCOUNT_PATH: found ${JSON.stringify(join(dir, 'missing'))} (ENOENT), expected a readable file with this secret`,
  );
});

test('what is wrong is named the way it came, and no secret is repeated', () => {
  const asValue = readEnvironment({ THE_KEY: 'hunter2', PORT: 'many' }, secrets).problemsOf([
    issue('THE_KEY'),
    issue('PORT'),
  ]);
  expect(describeConfigProblems(asValue)).toBe(
    '  THE_KEY: found a text of 7 characters (not shown), expected a key\n  PORT: found "many", expected a key',
  );
  const path = file('bad', 'hunter2');
  expect(describeConfigProblems(readEnvironment({ THE_KEY_FILE: path }, secrets).problemsOf([issue('THE_KEY')]))).toBe(
    `  THE_KEY_FILE: found ${JSON.stringify(path)}, expected a file with a key`,
  );
  expect(describeConfigProblems(readEnvironment({}, secrets).problemsOf([issue('THE_KEY')]))).toBe(
    '  THE_KEY: found nothing, expected a key; or its file in THE_KEY_FILE',
  );
});
