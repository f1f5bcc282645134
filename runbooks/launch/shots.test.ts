import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene, segmentTotals, totals } from '../../test/properties/scene.ts';
import type { ShotTiming } from './entries.ts';
import { remainingDevices } from './remaining.ts';

const close = (shotId: string, segments: ReturnType<typeof segmentTotals>[]) => ({
  kind: 'close-shot' as const,
  shotId,
  cause: 'complete' as const,
  segments,
});
const correct = (shotId: string, segments: ReturnType<typeof segmentTotals>[]) => ({
  kind: 'correct-shot' as const,
  shotId,
  segments,
  batch: 'b1',
});

describe('closing a shot', () => {
  test('takes totals of every segment that add up to its devices, once', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios', 'br-ios']);
    const us = segmentTotals('us-ios', 1, 500, { failed: 3, reasons: { Unregistered: 3 } });
    const br = segmentTotals('br-ios', 1, 200);
    for (const wrong of [
      [us],
      [us, us],
      [us, { ...br, attempt: 2 }],
      [us, br, segmentTotals('us-android', 1, 300)],
      [us, segmentTotals('br-ios', 1, 199)],
      [us, { ...br, totals: totals({ accepted: 199 }) }],
      [us, { ...br, totals: totals({ accepted: 201, failed: -1 }) }],
      [us, { ...br, totals: totals({ accepted: 201, late: -1 }) }],
      [us, { ...br, totals: totals({ accepted: 199.5, late: 0.5 }) }],
    ])
      expect(scene.refuses(close(shot.id, wrong)).code).toBe('TOTALS_WRONG');
    expect(scene.refuses(close('S99', [us, br])).code).toBe('SHOT_UNKNOWN');
    scene.does(close(shot.id, [br, us]));
    expect(scene.shot(shot.id).closed).toMatchObject({ cause: 'complete' });
    expect(scene.entries.at(-1)?.by).toEqual({ system: 'closer' });
    expect(scene.refuses(close(shot.id, [us, br])).code).toBe('SHOT_CLOSED');
  });

  test('a later attempt is for what the one before left', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired(['us-ios']), {
      'us-ios': { halted: 100, late: 20, uncertain: 30, failed: 5, skipped: 1 },
    });
    expect(remainingDevices(scene.state, 'us-ios')).toBe(120);
    const second = scene.fired(['us-ios']);
    expect(scene.refuses(close(second.id, [segmentTotals('us-ios', 2, 500)])).code).toBe('TOTALS_WRONG');
    scene.does(close(second.id, [segmentTotals('us-ios', 2, 120)]));
    expect(remainingDevices(scene.state, 'us-ios')).toBe(0);
  });

  test('failed devices whose token is good stay within reach, and no more of them than failed', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const failing = (reachable: number) =>
      close(shot.id, [
        segmentTotals('us-ios', 1, 500, {
          failed: 20,
          reachable,
          reasons: { Unregistered: 4, ServiceUnavailable: 16 },
        }),
      ]);
    for (const wrong of [-1, 21, 1.5, Number.NaN]) expect(scene.refuses(failing(wrong)).code).toBe('TOTALS_WRONG');
    scene.does(failing(16));
    expect(remainingDevices(scene.state, 'us-ios')).toBe(16);
    expect(scene.asked(['us-ios'])).toMatchObject({
      devices: 16,
      shown: { segments: [{ segment: 'us-ios', attempt: 2 }] },
    });
    // A correction that takes one of them out of reach is a correction.
    expect(
      scene.decide(
        correct(shot.id, [
          segmentTotals('us-ios', 1, 500, {
            failed: 20,
            reachable: 15,
            reasons: { Unregistered: 4, ServiceUnavailable: 16 },
          }),
        ]),
      ).ok,
    ).toBe(true);
  });

  test('closes for those who were left when it was asked for, whatever a late account moves in the attempt before it', () => {
    const scene = Scene.ready();
    const first = scene.fired(['us-ios']);
    scene.closes(first, { 'us-ios': { halted: 100, uncertain: 30 } });
    const second = scene.fired(['us-ios']);
    scene.does(correct(first.id, [segmentTotals('us-ios', 1, 500, { halted: 110, uncertain: 0 })]));
    expect(scene.decide(close(second.id, [segmentTotals('us-ios', 2, 100)])).ok).toBe(true);
    for (const devices of [110, 105, 99])
      expect(scene.refuses(close(second.id, [segmentTotals('us-ios', 2, devices)])).code).toBe('TOTALS_WRONG');
  });
});

