import { expect, test } from 'vitest';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { Scene } from '../../test/properties/scene.ts';
import { campaign } from './campaign.ts';
import { scale, switchTo } from './drive.ts';
import { ofThisLaunch } from './examples.ts';
import { fire } from './fire.ts';
import { tick } from './lead.ts';
import { rehearse } from './rehearse.ts';
import { status } from './see.ts';

const { launch } = Scene.created();
if (launch === null) throw new Error('NO_LAUNCH');
const sale: Launch = {
  ...launch,
  campaign: { ...launch.campaign, locales: { pl: { title: 'A', body: 'A' }, lt: { title: 'B', body: 'B' } } },
  audience: {
    hash: 'a',
    manifestKey: 'm',
    devices: 2,
    locales: { pl: 2 },
    segments: [
      { id: 'pl-android', platform: 'android', devices: 1, batches: 1, locales: { pl: 1 } },
      { id: 'lt-android', platform: 'android', devices: 1, batches: 1, locales: { lt: 1 } },
    ],
  },
};

test("examples name the launch's own segments, market and platform", () => {
  expect(ofThisLaunch(fire, sale).usage).toEqual([
    'fire',
    'fire all',
    'fire pl-android, lt-android',
    'fire pl',
    'fire android',
    'fire pl at 18:30',
    'fire all at its target',
  ]);
});

test('and its locales, as far as there are any: no example stands twice', () => {
  expect(ofThisLaunch(campaign, sale).usage).toEqual([
    'campaign',
    'campaign lt pl',
    'campaign show',
    'campaign preview',
    'campaign preview lt pl',
    'campaign set lt badge 2',
    'campaign set lt/b image none',
  ]);
});

test('without a launch or its audience they stay as they are', () => {
  expect(ofThisLaunch(fire, null)).toEqual(fire);
  expect(ofThisLaunch(fire, { ...sale, audience: null })).toEqual(fire);
  expect(ofThisLaunch(status, sale)).toEqual(status);
});

test('and its fleets, gates, switches and id', () => {
  const { runbook } = sale;
  const named = (sub: Parameters<typeof ofThisLaunch>[0]) => ofThisLaunch(sub, sale).usage;
  expect(named(scale)[0]).toBe(`scale ${runbook.scale_targets[0]?.id} 40`);
  expect(named(switchTo)[0]).toBe(`switch ${runbook.switches[0]?.id} off`);
  expect(named(tick)[1]).toBe('tick copy-read');
  expect(named(rehearse)).toContain(`rehearse limited market pl of ${sale.id}`);
});
