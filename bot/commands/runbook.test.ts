import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { RUNBOOK, startRig, textOf } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';

/** An open launch takes over what its runbook's file says by now. */

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  expect(await rig.ask(rig.ana, 'create drill in 1h')).toContain('Created');
});
afterAll(() => rig.stop());

const write = (text: string) => writeFile(join(rig.runbooksDir, 'drill.yaml'), text);
const posted = (part: string) =>
  until(`a post with ${part}`, async () =>
    (await rig.ana.messages()).map((one) => textOf(one)).findLast((text) => text.includes(part)),
  );

test('the file as it was differs in nothing; with a problem, or gone, it says so and nothing is changed', async () => {
  expect(await rig.ask(rig.ana, 'runbook')).toContain('says of the plan what this launch has');
  await write(RUNBOOK.replace('gates:', 'gates: 3\nnothing:'));
  for (const typed of ['runbook', 'runbook change because'])
    expect(await rig.ask(rig.ana, typed)).toMatch(/drill\.yaml:\d+:\d+ gates: found 3/);
  await rm(join(rig.runbooksDir, 'drill.yaml'));
  expect(await rig.ask(rig.ana, 'runbook')).toContain('No file in the folder of runbooks has the id `drill`');
  await write(RUNBOOK);
  expect(await rig.ask(rig.ana, 'runbook take it')).toContain(
    'is not `change`: `/go runbook` shows what the file says otherwise',
  );
  expect((await rig.launch()).runbookChanges).toEqual({});
});

test('two people change it: before and after with its line, in the private answer and in the room', async () => {
  await write(RUNBOOK.replace('order_expires_after: 10m', 'order_expires_after: 20m'));
  const line = RUNBOOK.slice(0, RUNBOOK.indexOf('order_expires_after')).split('\n').length;
  const parts = ['order_expires_after', '10m', '20m', `drill.yaml:${line}`, 'Nothing is void'];
  const shown = await rig.ask(rig.ana, 'runbook');
  for (const part of [...parts, 'needs a second person']) expect(shown).toContain(part);
  expect(await rig.ask(rig.ana, 'runbook change')).toContain('needs a reason');
  expect(await rig.ask(rig.ana, 'runbook change because kick-off is late')).toContain('Another person approves');
  const asked = await posted('asks to change the runbook');
  for (const part of [...parts, 'kick-off is late']) expect(asked).toContain(part);
  expect(await rig.press(rig.mia, 'runbook.approve')).toContain('The runbook is changed');
  expect(asked).toContain('Needs another person, until ');
  const changed = await posted('approved what Ana Ortiz asked for');
  for (const part of [...parts, 'kick-off is late']) expect(changed).toContain(part);
  expect((await rig.launch()).runbook.order_expires_after).toBe(1_200_000);
});

test('a switch with listed values takes those alone, however they are typed, and one for servers is not in the flag file of the apps', async () => {
  const more = (seenBy: string) =>
    `switches:\n  - { id: shop, title: Shop, values: [open, narrow]${seenBy} }\n  - { id: sign, title: Sign, values: [open, narrow] }`;
  const take = async (text: string) => {
    await write(RUNBOOK.replace('switches:', text));
    expect(await rig.ask(rig.ana, 'runbook change because the shop asks')).toContain('Another person approves');
    await rig.press(rig.mia, 'runbook.approve');
  };
  const flags = async () => {
    const bytes = await rig.cloud.objects.get(`switches/${(await rig.launch()).id}.json`);
    return (JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())) as { switches: object }).switches;
  };
  await take(more(', seen_by: servers'));
  expect(await rig.ask(rig.ana, 'switch')).toContain('`shop` *not set* (open or narrow)');
  expect(await rig.ask(rig.ana, 'switch shop')).toContain('`/go switch shop narrow` (open or narrow)');
  expect(await rig.ask(rig.ana, 'switch shop wide')).toContain(
    "shop can't be wide; by the runbook it is open or narrow",
  );
  await rig.ask(rig.ana, 'switch shop NARROW');
  await rig.ask(rig.ana, 'switch sign open');
  expect((await rig.launch()).switches).toMatchObject({ shop: { value: 'narrow' }, sign: { value: 'open' } });
  await until('the flag of the apps', async () => ('sign' in (await flags()) ? true : null));
  expect(await flags()).toEqual({ sign: 'open' });
  expect((await rig.cloud.parameters.get(rig.cloud.parameters.nameOf((await rig.launch()).id, 'shop')))?.value).toBe(
    'narrow',
  );
  // Who may see it is another now: the file is written anew by the change itself.
  await take(more(''));
  await until('the flag of the shop', async () => ('shop' in (await flags()) ? true : null));
});
