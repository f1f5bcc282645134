import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../../../infra/local/cloud/for-tests.ts';
import { main } from '../cli.ts';
import { apns, csv, testFolder } from '../for-tests.ts';
import { M, tableOf } from './for-tests.ts';

const RUNBOOK = fileURLToPath(new URL('../../../runbooks/library/superbowl.yaml', import.meta.url));
let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(() => local.stop());

async function compile(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const env = { AWS_ENDPOINT_URL: local.url, AWS_REGION: 'us-east-1', GOBUTTON_BUCKET: local.config.bucket };
  const code = await main(['compile', ...args], env, out, err);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

test('users and a table give the audience, the rejects and the counts of the list that joins them', async () => {
  await using folder = await testFolder();
  const phones = ['en', 'xx', 'es-MX'].map((locale, n) => ({ platform: 'ios', token: apns(n), locale, market: 'us' }));
  await tableOf(local.url, 'devices', [
    { userId: { S: 'a' }, devices: { L: phones.slice(0, 2).map(M) } },
    { userId: { S: 'b' }, devices: { L: phones.slice(2).map(M) } },
  ]);
  const users = await folder.file('users.csv', 'user\nb\nnobody\na\n');
  const list = await folder.file(
    'list.csv',
    csv(`b,ios,${apns(2)},es-MX,us`, `a,ios,${apns(0)},en,us`, `a,ios,${apns(1)},xx,us`),
  );
  const joined = await compile('--users', users, '--device-table', 'devices', '--runbook', RUNBOOK);
  const plain = await compile(list, '--runbook', RUNBOOK);
  expect(joined).toMatchObject({
    code: 0,
    err: expect.stringContaining('joining 0 of 3 users') as string,
  });
  const hashOf = (out: string) => /^audience +(\S+)$/m.exec(out)?.[1];
  expect(hashOf(joined.out)).toBe(hashOf(plain.out) ?? 'none');
  expect(joined.out).toMatch(/^users +3\n +1 without a device in devices\njoined +3 rows in .* 2 read units\n/m);
  expect(joined.out).toContain('LOCALE_UNKNOWN  1');
  // Beside the audience is nothing left of what it was made from.
  expect(await local.cloud.objects.list('joins/')).toEqual([]);
});

test('half a command is refused with what is missing', async () => {
  await using folder = await testFolder();
  const users = await folder.file('users.csv', 'user\nb\n');
  const say = async (...args: string[]) => {
    const { code, err } = await compile(...args, '--runbook', RUNBOOK, '--out', folder.path);
    expect(code).toBe(2);
    return err;
  };
  expect(await say('--users', users)).toContain('--device-table: found nothing beside --users');
  expect(await say('--device-table', 'devices')).toContain('--users: found nothing beside --device-table');
  expect(await say(users, '--users', users, '--device-table', 'devices')).toContain('expected one of them');
  expect(await say(users, '--capacity', '5')).toContain('--capacity: found it without --device-table');
  expect(await say('--users', users, '--device-table', 'a b')).toContain('expected the name of a table');
  expect(await say('--users', users, '--device-table', 'devices', '--capacity', '0')).toContain('--capacity');
});
