import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
});
afterEach(async () => {
  await rig.stop();
});

const parameter = (name: string) => `/gobutton/gobutton/${rig.launchId}/${name}`;
const timings = { otherParametersMs: 200 };

test('a switch set in Parameter Store by hand is told once and not obeyed, also under another leader; our own writes are not', async () => {
  const { conductor, journal } = rig.conductor('first', { timings });
  await conductor.start();
  const set = await journal.append(rig.launchId, {
    kind: 'set-switch',
    by: 'ana',
    switch: 'pace.ios',
    value: 700,
    reason: '',
  });
  if (!set.ok) throw new Error(set.say);
  await conductor.perform(rig.launchId, set.entry);
  await until('the mirror', async () => (await rig.cloud.parameters.get(parameter('pace.ios')))?.value === '700');
  await rig.cloud.parameters.put(parameter('pace.ios'), '90');
  const told = await rig.seen('was set to “90” in Parameter Store');
  expect(told.text).toContain('Here it is 700; /go pace ios sets it');
  await conductor.stop();
  await rig.conductor('second', { timings }).conductor.start();
  await rig.cloud.parameters.put(parameter('zombie'), 'on');
  await rig.seen('zombie was set to “on” in Parameter Store');
  expect((await rig.entries('Noted')).map(({ by }) => by)).toEqual([{ system: 'conductor' }, { system: 'conductor' }]);
  expect((await rig.launch()).switches).toMatchObject({ 'pace.ios': { value: 700 } });
});

test('what was set by hand is told before our next write covers it', async () => {
  const { conductor, journal } = rig.conductor('first', { slack: null });
  await rig.cloud.parameters.put(parameter('sale'), 'by hand');
  const set = await journal.append(rig.launchId, {
    kind: 'set-switch',
    by: 'ana',
    switch: 'sale',
    value: true,
    reason: '',
  });
  if (!set.ok) throw new Error(set.say);
  await conductor.perform(rig.launchId, set.entry);
  expect((await rig.cloud.parameters.get(parameter('sale')))?.value).toBe('on');
  expect(await rig.entries('Noted')).toMatchObject([
    { text: expect.stringContaining('sale was set to “by hand” in Parameter Store') as string },
  ]);
});

test('a value by hand that is longer than a note may be is told all the same', async () => {
  await rig.cloud.parameters.put(parameter('sale'), 'x'.repeat(4_000));
  await rig.conductor('first', { slack: null, timings }).conductor.start();
  await until('the note', async () => (await rig.entries('Noted')).length === 1);
});
