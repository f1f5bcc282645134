import { describe, expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import type { Gate } from '../playbook/schema.ts';
import { CLOCKS_GATE } from './clocks-gate.ts';
import type { Command } from './commands.ts';
import { COPY_GATE } from './copy-doubts.ts';
import type { Measured } from './entries.ts';
import { coveringWaiver, gateLines, gateNamed, gatesOf, isHardGate, isMadeGate, redLines, redText } from './gates.ts';
import type { Launch, Waiver } from './launch.ts';
import { PROVIDERS_GATE } from './providers-gate.ts';
import { VERSIONS_GATE } from './versions-gate.ts';

const gate = (more: Partial<Gate>): Gate => ({ id: 'g', title: 'G', hard: false, ...more });
const lineOf = (launch: Launch, id: string, measured: readonly Measured[], nowMs: number) =>
  gateLines(launch, measured, nowMs, 'all').find((line) => line.id === id);

describe('the gates of a launch', () => {
  test.each([
    { of: gate({ hard: true }), hard: true },
    { of: gate({}), hard: false },
    { of: gate({ probe: { kind: 'credentials' } }), hard: true },
    { of: gate({ probe: { kind: 'payload-size' } }), hard: true },
    { of: gate({ probe: { kind: 'queue-empty', queue: 'batches' } }), hard: false },
    { of: gate({ hard: true, probe: { kind: 'queue-empty', queue: 'batches' } }), hard: true },
  ])('$of is hard: $hard', ({ of, hard }) => expect(isHardGate(of)).toBe(hard));

  test('are those of the runbook, then those that are made for it unless it has its own', () => {
    const ids = (launch: Launch) => gatesOf(launch).map(({ id }) => id);
    const { state } = Scene.ready();
    const own = ['credentials', 'workers', 'queues', 'copy-read'];
    expect(ids(state)).toEqual([...own, 'clocks-agree', 'providers-met', 'one-version']);
    const gates = [
      { id: 'ours', title: 'Ours', probe: { kind: 'clocks', within: '1s' } },
      { id: 'theirs', title: 'Theirs', probe: { kind: 'providers' } },
      { id: 'same', title: 'Same', probe: { kind: 'versions' } },
    ];
    expect(ids(Scene.created(sampleRunbook({ gates })).state)).toEqual(['ours', 'theirs', 'same']);
    const en = { title: 'Hello {{name}}', body: 'b' };
    const campaign = { ...state.campaign, locales: { ...state.campaign.locales, en } };
    expect(ids({ ...state, campaign })).toEqual([
      ...own,
      'clocks-agree',
      'providers-met',
      'one-version',
      'copy-doubts',
    ]);
  });

  test('are named, also when they have nothing to say any more', () => {
    const { state } = Scene.ready();
    const named = (id: string) => gateNamed(state, id)?.title;
    expect(['workers', 'clocks-agree', 'providers-met', 'one-version', 'copy-doubts', 'nope'].map(named)).toEqual([
      'Workers are ready',
      CLOCKS_GATE.title,
      PROVIDERS_GATE.title,
      VERSIONS_GATE.title,
      COPY_GATE.title,
      undefined,
    ]);
    expect([CLOCKS_GATE, PROVIDERS_GATE, VERSIONS_GATE, COPY_GATE].map(isMadeGate)).toEqual([true, true, true, false]);
    expect(isMadeGate(undefined)).toBe(false);
  });

  test('that are made for it are measured, within a second of the store the clocks, and can be waived', () => {
    const made = gatesOf({ ...Scene.ready().state, runbook: { ...Scene.ready().state.runbook, gates: [] } });
    expect(made.map(({ id, probe }) => [id, probe])).toEqual([
      ['clocks-agree', { kind: 'clocks', within: 1_000 }],
      ['providers-met', { kind: 'providers' }],
      ['one-version', { kind: 'versions' }],
    ]);
    expect(made.map(isHardGate)).toEqual([false, false, false]);
  });
});

describe('a line of the board', () => {
  const { state, nowMs } = Scene.ready();

  test('says whether a person ticks it, and whose it is', () => {
    const owned = { ...state, runbook: { ...state.runbook, gates: [gate({ owner: 'gone' })] } };
    expect(lineOf(state, 'copy-read', [], nowMs)).toMatchObject({ manual: true, hard: false, owner: 'Mia Chen' });
    expect(lineOf(state, 'credentials', [], nowMs)).toMatchObject({ manual: false, hard: true, owner: null });
    expect(lineOf(owned, 'g', [], nowMs)).toMatchObject({
      owner: 'gone',
      status: 'unknown',
      value: null,
      say: 'not ticked yet',
    });
  });

  test('of a gate that was made for the launch stands there only when it is red', () => {
    const clocks = (status: Measured['status']) =>
      lineOf(
        state,
        'clocks-agree',
        [{ gate: 'clocks-agree', status, value: 1, say: 'bot 2 s ahead', atMs: nowMs }],
        nowMs,
      );
    expect([clocks('green'), clocks('unknown'), clocks('red')?.status]).toEqual([undefined, undefined, 'red']);
    expect(gateLines(state, [], nowMs, 'all').map(({ id }) => id)).toEqual([
      'credentials',
      'workers',
      'queues',
      'copy-read',
    ]);
  });

  test.each([
    [0, 'green', 'fine'],
    [-15_000, 'green', 'fine'],
    [15_000, 'green', 'fine'],
    [-15_001, 'unknown', 'last measured 15 s ago: fine'],
    [15_001, 'unknown', 'measured 15 s ahead of our clock: fine'],
  ])('that was measured %d ms from now is %s: %s', (offMs, status, say) => {
    expect(lineOf(state, 'workers', measuredAt(nowMs + offMs), nowMs)).toMatchObject({ status, say });
  });

  test('goes by the newest measurement, in whatever order they came, and of two at once by the first', () => {
    const at = (atMs: number, say: string): Measured => ({ gate: 'workers', status: 'green', value: 0, say, atMs });
    const [old, young, other] = [at(nowMs - 9, 'old'), at(nowMs, 'young'), at(nowMs, 'other')];
    expect(lineOf(state, 'workers', [old, young, other], nowMs)?.say).toBe('young');
    expect(lineOf(state, 'workers', [young, old], nowMs)?.say).toBe('young');
  });

  test('of queues is green without a look while a shot runs, and no other is', () => {
    const scene = Scene.ready();
    scene.fired(['us-ios']);
    expect(lineOf(scene.state, 'queues', [], nowMs)).toMatchObject({
      status: 'green',
      value: null,
      say: 'not looked at while a shot runs',
    });
    expect(lineOf(scene.state, 'workers', [], nowMs)).toMatchObject({ status: 'unknown', say: 'not measured yet' });
    expect(lineOf(state, 'queues', [], nowMs)?.status).toBe('unknown');
  });

  test('of text that looks unfinished names what was found, ticked or not', () => {
    const en = { title: 'Hello {{name}}', body: 'b' };
    const campaign = { ...state.campaign, locales: { ...state.campaign.locales, en } };
    const unread = lineOf({ ...state, campaign }, 'copy-doubts', [], nowMs);
    expect(unread).toMatchObject({
      status: 'unknown',
      say: expect.stringMatching(/\{\{name\}\}.*; nobody has judged it yet$/),
    });
    const ticks = { 'copy-doubts': { green: true, by: 'ben', atMs: nowMs, note: '' } };
    expect(lineOf({ ...state, campaign, ticks }, 'copy-doubts', [], nowMs)).toMatchObject({
      status: 'green',
      say: expect.stringMatching(/\{\{name\}\}.*ticked by Ben Okafor at 22:30:00 UTC$/),
    });
  });

  test('of a gate without an owner names who ticked it and no stranger', () => {
    const ticks = { g: { green: true, by: 'ben', atMs: nowMs, note: 'all fine' } };
    const launch = { ...state, ticks, runbook: { ...state.runbook, gates: [gate({})] } };
    expect(lineOf(launch, 'g', [], nowMs)?.say).toBe('ticked by Ben Okafor at 22:30:00 UTC: all fine');
  });

  test('is in the way when it is red or unknown, and says how it stands', () => {
    const red = { status: 'red', say: 'expired' } as const;
    const lines = redLines(gateLines(state, measuredAt(nowMs, { credentials: red }).slice(0, 2), nowMs, 'all'));
    expect(redText(lines)).toBe(
      '“Credentials are fresh” is red (expired; hard, no waiver) and “Queues are empty” is unknown (not measured yet)',
    );
  });
});

describe('a waiver covers', () => {
  const { state, nowMs } = Scene.ready();
  const waiver: Waiver = {
    id: 'W1',
    gate: 'workers',
    segments: ['us-ios', 'br-ios'],
    worst: 3,
    reason: 'r',
    endsAtMs: nowMs + 1,
    requestedBy: 'ana',
    grantedBy: 'mia',
  };
  const covered = (more: Partial<Waiver>, value: number | null, segments: readonly string[] | 'all', launch = state) =>
    coveringWaiver({ ...launch, waivers: { W1: { ...waiver, ...more } } }, 'workers', value, segments, nowMs)?.id ===
    'W1';

  test.each([
    { say: 'what it names', more: {}, is: true },
    { say: 'fewer segments', more: {}, segments: ['br-ios'], is: true },
    { say: 'no other segment', more: {}, segments: ['us-ios', 'us-android'], is: false },
    { say: 'no more than its worst value', more: {}, value: 4, is: false },
    { say: 'no unknown value by a figure', more: {}, value: null, is: false },
    { say: 'no figure by none', more: { worst: null }, value: 0, is: false },
    { say: 'no figure by none, below nothing too', more: { worst: null }, value: -1, is: false },
    { say: 'an unknown value by none', more: { worst: null }, value: null, is: true },
    { say: 'nothing at its end', more: { endsAtMs: nowMs }, is: false },
    { say: 'nothing that nobody has granted', more: { grantedBy: null }, is: false },
    { say: 'no other gate', more: { gate: 'queues' }, is: false },
    { say: 'all of the audience only if it names all of it', more: {}, segments: 'all' as const, is: false },
    {
      say: 'all of the audience by all of its segments',
      more: { segments: ['us-ios', 'br-ios', 'us-android'] },
      segments: 'all' as const,
      is: true,
    },
    { say: 'all by all', more: { segments: 'all' as const }, segments: 'all' as const, is: true },
  ])('$say', ({ more, value = 3, segments = ['us-ios', 'br-ios'], is }) => {
    expect(covered(more, value, segments)).toBe(is);
  });

  test('by all alone, where there is no audience yet', () => {
    const without = Scene.created().state;
    expect(covered({}, 3, 'all', without)).toBe(false);
    expect(covered({ segments: 'all' }, 3, 'all', without)).toBe(true);
  });

  test('no hard gate, and a green one stays green', () => {
    const launch = { ...state, waivers: { W1: waiver, W2: { ...waiver, id: 'W2', gate: 'credentials' } } };
    const red = { status: 'red', value: 1 } as const;
    const status = (of: object) =>
      gateLines(launch, measuredAt(nowMs, of), nowMs, ['us-ios'])
        .slice(0, 2)
        .map((line) => line.status);
    expect(status({ credentials: red, workers: red })).toEqual(['red', 'waived']);
    expect(status({})).toEqual(['green', 'green']);
  });
});

describe('what is recorded of gates', () => {
  const report = (more: Partial<Measured>): Command => ({
    kind: 'report-gate',
    measured: { gate: 'workers', status: 'red', value: 1, say: '', atMs: 0, ...more },
  });
  const tick = (more: Partial<Extract<Command, { kind: 'tick-gate' }>>): Command => ({
    kind: 'tick-gate',
    by: 'ana',
    gate: 'copy-read',
    green: true,
    note: '',
    ...more,
  });

  test('a change of a measured one, and no other', () => {
    const scene = Scene.ready();
    expect(scene.refuses(report({ gate: 'nope' })).say).toBe(
      'There is no gate nope; this runbook has credentials, workers, queues and copy-read.',
    );
    expect(scene.refuses(report({ gate: 'copy-read' })).code).toBe('VALUE_INVALID');
    expect(scene.gives('GateChanged', report({})).by).toEqual({ system: 'conductor' });
    expect(scene.refuses(report({ value: 2 })).code).toBe('ALREADY_SO');
    scene.does(report({ status: 'green' }));
  });

  test('a tick of one that people judge, for the text that they had before their eyes', () => {
    const scene = Scene.created();
    expect(scene.refuses(tick({ gate: 'nope' })).say).toBe('There is no gate nope; gates to tick are copy-read.');
    expect(scene.refuses(tick({ gate: 'workers' })).say).toContain('nobody can tick it; gates to tick are copy-read.');
    expect(scene.refuses(tick({ contentHash: 'other' })).code).toBe('CONTENT_CHANGED');
    expect(scene.decide(tick({ green: false, contentHash: 'other' })).ok).toBe(true);
    scene.does(tick({ contentHash: scene.state.contentHash }));
    expect(scene.refuses(tick({})).say).toContain(
      'Ana Ortiz has set “The copy was read” to green already, at 22:30:00',
    );
  });

  test('a tick of the copy once one of the copies of this text has arrived', () => {
    const gates = [{ id: 'copy-read', title: 'The copy was read', after: 'test-copies' }];
    const scene = Scene.created(sampleRunbook({ gates }));
    const result = { person: 'ana', platform: 'ios' as const, reason: '', tookMs: 5 };
    const { testId } = scene.gives('TestRequested', { kind: 'request-test', by: 'ana', to: ['ana'] });
    expect(scene.refuses(tick({})).code).toBe('TEST_MISSING');
    const results = [true, false].map((accepted) => ({ ...result, accepted }));
    scene.does({ kind: 'report-test', testId, results });
    expect(scene.decide(tick({})).ok).toBe(true);
  });
});

test('a measurement that nobody here understands opens no gate, at the request nor at GO', () => {
  const scene = Scene.ready();
  const nowMs = scene.nowMs;
  const odd = (change: object) => measuredAt(nowMs).map((one) => ({ ...one, ...change }) as Measured);
  for (const change of [
    { status: 'amber' },
    { status: undefined },
    { atMs: undefined },
    { atMs: 'soon' },
    { atMs: Number.NaN },
  ]) {
    const line = lineOf(scene.state, 'credentials', odd(change), nowMs);
    expect([change, line?.status, line?.say]).toEqual([
      change,
      'unknown',
      'measured in a way that this version does not understand',
    ]);
    expect(redLines(gateLines(scene.state, odd(change), nowMs, 'all')).map(({ id }) => id)).toContain('credentials');
  }
  expect(
    redLines([{ ...gateLines(scene.state, measuredAt(nowMs), nowMs, 'all')[0], status: 'amber' } as never]),
  ).toHaveLength(1);
});
