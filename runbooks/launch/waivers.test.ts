import { expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { gateLines } from './gates.ts';

const ask = (scene: Scene, more: Partial<Extract<Command, { kind: 'request-waiver' }>> = {}): Command => ({
  kind: 'request-waiver',
  by: 'ana',
  gate: 'workers',
  segments: 'all',
  worst: 1,
  reason: 'one is enough',
  endsAtMs: scene.nowMs + 60_000,
  ...more,
});

test('a waiver names a gate that is there and soft, a reason, a figure, segments that exist, and an end to come', () => {
  const scene = Scene.ready();
  for (const [more, code] of [
    [{ gate: 'nope' }, 'GATE_UNKNOWN'],
    [{ gate: 'credentials' }, 'GATE_IS_HARD'],
    [{ reason: '  ' }, 'REASON_MISSING'],
    [{ reason: '\u200B\u0301' }, 'REASON_MISSING'],
    [{ worst: Number.NaN }, 'VALUE_INVALID'],
    [{ endsAtMs: scene.nowMs }, 'TIME_INVALID'],
    [{ endsAtMs: Number.NaN }, 'TIME_INVALID'],
    [{ endsAtMs: Number.POSITIVE_INFINITY }, 'TIME_INVALID'],
    [{ endsAtMs: 8.65e15 }, 'TIME_INVALID'],
    [{ segments: ['fr-ios'] }, 'SEGMENT_UNKNOWN'],
    [{ segments: [] }, 'SEGMENT_UNKNOWN'],
    [{ by: 'mia' }, 'ROLE_MISSING'],
  ] as const) {
    expect(scene.refuses(ask(scene, more as Parameters<typeof ask>[1])).code).toBe(code);
  }
  scene.does({
    kind: 'report-gate',
    measured: { gate: 'workers', status: 'red', value: 2, say: '0 of 2', atMs: scene.nowMs },
  });
  expect(scene.refuses(ask(scene, { worst: null }))).toMatchObject({
    code: 'VALUE_INVALID',
    say: expect.stringContaining('measured as a figure, 2 (missing workers) when it last changed'),
  });
});

test('a second person grants it, once, before its end', () => {
  const scene = Scene.ready();
  const { waiverId } = scene.gives('WaiverRequested', ask(scene));
  expect(scene.refuses({ kind: 'grant-waiver', by: 'ana', waiverId }).code).toBe('SAME_PERSON');
  expect(scene.refuses({ kind: 'grant-waiver', by: 'olu', waiverId }).code).toBe('ROLE_MISSING');
  expect(scene.refuses({ kind: 'grant-waiver', by: 'mia', waiverId: 'W99' }).code).toBe('NO_SUCH_WAIVER');
  const early = scene.nowMs;
  scene.nowMs += 60_000;
  expect(scene.refuses({ kind: 'grant-waiver', by: 'mia', waiverId }).code).toBe('WAIVER_NOT_OPEN');
  scene.nowMs = early;
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
  expect(scene.refuses({ kind: 'grant-waiver', by: 'ben', waiverId }).say).toContain(
    'Mia Chen has granted this waiver already',
  );
});

test('a figure is covered by a figure, an unknown value only by a waiver for none', () => {
  const scene = Scene.ready();
  const grant = (worst: number | null) => {
    const { waiverId } = scene.gives('WaiverRequested', ask(scene, { worst }));
    scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
  };
  const status = (more: object) =>
    gateLines(scene.state, measuredAt(scene.nowMs, { workers: { status: 'red', ...more } }), scene.nowMs, 'all').find(
      ({ id }) => id === 'workers',
    )?.status;
  grant(1);
  expect([
    status({ value: 1 }),
    status({ value: 2 }),
    status({ value: null }),
    status({ status: 'unknown', value: null }),
  ]).toEqual(['waived', 'red', 'red', 'unknown']);
  // A stale figure is no figure.
  expect(status({ value: 0, atMs: scene.nowMs - 20_000 })).toBe('unknown');
  grant(null);
  expect([status({ value: null }), status({ status: 'unknown', value: null }), status({ value: 2 })]).toEqual([
    'waived',
    'waived',
    'red',
  ]);
});

test('a line says who waived it, until when and why', () => {
  const scene = Scene.ready();
  const { waiverId } = scene.gives(
    'WaiverRequested',
    ask(scene, { gate: 'copy-read', worst: null, endsAtMs: Date.UTC(2027, 1, 15) }),
  );
  scene.does({ kind: 'grant-waiver', by: 'ben', waiverId });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: false, note: 'typo' });
  const line = gateLines(scene.state, [], scene.nowMs, ['us-ios']).find(({ id }) => id === 'copy-read');
  expect(line).toMatchObject({
    status: 'waived',
    owner: 'Mia Chen',
    manual: true,
    say: 'set to red by Mia Chen at 22:30:00 UTC: typo; waived by Ana Ortiz and Ben Okafor until 00:00:00 UTC: one is enough',
  });
});

