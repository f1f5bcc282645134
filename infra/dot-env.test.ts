import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDotEnv } from './dot-env.ts';

let file = '';
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'gobutton-dot-env-')), '.env');
});
afterEach(async () => {
  await rm(join(file, '..'), { recursive: true });
});

const read = async (text: string, env: Record<string, string> = {}) => {
  await writeFile(file, text);
  return readDotEnv(file, env);
};
const problemsOf = async (text: string, env: Record<string, string> = {}) => {
  const found = await read(text, env);
  return found.ok ? [] : found.problems.map((one) => one.replace(file, '.env'));
};

test('gives what the environment does not have, even where it has it empty; values are those that Node reads', async () => {
  const text = '# ours\n\nexport A=1\r\nB = "two\n# lines\n" # remark\nC=\'{"a":1}\'\nD=`"\'`\nE=\nF=x y\nG={"k":"v"}';
  expect(await read(text, { A: '', F: 'mine' })).toMatchObject({
    ok: true,
    values: { B: 'two\n# lines\n', C: '{"a":1}', D: '"\'', E: '', G: '{"k":"v"}' },
  });
  expect(await read(text)).toEqual({ ok: true, values: { ...parseEnv(text) }, problems: [] });
  const example = await readFile(join(import.meta.dirname, '../.env.example'), 'utf8');
  expect(await read(example)).toEqual({ ok: true, values: { ...parseEnv(example) }, problems: [] });
});

test('no file gives nothing; one that is there and can not be read is said, a link that leads nowhere too', async () => {
  expect(readDotEnv(file, {})).toEqual({ ok: true, values: {}, problems: [] });
  await symlink(join(file, '../gone'), file);
  expect(readDotEnv(file, {})).toEqual({
    ok: false,
    values: {},
    problems: [expect.stringContaining('found it unreadable (ENOENT)')],
  });
  await rm(file);
  await mkdir(file);
  expect(readDotEnv(file, {})).toEqual({
    ok: false,
    values: {},
    problems: [expect.stringContaining('found it unreadable (EISDIR)')],
  });
});

test.skipIf(process.getuid?.() === 0)('one whose rights do not let us is said', async () => {
  await writeFile(file, 'A=1');
  await chmod(file, 0);
  expect(readDotEnv(file, {})).toEqual({ ok: false, values: {}, problems: [expect.stringContaining('(EACCES)')] });
});

test('what Node would skip or read as something else is named by its line, and no value is shown', async () => {
  expect(await problemsOf('A=1\nSECRETTOKEN\nB C=2\n=3')).toEqual([
    '.env:2: found a line that begins "SECR", expected NAME=value, or # before a remark',
    '.env:3: found a line that begins "B C=", expected NAME=value, or # before a remark',
    '.env:4: found a line that begins "=3", expected NAME=value, or # before a remark',
  ]);
  expect(await problemsOf('A="x\nB=secret')).toEqual([
    '.env:1: found A with a " that nothing closes, expected another one behind its value',
  ]);
  for (const text of ['A="a\\"secret"', 'A="x\ny" secret', "A='x'secret"]) {
    const [problem, ...more] = await problemsOf(text);
    expect(more).toEqual([]);
    expect(problem).toMatch(/^\.env:1: found more behind the second ["'] of A, which would be lost/);
    expect(problem).not.toContain('secret');
  }
  expect(await read('\uFEFFA=1')).toEqual({ ok: true, values: { A: '1' }, problems: [] });
  expect(await problemsOf('A=1\n\u00A0B=1')).toEqual([
    '.env:2: found a line that begins "B=1", expected NAME=value, or # before a remark',
  ]);
  expect(await problemsOf('A=1\nB="\n"\nA=2')).toEqual(['.env:4: found A again, which line 1 has, expected it once']);
});

test('what Node has read before is not taken for set', async () => {
  expect(await problemsOf('A=1\nNODE_EXTRA_CA_CERTS=/ca.pem\nNODE_ENV=production', {})).toEqual([
    '.env:2: NODE_EXTRA_CA_CERTS is read by Node before this file is, expected it in the environment',
  ]);
  expect(await problemsOf('NODE_EXTRA_CA_CERTS=/ca.pem', { NODE_EXTRA_CA_CERTS: '/ca.pem' })).toEqual([]);
});

const root = join(import.meta.dirname, '..');
/** As a script of package.json starts it, in another folder. */
const started = (code: string, env: Record<string, string> = {}, words: string[] = []) =>
  spawnSync(
    process.execPath,
    ['--import', join(root, 'infra/load-dot-env.ts'), '--input-type=module', '-e', code, ...words],
    {
      cwd: join(file, '..'),
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
    },
  );

test('before a command: silent without a file, in its environment and that of its threads, or nothing begins', async () => {
  const inThread =
    "import { Worker } from 'node:worker_threads'; new Worker('console.log(process.env.A, process.env.B)', { eval: true })";
  expect(started(inThread)).toMatchObject({ status: 0, stdout: 'undefined undefined\n', stderr: '' });
  await writeFile(file, 'A=file\nB=file\n');
  expect(started(inThread, { A: 'mine' })).toMatchObject({ status: 0, stdout: 'mine file\n', stderr: '' });
  await writeFile(file, 'A\n');
  const { status, stdout, stderr } = started(inThread);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(".env can't be used, and nothing was begun:\n  .env:1: found a line");
});

test('a halt is not kept from stopping anything by a line of the file: what is wrong is said, and it goes on', async () => {
  await writeFile(file, 'A=file\nB\n');
  const { status, stdout, stderr } = started('console.log(process.env.A)', {}, ['HALT!', '--launch', 'x']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'file\n' });
  expect(stderr).toContain('the halt goes on all the same:\n  .env:2: found a line');
});

test('every script that reads .env reads it so', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const read = Object.entries(scripts).flatMap(([name, script]) => (script.includes('load-dot-env.ts') ? [name] : []));
  expect(read).toEqual(['audience', 'record', 'go', 'bot', 'worker', 'doctor', 'lane:probe']);
  expect(Object.values(scripts).join('\n')).not.toContain('--env-file');
});