describe('correcting a shot', () => {
  test('replaces the totals of the named segments, once, and counts for what is left', () => {
    const scene = Scene.ready(sampleRunbook({ delivery: { uncertain: 'resend' } }));
    const shot = scene.fired(['us-ios', 'br-ios']);
    const late = segmentTotals('us-ios', 1, 500, { uncertain: 10 });
    expect(scene.refuses(correct(shot.id, [late])).code).toBe('SHOT_RUNNING');
    scene.closes(shot, { 'us-ios': { uncertain: 60 } });
    expect(remainingDevices(scene.state, 'us-ios')).toBe(60);
    for (const wrong of [
      [],
      [segmentTotals('us-android', 1, 300)],
      [late, late],
      [segmentTotals('us-ios', 1, 499)],
      [{ ...late, attempt: 2 }],
    ]) {
      expect(scene.refuses(correct(shot.id, wrong)).code).toBe('TOTALS_WRONG');
    }
    scene.does(correct(shot.id, [late]));
    expect(scene.refuses(correct(shot.id, [late])).code).toBe('ALREADY_SO');
    expect(remainingDevices(scene.state, 'us-ios')).toBe(10);
    expect(scene.shot(shot.id).totals).toMatchObject([
      { segment: 'us-ios', totals: { uncertain: 10 } },
      { segment: 'br-ios', totals: { accepted: 200 } },
    ]);
  });

  test('counts the account of a batch once, whatever totals are reported with it', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    scene.closes(shot, { 'us-ios': { uncertain: 60 } });
    const late = (uncertain: number, batch: string) => ({
      ...correct(shot.id, [segmentTotals('us-ios', 1, 500, { uncertain })]),
      batch,
    });
    scene.does(late(40, 'b1'));
    expect(scene.refuses(late(20, 'b1')).code).toBe('ALREADY_SO');
    scene.does(late(20, 'b2'));
    expect(scene.shot(shot.id)).toMatchObject({ corrected: ['b1', 'b2'], totals: [{ totals: { uncertain: 20 } }] });
  });

  test('is taken after the launch was closed, and reasons count as a change', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(scene.refuses({ kind: 'close-launch', by: 'ana', reason: '' }).code).toBe('SHOT_RUNNING');
    scene.closes(shot, { 'us-ios': { failed: 2, reasons: { BadDeviceToken: 2 } } });
    scene.does({ kind: 'close-launch', by: 'ana', reason: 'done' });
    expect(scene.refuses(scene.request()).code).toBe('LAUNCH_CLOSED');
    scene.does(correct(shot.id, [segmentTotals('us-ios', 1, 500, { failed: 2, reasons: { Unregistered: 2 } })]));
    expect(scene.state.attempts['us-ios']?.[0]?.totals?.totals.reasons).toEqual({ Unregistered: 2 });
  });
});

