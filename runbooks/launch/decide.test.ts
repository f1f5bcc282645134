import { describe, expect, test } from 'vitest';
import { audience, LAUNCH_ID, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';

describe('a launch', () => {
  test('is created once, with a name, time, pace and campaign that can work', () => {
    const create = (more: Partial<Extract<Command, { kind: 'create-launch' }>>): Command => ({
      kind: 'create-launch',
      by: 'ana',
      launchId: LAUNCH_ID,
      name: 'x',
      channelId: 'C',
      runbook: sampleRunbook(),
      runbookHash: '',
      targetAtMs: T0_MS,
      compress: 1,
      ...more,
    });
    const scene = new Scene();
    const { campaign } = sampleRunbook();
    for (const [more, code] of [
      [{ launchId: 'a/b' }, 'VALUE_INVALID'],
      [{ launchId: 'x'.repeat(61) }, 'VALUE_INVALID'],
      [{ targetAtMs: Number.NaN }, 'TIME_INVALID'],
      [{ targetAtMs: 1e18 }, 'TIME_INVALID'],
      [{ targetAtMs: -1e18 }, 'TIME_INVALID'],
      [{ compress: 1e-300 }, 'VALUE_INVALID'],
      [{ compress: 1e308 }, 'VALUE_INVALID'],
      [{ compress: 0 }, 'VALUE_INVALID'],
      [{ compress: Number.NaN }, 'VALUE_INVALID'],
      [{ by: 'mia' }, 'ROLE_MISSING'],
      [{ by: 'eve' }, 'NOT_ON_ROSTER'],
      [{ runbook: sampleRunbook({ campaign: { ...campaign, default_locale: 'fr' } }) }, 'LOCALE_UNKNOWN'],
      [
        { runbook: sampleRunbook({ campaign: { ...campaign, data: { blob: 'x'.repeat(4_000) } } }) },
        'PAYLOAD_TOO_LARGE',
      ],
    ] satisfies [Parameters<typeof create>[0], string][]) {
      expect(scene.refuses(create(more)).code).toBe(code);
    }
    scene.does(create({}));
    expect(scene.refuses(create({})).code).toBe('LAUNCH_EXISTS');
  });

  test('that is closed takes notes and capacity down, nothing else', () => {
    const scene = Scene.ready();
    const order = scene.asked();
    scene.does({ kind: 'close-launch', by: 'ana', reason: 'rain' });
    expect(scene.order(order.id)).toMatchObject({ state: 'void', voidedBy: 'the launch was closed' });
    expect(scene.refuses(scene.press(order)).code).toBe('LAUNCH_CLOSED');
    expect(scene.refuses({ kind: 'close-launch', by: 'ana', reason: '' }).code).toBe('LAUNCH_CLOSED');
    scene.does({ kind: 'note', by: 'olu', text: ' lessons ' });
    scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 0, step: null, reason: 'home' });
    scene.does({ kind: 'report-scale', target: 'workers', desired: 0, stands: 0, tookMs: 5 });
    expect(scene.refuses({ kind: 'note', by: 'olu', text: ' ' }).code).toBe('VALUE_INVALID');
  });
});

describe('content', () => {
  test('a campaign without a text for a locale of the audience, or too large, changes nothing', () => {
    const scene = Scene.ready();
    const { campaign } = scene.state;
    const { en } = campaign.locales;
    if (en === undefined) throw new Error('unexpected');
    expect(
      scene.refuses({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, locales: { en } } }),
    ).toMatchObject({ code: 'LOCALE_UNKNOWN', say: expect.stringContaining('no text for pt-BR; it has en') });
    expect(
      scene.refuses({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, data: { x: '€'.repeat(1_300) } } })
        .code,
    ).toBe('PAYLOAD_TOO_LARGE');
    expect(scene.refuses({ kind: 'set-campaign', by: 'mia', campaign: structuredClone(campaign) }).code).toBe(
      'ALREADY_SO',
    );
  });

  test("an audience adds up, speaks the campaign's locales, and is never replaced once part of it was fired", () => {
    const scene = Scene.created();
    const set = (more: object): Command => ({ kind: 'set-audience', by: 'ana', audience: { ...audience, ...more } });
    expect(scene.refuses(set({ devices: 999 })).code).toBe('VALUE_INVALID');
    expect(scene.refuses(set({ segments: [...audience.segments, audience.segments[0]], devices: 1_500 })).code).toBe(
      'VALUE_INVALID',
    );
    expect(scene.refuses(set({ segments: [], devices: 0 })).code).toBe('VALUE_INVALID');
    expect(scene.refuses(set({ locales: { en: 1, fr: 999 } })).code).toBe('LOCALE_UNKNOWN');
    const ready = Scene.ready();
    expect(ready.refuses(set({})).code).toBe('ALREADY_SO');
    ready.closes(ready.fired(['us-ios']));
    expect(ready.refuses(set({ hash: 'b' })).code).toBe('AUDIENCE_IN_USE');
    expect(ready.decide({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 's', key: 'k', tokens: 1 } }).ok).toBe(
      true,
    );
  });
});

