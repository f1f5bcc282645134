import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROCESSES } from '../../aws/access/permissions.ts';
import { policyOf } from '../../aws/access/policy.ts';
import { createCloud } from '../../aws/create-cloud.ts';
import { localCloudForTests } from '../../local/cloud/for-tests.ts';
import { LOCAL_ACCOUNT, LOCAL_POOL } from '../../local/principals.ts';
import { doctorClients } from './aws-clients.ts';
import { rightsOf, tryRights } from './rights.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests({
    principals: PROCESSES.flatMap((name) => [
      { accessKeyId: `key-${name}`, name, statements: policyOf(name, LOCAL_ACCOUNT) },
      { accessKeyId: `less-${name}`, name: `less-${name}`, statements: policyOf(name, LOCAL_ACCOUNT).slice(1) },
    ]),
  });
  const owner = createCloud(local.config);
  await owner.queues.ensurePool(LOCAL_POOL);
  owner.close();
});
afterAll(() => local.stop());

async function tried(principal: string, process: (typeof PROCESSES)[number]) {
  const clients = doctorClients({ ...local.config, endpoint: local.localCloud.urlFor(principal) }, 10_000);
  const { rights } = await tryRights(clients, { who: principal, notSimulated: null }, rightsOf(process), LOCAL_ACCOUNT);
  clients.destroy();
  return rights;
}

test.each(PROCESSES)(
  '%s with the rights of its stack is denied nothing, by calls that leave no trace',
  async (process) => {
    const rights = await tried(process, process);
    expect(rights.filter(({ is }) => is !== 'allowed' && is !== 'untried')).toEqual([]);
    // A list shows that it may; a missing key shows nothing of the right to read one.
    const of = (action: string) => new Set(rights.filter((one) => one.action.startsWith(action)).map(({ is }) => is));
    expect([...of('s3:ListBucket')]).toEqual(['allowed']);
    expect([...of('s3:GetObject')]).toEqual(['untried']);
    expect(await local.cloud.objects.list('')).toEqual([]);
  },
);

test('one that lacks a statement is told what it may not do', async () => {
  const rights = await tried('less-bot', 'bot');
  expect(rights.filter(({ is }) => is === 'denied').map(({ action }) => action)).toContain(
    'dynamodb:Query (record-table)',
  );
});
