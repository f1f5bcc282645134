import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { cleanUps } from './clean-up.ts';
import type { Command } from './commands.ts';
import type { SwitchValue } from './entries.ts';
import { planOf } from './plan-changes.ts';

const set = (name: string, value: SwitchValue, more: object = {}): Command => ({
  kind: 'set-switch',
  by: 'ana',
  switch: name,
  value,
  reason: 'x',
  ...more,
});

test('what the public mirror says is recorded once for each entry that has it written, after the close too', () => {
  const scene = Scene.ready();
  const of = scene.does(set('sale', true)).seq;
  const report = (about: number): Command => ({
    kind: 'report-mirror',
    switch: 'sale',
    of: about,
    value: 'on',
    tookMs: 9,
    aws: [],
  });
  expect(scene.refuses(report(of + 1)).code).toBe('VALUE_INVALID');
  expect(scene.refuses(report(0.5)).code).toBe('VALUE_INVALID');
  scene.does({ kind: 'close-launch', by: 'ana', reason: 'rain' });
  expect(scene.gives('SwitchMirrored', report(of))).not.toHaveProperty('aws');
  expect(scene.refuses(report(of)).code).toBe('ALREADY_SO');
  scene.does(report(of - 1));
  expect(scene.state.mirrored).toEqual([of, of - 1]);
});

describe('what a switch may hold', () => {
  const LONG = 'x'.repeat(200);
  test.each([
    ['pace.ios', 0, true],
    ['pace.ios', 5_000, true],
    ['pace.ios', -1, false],
    ['pace.android', 0, true],
    ['pace.android', 0.5, false],
    ['pace.android', '5', false],
    ['pace.android', true, false],
    ['zombie', true, true],
    ['zombie', false, true],
    ['zombie', 1, false],
    ['sale', true, true],
    ['sale', false, true],
    ['sale', 1.5, true],
    ['sale', -1, true],
    ['sale', Infinity, false],
    ['sale', 'x', true],
    ['sale', LONG, true],
    ['sale', `${LONG}x`, false],
    ['sale', '', false],
    ['sale', 'a {{b', false],
    ['sale', 'a { {b', true],
  ] as const)('%s = %s: %s', (name, value, fits) => {
    const decision = Scene.created().decide(set(name, value));
    expect(decision.ok ? 'taken' : decision.code).toBe(fits ? 'taken' : 'VALUE_INVALID');
  });

  test.each([
    ['zombie', true, 'zombie is on already.'],
    ['zombie', false, 'zombie is off already.'],
    ['pace.ios', 7, 'pace.ios is 7 already.'],
    ['sale', 'now', 'sale is now already.'],
  ])('%s that is %s already is left alone', (name, value, say) => {
    const scene = Scene.created();
    scene.does(set(name, value));
    expect(scene.refuses(set(name, value))).toMatchObject({ code: 'ALREADY_SO', say });
  });

  test('one that is not there is refused with those that are', () => {
    expect(Scene.created().refuses(set('nope', true)).say).toBe(
      'There is no switch nope; this launch has pace.ios, pace.android, zombie, sale and dark. To stop sending, use /go halt.',
    );
  });
});

