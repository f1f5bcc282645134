import { expect, test } from 'vitest';
import { audience } from '../../test/properties/scene.ts';
import { readSample } from './sample.ts';

test.each([
  ['1000', { first: 1_000 }],
  ['first 1k', { first: 1_000 }],
  ['1%', { share: 0.01 }],
  ['0.5 %', { share: 0.005 }],
  ['all', { share: 1 }],
  ['market us', { segments: ['us-ios', 'us-android'] }],
  ['us-ios br', { segments: ['us-ios', 'br-ios'] }],
])('%s', (typed, sample) => {
  expect(readSample(typed.split(' '), audience)).toEqual(sample);
});

test.each([
  ['', 'nobody was named'],
  ['0', 'expected a whole number from 1 up'],
  ['0 %', 'a share above 0 %'],
  ['101 %', 'from 0 to 100'],
  ['10.000', 'whichever is meant'],
  ['everybody', 'found “everybody”, expected a number of devices, a share like 1%, or one of us-ios'],
])('%j is nobody', (typed, say) => {
  expect(readSample(typed.split(' ').filter(Boolean), audience)).toContain(say);
});
