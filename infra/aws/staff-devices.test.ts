import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Person } from '../../runbooks/playbook/schema.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { Cloud } from './cloud.ts';
import { createStaffDevices } from './staff-devices.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let cloud: Cloud;
beforeAll(async () => {
  local = await localCloudForTests();
  ({ cloud } = local);
});
afterAll(() => local.stop());

const TOKENS = [`face0a${'0'.repeat(58)}`, `face0MiaPixel:APA91b${'M'.repeat(134)}`] as const;
const person = (id: string, devices: Person['devices']): Person => ({
  id,
  name: id,
  roles: ['on-call'],
  slack: [],
  operator_keys: [],
  devices,
});
const people = [
  person('ana', [{ platform: 'ios', token: TOKENS[0], locale: 'en' }]),
  person('ben', []),
  person('mia', [{ platform: 'android', token: TOKENS[1], locale: 'es' }]),
];
const refs = (of: readonly Person[]): string[] =>
  of.flatMap(({ devices }) => devices.flatMap((device) => ('ref' in device ? [device.ref] : [])));

test('what is put away is found by its reference until it is deleted, by readers that had it too', async () => {
  const stowed = await cloud.staff.stow('L1', people);
  expect(JSON.stringify(stowed)).not.toMatch(new RegExp(TOKENS.join('|')));
  expect(await cloud.staff.stow('L1', stowed)).toEqual(stowed);
  const reader = createStaffDevices(cloud.objects);
  const found = [
    { person: 'ana', platform: 'ios', locale: 'en', token: TOKENS[0] },
    { person: 'mia', platform: 'android', locale: 'es', token: TOKENS[1] },
  ];
  expect(await reader.of({ id: 'L1', people: stowed })).toEqual(found);
  expect(await cloud.staff.forget('L1')).toBe(2);
  const gone = found.map((one) => ({ ...one, token: null }));
  for (const one of [reader, cloud.staff, createStaffDevices(cloud.objects)])
    expect(await one.of({ id: 'L1', people: stowed })).toEqual(gone);
  expect(await cloud.objects.list('launches/L1/')).toEqual([]);
  expect(await cloud.staff.forget('L1')).toBe(0);
});

test('the same token is another reference each time, so nobody learns from one whose device it was', async () => {
  const [first, second] = await Promise.all([cloud.staff.stow('L2', people), cloud.staff.stow('L3', people)]);
  expect(new Set([...refs(first), ...refs(second)]).size).toBe(4);
});

test('a token that somebody else put under the reference is not the one that was meant', async () => {
  const stowed = await cloud.staff.stow('L4', people);
  const [mine = ''] = refs(stowed);
  const key = `launches/L4/staff-devices/${mine}`;
  const stored = JSON.parse(Buffer.from((await cloud.objects.get(key)) ?? []).toString()) as Record<string, unknown>;
  for (const body of [JSON.stringify({ ...stored, token: 'bad0'.repeat(16) }), 'no json', '{}']) {
    await cloud.objects.put(key, Buffer.from(body));
    expect(
      (await createStaffDevices(cloud.objects).of({ id: 'L4', people: stowed })).map(({ token }) => token),
    ).toEqual([null, TOKENS[1]]);
  }
});

test('people of a record from before references have their tokens as ever', async () => {
  expect((await cloud.staff.of({ id: 'old', people })).map(({ token }) => token)).toEqual(TOKENS);
});
