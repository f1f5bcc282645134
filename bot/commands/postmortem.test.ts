import { afterEach, expect, test } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { createLastYear } from '../../test/last-year.ts';

let rig: Rig;
afterEach(() => rig.stop());

test('the postmortem has what was refused, as Markdown and as a page', async () => {
  rig = await startRig();
  const { id } = await readyLaunch(rig);
  await rig.ask(rig.mia, 'fire all');
  expect(await rig.press(rig.mia, 'fire.go')).toContain('second person');
  await until('the refusal', async () =>
    (await rig.cloud.record.messagesAfter(id, 0)).some(({ refused }) => refused !== undefined),
  );
  expect(await rig.ask(rig.ana, 'postmortem')).toContain('The postmortem stands in the channel');
  const posted = await until('the files', async () =>
    (await rig.ana.messages()).flatMap((message) => message.files).filter(({ url }) => url.includes('postmortem')),
  );
  const [document = '', asPage = ''] = await Promise.all(
    posted.map(async ({ url }) => (await fetch(new URL(url, rig.workspace.url))).text()),
  );
  expect(document).toMatch(/\| Mia Chen \| pressing GO on F\d+ \| SAME\\_PERSON: Mia Chen asked for this fire/);
  expect(asPage).toMatch(/<td dir="auto" data-head="what">pressing GO on F\d+<\/td>/);
});

test('a launch that is not there, the same one, and one that the asker had no part in, are no launch to stand beside', async () => {
  rig = await startRig();
  const { id } = await readyLaunch(rig);
  await createLastYear(rig);
  for (const other of ['gone', id, 'last-year'])
    expect(await rig.ask(rig.mia, `postmortem ${other}`)).toContain(`There is no other launch \`${other}\``);
  expect(await rig.ask(rig.ana, 'postmortem last-year')).toContain('The postmortem stands in the channel');
});
