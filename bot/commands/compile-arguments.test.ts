import { expect, test } from 'vitest';
import { splitWords } from './arguments.ts';
import { compileArguments } from './compile-arguments.ts';

const LAUNCH = { bucket: 'lists-here', locales: ['en', 'de'] };
const read = (text: string) => compileArguments(splitWords(text), LAUNCH);
const problem = (text: string) => {
  const found = read(text);
  return found.ok ? 'none' : found.problem;
};
const NEEDED = '--users uploads/users.csv --device-table users';

test('what the command line takes is taken, and handed on as it takes it', () => {
  expect(
    read(
      `${NEEDED} --map token=push.token,user=uid --devices phones --capacity 3,000 --locales en,de --fallback-locale en --segments us-ios,de-ios --suppress uploads/a.csv --suppress s3://lists-here/uploads/b.csv --skip uploads/bad.txt --skip uploads/worse.txt --fresh --accept`,
    ),
  ).toEqual({
    ok: true,
    asked: {
      users: 's3://lists-here/uploads/users.csv',
      table: 'users',
      accepts: true,
      options: [
        '--devices phones --map token=push.token,user=uid --capacity 3,000 --locales en,de --fallback-locale en',
        '--segments us-ios,de-ios --suppress s3://lists-here/uploads/a.csv --suppress s3://lists-here/uploads/b.csv',
        '--skip s3://lists-here/uploads/bad.txt --skip s3://lists-here/uploads/worse.txt --fresh',
      ].flatMap((part) => part.split(' ')),
    },
  });
});

test('dashes and links as phones and Slack make them are read as they were meant', () => {
  const plain = read(NEEDED);
  expect(read('—users uploads/users.csv –device-table=users')).toEqual(plain);
  expect(read('--users <http://uploads/users.csv|uploads/users.csv> --device-table users')).toEqual(plain);
});

test.each([
  ['', 'Which users?'],
  ['--users uploads/users.csv', 'Which table?'],
  ['users.csv --device-table users', '`users.csv` belongs to no option'],
  [`${NEEDED} --capacty 5`, 'no option `--capacty`. Did you mean `capacity`?'],
  [`${NEEDED} --capacity`, '`--capacity` has no value'],
  [`${NEEDED} --capacity lots`, '`lots` is no `--capacity`: expected'],
  [`${NEEDED} --users uploads/other.csv`, '`--users` stands there twice'],
  [`${NEEDED} --locales en,fr`, 'The campaign has no locale `fr`. It has `en` `de`.'],
  [
    '--users users.csv --device-table users',
    '`users.csv` is no list that the task can read: put it below `s3://lists-here/uploads/`',
  ],
  ['--users s3://theirs/uploads/users.csv --device-table users', 'no list that the task can read'],
  [`${NEEDED} --suppress joins/a.csv`, '`joins/a.csv` is no list that the task can read'],
  [`${NEEDED} --skip bad.txt`, '`bad.txt` is no list that the task can read: put it below'],
  [`${NEEDED} --skip`, '`--skip` has no value'],
  ['--users uploads/users.csv --device-table a/b', '`a/b` is no name of a DynamoDB table'],
  [`${NEEDED} --segments ${'a'.repeat(4_000)}`, 'more than a task can be told'],
])('%s is refused with what is wrong', (text, say) => {
  expect(problem(text)).toContain(say);
});