test('a changed campaign or replaced audience takes ticks back, the first audience and a skip list do not', () => {
  const scene = Scene.created();
  const tick = () => scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const isTicked = () =>
    gateLines(scene.state, [], scene.nowMs, 'all').find(({ id }) => id === 'copy-read')?.status === 'green';
  const { audience } = Scene.ready().state;
  if (audience === null) throw new Error('unexpected');
  tick();
  expect(scene.refuses({ kind: 'tick-gate', by: 'ana', gate: 'copy-read', green: true, note: '' }).code).toBe(
    'ALREADY_SO',
  );
  expect(scene.refuses({ kind: 'tick-gate', by: 'ana', gate: 'workers', green: true, note: '' }).code).toBe(
    'GATE_NOT_MANUAL',
  );
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 's', key: 'k', tokens: 1 } });
  expect(isTicked()).toBe(true);
  scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b' } });
  expect(isTicked()).toBe(false);
  tick();
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, sound: 'tada' } });
  expect(isTicked()).toBe(false);
});

test('the copy is ticked only after a copy of this very text has arrived, and by somebody else only with a mark', () => {
  const scene = Scene.created(
    sampleRunbook({ gates: [{ id: 'copy-read', title: 'The copy was read', owner: 'mia', after: 'test-copies' }] }),
  );
  const tick = (by: string, green = true): Command => ({ kind: 'tick-gate', by, gate: 'copy-read', green, note: '' });
  const send = (accepted: boolean) => {
    const { testId } = scene.gives('TestRequested', { kind: 'request-test', by: 'ana', to: ['ana'] });
    scene.does({
      kind: 'report-test',
      testId,
      results: [{ person: 'ana', platform: 'ios', accepted, reason: accepted ? '' : 'BadDeviceToken', tookMs: 5 }],
    });
  };
  const line = () => gateLines(scene.state, [], scene.nowMs, 'all')[0];
  expect(scene.refuses(tick('mia')).code).toBe('TEST_MISSING');
  send(false);
  expect(scene.refuses(tick('mia')).code).toBe('TEST_MISSING');
  send(true);
  scene.does(tick('ben'));
  expect(line()).toMatchObject({
    status: 'green',
    say: expect.stringContaining('ticked by Ben Okafor, who is not its owner Mia Chen,') as string,
  });
  scene.does(tick('mia', false));
  scene.does(tick('mia'));
  expect(line()?.say).toMatch(/^ticked by Mia Chen at/);
  // Another text: the copy that arrived was not this one.
  scene.does({
    kind: 'set-campaign',
    by: 'mia',
    campaign: {
      ...scene.state.campaign,
      locales: { ...scene.state.campaign.locales, en: { title: 'Other', body: 'Text' } },
    },
  });
  expect(scene.refuses(tick('mia')).code).toBe('TEST_MISSING');
  // Taking a tick back never needs a copy.
  send(true);
  scene.does(tick('mia'));
  scene.does(tick('mia', false));
});

test('a waiver says which gates and segments there are, and how a hard one is made green', () => {
  const scene = Scene.ready();
  const says = (more: object) => scene.refuses(ask(scene, more)).say;
  expect(says({ gate: 'nope' })).toBe(
    'There is no gate nope; this launch has credentials, workers, queues, copy-read, clocks-agree, providers-met and one-version.',
  );
  expect(says({ gate: 'credentials' })).toMatch(/Make it green: see \/go ready\.$/);
  expect(says({ segments: ['us-ios', 'fr-ios', 'de-ios'] })).toBe(
    'The audience has no segment fr-ios or de-ios; it has us-ios, us-android and br-ios. Name those, or all.',
  );
  const created = Scene.created();
  expect(created.refuses(ask(created, { segments: ['us-ios'] })).say).toContain('it has nothing.');
  expect(created.decide(ask(created)).ok).toBe(true);
  const [hard] = scene.state.runbook.gates;
  if (hard === undefined) throw new Error('unexpected');
  const gates = [{ ...hard, help: 'renew the key' }];
  scene.launch = { ...scene.state, runbook: { ...scene.state.runbook, gates } };
  expect(says({ gate: 'credentials' })).toMatch(/Make it green: renew the key\.$/);
});

test('a waiver for a measured gate names a figure, once there has been one', () => {
  const scene = Scene.ready();
  const report = (value: number | null): Command => ({
    kind: 'report-gate',
    measured: { gate: 'workers', status: value === null ? 'unknown' : 'red', value, say: '', atMs: scene.nowMs },
  });
  scene.does(report(2));
  expect(scene.decide(ask(scene, { worst: 2 })).ok).toBe(true);
  scene.does(report(null));
  expect(scene.decide(ask(scene, { worst: null })).ok).toBe(true);
});

test('a waiver holds all that it was asked with, under an id of its own', () => {
  const scene = Scene.ready();
  const { seq, waiverId, gate, segments, worst, reason, endsAtMs, by } = scene.gives(
    'WaiverRequested',
    ask(scene, { segments: ['us-ios'], worst: 3 }),
  );
  expect({ waiverId, gate, segments, worst, reason, endsAtMs, by }).toEqual({
    waiverId: `W${seq}`,
    gate: 'workers',
    segments: ['us-ios'],
    worst: 3,
    reason: 'one is enough',
    endsAtMs: scene.nowMs + 60_000,
    by: { person: 'ana' },
  });
});

test('what looks unfinished in the text takes no waiver, only a tick', () => {
  const scene = Scene.ready();
  const { campaign } = scene.state;
  const en = { title: 'Hello {{name}}', body: 'b' };
  scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...campaign, locales: { ...campaign.locales, en } } });
  expect(scene.refuses(ask(scene, { gate: 'copy-doubts' }))).toMatchObject({
    code: 'GATE_IS_HARD',
    say: expect.stringContaining('takes no waiver: it is about this very text') as string,
  });
});