describe('a correction that changes nothing', () => {
  const failed = { failed: 20, reasons: { Unregistered: 4, ServiceUnavailable: 16 }, reachable: 16 };
  function closed() {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios', 'br-ios']);
    scene.closes(shot, { 'us-ios': failed });
    return { scene, shot };
  }
  const us = (more: Partial<typeof failed & { late: number; uncertain: number }> = {}) =>
    segmentTotals('us-ios', 1, 500, { ...failed, ...more });
  const br = (more: object = {}) => segmentTotals('br-ios', 1, 200, more);

  test('is not counted: shots stand at these totals already', () => {
    const { scene, shot } = closed();
    for (const segments of [[us()], [us(), br()], [br({ reachable: 0 })]])
      expect(scene.refuses(correct(shot.id, segments))).toEqual({
        code: 'ALREADY_SO',
        say: `Shot ${shot.id} stands at these totals already.`,
      });
  });

  test.each([
    ['a state', [us({ late: 1 })]],
    ['how many of a reason', [us({ reasons: { Unregistered: 5, ServiceUnavailable: 15 } })]],
    ['how many are within reach', [us({ reachable: 15 })]],
    ['that all are within reach', [us({ reachable: 20 })]],
    ['one segment of two', [us(), br({ late: 1 })]],
    ['the other segment of two', [us({ late: 1 }), br()]],
  ])('is another one than where %s differs', (_what, segments) => {
    const { scene, shot } = closed();
    expect(scene.gives('ShotCorrected', correct(shot.id, segments)).by).toEqual({ system: 'closer' });
  });

  test('is no correction at all of a shot or a segment that is not there', () => {
    const { scene, shot } = closed();
    expect(scene.refuses(correct('S99', [us()])).code).toBe('SHOT_UNKNOWN');
    expect(scene.refuses(correct(shot.id, [br(), { ...us(), attempt: 2 }])).say).toBe(
      `The correction names br-ios#1 and us-ios#2; expected segments of shot ${shot.id}, each once.`,
    );
    expect(scene.refuses(correct(shot.id, [br({ late: 1 }), { ...us(), devices: 499 }])).code).toBe('TOTALS_WRONG');
  });
});

describe('a shot of before it was frozen who is left', () => {
  /** us-ios left 100 when its second attempt was approved, and 110 after a late account. */
  function unfrozen() {
    const scene = Scene.ready();
    const first = scene.fired(['us-ios']);
    scene.closes(first, { 'us-ios': { halted: 100, uncertain: 30 } });
    const second = scene.fired(['us-ios']);
    const { sets: _sets, ...shown } = second.shown;
    scene.launch = { ...scene.state, shots: { ...scene.state.shots, [second.id]: { ...second, shown } } };
    scene.does(correct(first.id, [segmentTotals('us-ios', 1, 500, { halted: 110, uncertain: 20 })]));
    return { scene, first, second };
  }
  const closing = (shotId: string, devices: number) => close(shotId, [segmentTotals('us-ios', 2, devices)]);

  test('closes for what was left when it was approved, or for what is left now, and for nothing between', () => {
    const { scene, second } = unfrozen();
    for (const devices of [100, 110]) expect(scene.decide(closing(second.id, devices)).ok).toBe(true);
    for (const devices of [99, 105, 500])
      expect(scene.refuses(closing(second.id, devices)).say).toBe(
        `The states of us-ios (attempt 2) add up to ${devices} of ${devices} devices; expected 100 or 110. Count the shot again.`,
      );
  });

  test('is corrected for as many as it was closed with, whatever has moved since', () => {
    const { scene, first, second } = unfrozen();
    scene.does(closing(second.id, 110));
    scene.does({
      ...correct(first.id, [segmentTotals('us-ios', 1, 500, { halted: 115, uncertain: 15 })]),
      batch: 'b2',
    });
    const corrected = (devices: number) => correct(second.id, [segmentTotals('us-ios', 2, devices, { late: 1 })]);
    expect(scene.decide(corrected(110)).ok).toBe(true);
    expect(scene.refuses(corrected(112)).say).toContain('expected 100, 110 or 115.');
  });
});

describe('how fast a shot was', () => {
  const timing: ShotTiming = {
    firstWriteMs: 9,
    p50Ms: 90,
    p95Ms: 95,
    p99Ms: 99,
    lastWriteMs: 100,
    perSecond: 10,
    peakPerSecond: 12,
  };
  const report = (shotId: string) => ({ kind: 'report-timing' as const, shotId, timing });

  test('is recorded once, after the close', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    expect(scene.refuses(report('S99')).code).toBe('SHOT_UNKNOWN');
    expect(scene.refuses(report(shot.id)).code).toBe('SHOT_RUNNING');
    scene.closes(shot);
    expect(scene.gives('ShotTimed', report(shot.id))).toMatchObject({
      shotId: shot.id,
      timing,
      by: { system: 'conductor' },
    });
    expect(scene.refuses(report(shot.id)).code).toBe('ALREADY_SO');
  });
});
