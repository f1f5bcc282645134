import { afterEach, expect, test } from 'vitest';
import { until } from '../../infra/local/slack/for-tests.ts';
import { readyLaunch, startRig } from '../../test/bot-rig.ts';
import type { Rig } from '../../test/bot-rig.ts';
import { createLastYear } from '../../test/last-year.ts';

let rig: Rig;
afterEach(() => rig.stop());

test('another launch is named by whoever was on its roster; one of the same runbook needs no name', async () => {
  rig = await startRig();
  const { runbook } = await readyLaunch(rig);
  await createLastYear(rig);
  expect(await rig.ask(rig.mia, 'compare last-year')).toContain('There is no other launch `last-year`');
  expect(await rig.ask(rig.ana, 'compare last-year')).toMatch(/asked for +this launch +Last year \(last-year\)/);
  expect(await rig.ask(rig.ana, 'compare')).toContain('no other launch was named');
  await rig.cloud.live.putLaunch({
    launchId: 'last-year',
    name: 'Last year',
    channelId: 'C9OTHER',
    pool: 'drill-workers',
    createdAtMs: 1,
    closed: true,
    runbook: runbook.id,
  });
  const beside = await until('the earlier launch', async () => {
    const text = await rig.ask(rig.ana, 'compare');
    return text.includes('Last year (last-year)') ? text : undefined;
  });
  expect(beside).toMatch(/\nhalts +– +0 +0\n/);
});
