import { expect, test } from 'vitest';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { forecast, paceOf } from './forecast.ts';

const all = [{ segment: 'us-ios' }, { segment: 'us-android' }, { segment: 'br-ios' }];
const with_ = (delivery: object) => Scene.ready(sampleRunbook({ delivery })).state;

test('Android ramps up to its pace, iOS goes as fast as the workers, or at an unknown speed', () => {
  // 300 devices at up to 10/s with a ramp of 60 s: 300 go out during the ramp.
  const launch = with_({ android_per_second: 10, android_ramp: '60s' });
  expect(forecast(launch, all)).toEqual({
    ios: { devices: 700, durationMs: null, lateDevices: 0 },
    android: { devices: 300, durationMs: 60_000, lateDevices: 0 },
  });
  expect(forecast(launch, all, 1_000).ios).toEqual({ devices: 700, durationMs: 1_000, lateDevices: 0 });
  expect(forecast(launch, [{ segment: 'us-ios' }]).android).toBeNull();
});

test('what does not fit before notAfter is said beforehand', () => {
  const launch = with_({
    ios_per_second: 10,
    ios_not_after: '30s',
    android_per_second: 10,
    android_ramp: '20s',
    android_not_after: '20s',
  });
  expect(forecast(launch, all)).toEqual({
    ios: { devices: 700, durationMs: 70_000, lateDevices: 400 },
    android: { devices: 300, durationMs: 40_000, lateDevices: 200 },
  });
});

test('pace comes from the switch, else the event quota, else the runbook', () => {
  const quota = { android_event_quota: { reference: 'written', per_second: 600_000 } };
  expect(paceOf(with_({}), 'android')).toEqual({ perSecond: 10_000, rampMs: 60_000 });
  expect(paceOf(with_(quota), 'android')).toEqual({ perSecond: 600_000, rampMs: 0 });
  const scene = Scene.ready(sampleRunbook({ delivery: quota }));
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.android', value: 500, reason: '' });
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 70, reason: '' });
  expect([paceOf(scene.state, 'android'), paceOf(scene.state, 'ios')]).toEqual([
    { perSecond: 500, rampMs: 0 },
    { perSecond: 70, rampMs: 0 },
  ]);
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 0, reason: '' });
  expect(paceOf(scene.state, 'ios').perSecond).toBe(0);
});