describe('switches', () => {
  const set = (name: string, value: string | number | boolean, more: object = {}): Command => ({
    kind: 'set-switch',
    by: 'ana',
    switch: name,
    value,
    reason: 'x',
    ...more,
  });

  test("pace, zombie and the runbook's own are set by on-call, with values that fit", () => {
    const scene = Scene.created();
    for (const [name, value, code] of [
      ['halt', true, 'SWITCH_UNKNOWN'],
      ['constructor', 1, 'SWITCH_UNKNOWN'],
      ['pace.ios', -1, 'VALUE_INVALID'],
      ['pace.ios', '5', 'VALUE_INVALID'],
      ['pace.android', 1.5, 'VALUE_INVALID'],
      ['zombie', 'on', 'VALUE_INVALID'],
      ['sale', Number.NaN, 'VALUE_INVALID'],
      ['sale', '', 'VALUE_INVALID'],
      ['sale', 'x'.repeat(201), 'VALUE_INVALID'],
      ['sale', '{{now}}', 'VALUE_INVALID'],
    ] as const) {
      expect(scene.refuses(set(name, value)).code).toBe(code);
    }
    expect(scene.refuses(set('zombie', true, { by: 'mia' })).code).toBe('ROLE_MISSING');
    scene.does(set('zombie', true));
    expect(scene.refuses(set('zombie', true)).code).toBe('ALREADY_SO');
    scene.does(set('pace.ios', 5_000));
    expect(scene.state.switches).toMatchObject({
      zombie: { value: true, seq: 2 },
      'pace.ios': { value: 5_000, seq: 3 },
    });
  });

  test('a two-person switch waits for a second person, and Parameter Store is no way around it', () => {
    const scene = Scene.created();
    expect(scene.refuses(set('dark', true, { reason: '' }))).toMatchObject({
      code: 'REASON_MISSING',
      say: expect.stringContaining('/go switch dark on because …') as string,
    });
    const { requestId } = scene.gives('SwitchRequested', set('dark', true));
    expect(scene.state.switches['dark']).toBeUndefined();
    expect(scene.refuses(set('dark', true)).code).toBe('ALREADY_SO');
    expect(scene.refuses({ kind: 'approve-switch', by: 'ana', requestId }).code).toBe('SAME_PERSON');
    expect(scene.refuses({ kind: 'turn-switch', switch: 'dark', value: true, reason: '' }).code).toBe('ROLE_MISSING');
    scene.does({ kind: 'approve-switch', by: 'mia', requestId });
    expect(scene.state.switches['dark']?.value).toBe(true);
    expect(scene.refuses({ kind: 'approve-switch', by: 'ben', requestId }).code).toBe('NO_SUCH_REQUEST');
    expect(
      scene.gives('SwitchSet', { kind: 'turn-switch', switch: 'sale', value: 'on', reason: 'console' }).by,
    ).toEqual({ system: 'conductor' });
  });
});

describe('scale and tests', () => {
  test('a step orders once, reports count for the count that was ordered last', () => {
    const scene = Scene.created();
    const order = (desired: number, more: object = {}): Command => ({
      kind: 'order-scale',
      by: null,
      target: 'workers',
      desired,
      step: 'scale-up',
      reason: '',
      ...more,
    });
    expect(scene.refuses(order(2, { target: 'nope' })).code).toBe('TARGET_UNKNOWN');
    expect(scene.refuses(order(-1)).code).toBe('VALUE_INVALID');
    scene.does(order(2));
    expect(scene.refuses(order(2)).code).toBe('ALREADY_SO');
    scene.does({ kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: 'by hand' });
    expect(
      scene.refuses({ kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: '' })
        .code,
    ).toBe('ALREADY_SO');
    scene.does({ kind: 'report-scale', target: 'workers', desired: 2, stands: 2, tookMs: 9 });
    expect(scene.refuses({ kind: 'report-scale', target: 'workers', desired: 2, stands: 2, tookMs: 9 }).code).toBe(
      'ALREADY_SO',
    );
    scene.does(order(4, { by: 'ana', step: null }));
    expect(scene.refuses({ kind: 'report-scale', target: 'workers', desired: 2, stands: 2, tookMs: 9 }).code).toBe(
      'VALUE_INVALID',
    );
    expect(scene.state.scale['workers']).toMatchObject({ desired: 4, state: 'moving' });
  });

  test('test copies go to people with devices, and their result is for the content that was sent', () => {
    const scene = Scene.created();
    const ask = (...to: string[]): Command => ({ kind: 'request-test', by: 'ana', to });
    expect(scene.refuses(ask()).code).toBe('NO_DEVICES');
    expect(scene.refuses(ask('mia')).say).toContain('no device of Mia Chen; devices are known of Ana Ortiz');
    expect(scene.refuses(ask('eve')).code).toBe('NOT_ON_ROSTER');
    const { testId, contentHash } = scene.gives('TestRequested', ask('ana', 'ana'));
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, sound: 'tada' } });
    const report: Command = {
      kind: 'report-test',
      testId,
      results: [{ person: 'ana', platform: 'ios', accepted: true, reason: '', tookMs: 40 }],
    };
    expect(scene.gives('TestDone', report).contentHash).toBe(contentHash);
    expect(scene.refuses(report).code).toBe('ALREADY_SO');
    expect(scene.refuses({ ...report, testId: 'T99' }).code).toBe('NO_SUCH_TEST');
  });

  test("a gate's measurement is recorded when its status changes", () => {
    const scene = Scene.created();
    const report = (status: 'red' | 'green', gate = 'workers'): Command => ({
      kind: 'report-gate',
      measured: { gate, status, value: 1, say: '', atMs: scene.nowMs },
    });
    scene.does(report('red'));
    expect(scene.refuses(report('red')).code).toBe('ALREADY_SO');
    scene.does(report('green'));
    expect(scene.refuses(report('red', 'nope')).code).toBe('GATE_UNKNOWN');
    expect(scene.refuses(report('red', 'copy-read')).code).toBe('VALUE_INVALID');
  });
});
