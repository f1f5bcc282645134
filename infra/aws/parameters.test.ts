import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import type { Clients } from './clients.ts';
import { createParameters } from './parameters.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
beforeAll(async () => {
  local = await localCloudForTests();
  clients = createClients(local.config);
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});

test('a parameter is overwritten under a new version and tells who changed it', async () => {
  const { parameters } = local.cloud;
  const name = parameters.nameOf('l', 'halt');
  expect(name).toBe('/gobutton/gobutton/l/halt');
  expect(await parameters.get(name)).toBeNull();
  expect(await parameters.put(name, 'off')).toBe(1);
  const beforeMs = Date.now();
  expect(await parameters.put(name, 'on')).toBe(2);
  expect(await parameters.get(name)).toMatchObject({ value: 'on', version: 2, isSecret: false });
  const { modifiedAtMs = 0 } = (await parameters.get(name)) ?? {};
  expect(modifiedAtMs).toBeGreaterThanOrEqual(beforeMs);
  expect(modifiedAtMs).toBeLessThanOrEqual(Date.now());
  expect(await parameters.get(name, 1)).toMatchObject({ value: 'off', version: 1 });
  expect(await parameters.get(name, 9)).toBeNull();
  expect(await parameters.modifiedBy(name, 2)).toBe('arn:aws:iam::000000000000:user/local');
  expect(await parameters.modifiedBy(name, 1)).toBeNull();
});

test(
  'who changed it is not waited for: AWS may hang, and pages of a search that hold nothing yet are gone through',
  secondTry(A_WAIT),
  async () => {
    const name = local.cloud.parameters.nameOf('slow', 'halt');
    await local.cloud.parameters.put(name, 'on');
    const about = await clients.ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Values: [name] }] }),
    );
    expect(about).toMatchObject({ Parameters: [], NextToken: expect.any(String) as string });
    expect(await local.cloud.parameters.modifiedBy(name, 1)).toBe('arn:aws:iam::000000000000:user/local');
    const hanging = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const slow = createClients({
      ...local.config,
      endpoint: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
    });
    const startedMs = performance.now();
    expect(await createParameters({ ...slow, deployment: 'gobutton' }).modifiedBy(name, 1)).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(4_500);
    hanging.closeAllConnections();
    hanging.close();
    slow.destroy();
  },
);

test('a value with double braces is refused', async () => {
  await expect(local.cloud.parameters.put('/braces', 'now {{x}}')).rejects.toMatchObject({
    name: 'ValidationException',
  });
});

test('a list goes through all pages of ten, and has what is of this launch and deployment alone', async () => {
  const { parameters } = local.cloud;
  for (let at = 0; at < 23; at++) await parameters.put(parameters.nameOf('paged', `deep/s${at}`), String(at));
  await parameters.put(parameters.nameOf('paged-not', 's'), 'x');
  const other = createParameters({ ...clients, deployment: 'gobutton-live' });
  await other.put(other.nameOf('paged', 's'), 'x');
  const found = await parameters.list('paged');
  expect(found).toHaveLength(23);
  expect(found.find((one) => one.name.endsWith('s22'))).toEqual({
    name: 'deep/s22',
    value: '22',
    version: 1,
  });
});

test('a parameter that somebody made a secret or a list is read decrypted, and overwritten with its type as it is', async () => {
  const { ssm } = clients;
  for (const Type of ['SecureString', 'StringList'] as const) {
    const name = `/gobutton/typed/${Type}`;
    await ssm.send(new PutParameterCommand({ Name: name, Type, Value: 'off' }));
    expect((await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value).toBe(
      Type === 'SecureString' ? Buffer.from('cipher:off').toString('base64') : 'off',
    );
    await expect(
      ssm.send(new PutParameterCommand({ Name: name, Type: 'String', Value: 'on', Overwrite: true })),
    ).rejects.toMatchObject({ name: 'HierarchyTypeMismatchException' });
    expect(await local.cloud.parameters.get(name)).toMatchObject({ value: 'off', isSecret: Type === 'SecureString' });
    expect(await local.cloud.parameters.put(name, 'on')).toBe(2);
    expect((await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Type).toBe(Type);
  }
});

test('names, versions, history and deletion are as on AWS', async () => {
  const { ssm } = clients;
  const put = (Value: string, Overwrite: boolean) =>
    ssm.send(new PutParameterCommand({ Name: '/h', Value, Type: 'String', Overwrite }));
  await put('one', false);
  await expect(put('two', false)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  await put('two', true);
  expect((await ssm.send(new GetParameterCommand({ Name: '/h:1' }))).Parameter).toMatchObject({
    Value: 'one',
    Version: 1,
  });
  await expect(ssm.send(new GetParameterCommand({ Name: '/h:9' }))).rejects.toMatchObject({
    name: 'ParameterVersionNotFound',
  });
  const history = await ssm.send(new GetParameterHistoryCommand({ Name: '/h', MaxResults: 1 }));
  expect(history.Parameters?.[0]).toMatchObject({
    Value: 'one',
    LastModifiedUser: 'arn:aws:iam::000000000000:user/local',
  });
  expect(
    (await ssm.send(new GetParameterHistoryCommand({ Name: '/h', MaxResults: 1, NextToken: history.NextToken })))
      .Parameters?.[0],
  ).toMatchObject({ Value: 'two' });
  expect(await ssm.send(new GetParametersCommand({ Names: ['/h', '/none'] }))).toMatchObject({
    Parameters: [{ Value: 'two' }],
    InvalidParameters: ['/none'],
  });
  await ssm.send(new DeleteParameterCommand({ Name: '/h' }));
  await expect(ssm.send(new GetParameterCommand({ Name: '/h' }))).rejects.toMatchObject({ name: 'ParameterNotFound' });
  await expect(
    ssm.send(new PutParameterCommand({ Name: '/big', Type: 'String', Value: 'x'.repeat(4_097) })),
  ).rejects.toThrow('4096');
});

test('a hundred versions are kept', async () => {
  for (let at = 1; at <= 103; at++) await local.cloud.parameters.put('/many', String(at));
  expect(await local.cloud.parameters.get('/many')).toMatchObject({ value: '103', version: 103 });
  expect(
    (await clients.ssm.send(new GetParameterHistoryCommand({ Name: '/many', MaxResults: 1 }))).Parameters?.[0]?.Version,
  ).toBe(4);
});