describe('a switch that needs two people', () => {
  test('waits with its name, value and reason, and is set by another person than who asked', () => {
    const scene = Scene.created();
    const asked = scene.gives('SwitchRequested', set('dark', true, { reason: 'dress rehearsal' }));
    expect(asked).toMatchObject({
      requestId: 'R2',
      switch: 'dark',
      value: true,
      reason: 'dress rehearsal',
      by: { person: 'ana' },
    });
    const { requestId } = asked;
    expect(scene.gives('SwitchSet', { kind: 'approve-switch', by: 'mia', requestId })).toMatchObject({
      switch: 'dark',
      value: true,
      reason: 'dress rehearsal',
      requestId,
      by: { person: 'mia' },
    });
  });

  test('is asked for once; another value of it, or another switch, is another thing', () => {
    const scene = Scene.created();
    const { requestId } = scene.gives('SwitchRequested', set('dark', true));
    expect(scene.refuses(set('dark', true)).say).toContain('Ana Ortiz has asked for dark = true already');
    const other = scene.gives('SwitchRequested', set('dark', false));
    // One that was set ends every request for it.
    scene.does({ kind: 'approve-switch', by: 'mia', requestId: other.requestId });
    expect(scene.refuses({ kind: 'approve-switch', by: 'mia', requestId }).code).toBe('NO_SUCH_REQUEST');
    scene.does(set('dark', true));
    scene.launch = {
      ...scene.state,
      switchRequests: { R9: { id: 'R9', switch: 'sale', value: 'a', by: 'ana', reason: 'r', open: true } },
    };
    expect(scene.decide(set('dark', 'a')).ok).toBe(true);
  });

  test('a request that is not there is refused', () => {
    expect(Scene.created().refuses({ kind: 'approve-switch', by: 'mia', requestId: 'R99' }).code).toBe(
      'NO_SUCH_REQUEST',
    );
  });
});

test('a value that a step sets must fit like any other, and is set by no person', () => {
  const scene = Scene.created();
  const report = (name: string, value: SwitchValue): Command => ({
    kind: 'turn-switch',
    switch: name,
    value,
    reason: 'console',
  });
  expect(scene.refuses(report('zombie', 'on')).code).toBe('VALUE_INVALID');
  expect(scene.refuses(report('dark', true)).say).toContain('it needs two people');
  expect(scene.gives('SwitchSet', report('zombie', true))).toMatchObject({
    switch: 'zombie',
    value: true,
    reason: 'console',
    requestId: null,
    by: { system: 'conductor' },
  });
});

describe('a switch whose runbook lists its values', () => {
  const shop = { id: 'shop', title: 'Shop', values: ['open', 'narrow', 3, true] };
  const scene = () => Scene.created(sampleRunbook({ switches: [shop] }));

  test.each([
    ['narrow', true],
    [3, true],
    [true, true],
    [false, false],
    ['Narrow', false],
    [4, false],
  ])('is set to one of them: %s %s', (value, fits) => {
    const decision = scene().decide(set('shop', value));
    expect(decision.ok ? '' : decision.say).toBe(
      fits ? '' : `shop can't be ${value === false ? 'off' : value}; by the runbook it is open, narrow, 3 or on.`,
    );
  });

  test('by a step too, and goes back to the first when the launch is stood down', () => {
    const launch = scene();
    const turn = { kind: 'turn-switch', switch: 'shop', reason: '' } as const;
    expect(launch.refuses({ ...turn, value: 'wide' }).code).toBe('VALUE_INVALID');
    launch.does({ ...turn, value: 'narrow' });
    expect(cleanUps(launch.state)).toMatchObject([{ kind: 'switch', id: 'shop', now: 'narrow', to: 'open' }]);
    launch.does({ ...turn, value: 'open' });
    expect(cleanUps(launch.state)).toMatchObject([{ state: 'back' }]);
    const quiet = Scene.created(sampleRunbook({ switches: [{ ...shop, values: ['narrow', false] }] }));
    quiet.does({ ...turn, value: 'narrow' });
    expect(cleanUps(quiet.state)).toMatchObject([{ to: false }]);
  });

  test('keeps the values that hold how it stands: the runbook is not changed away from under it', () => {
    const launch = scene();
    launch.does(set('shop', 'narrow'));
    const change = (values: SwitchValue[]): Command => ({
      kind: 'change-runbook',
      by: 'ana',
      plan: { ...planOf(launch.state.runbook), switches: [{ ...shop, values, two_people: false }] },
      runbookHash: '',
      lines: [],
      reason: 'r',
    });
    expect(launch.refuses(change(['open', 'closed'])).code).toBe('RUNBOOK_IN_USE');
    launch.gives('RunbookChangeRequested', change(['narrow', 'closed']));
  });
});
