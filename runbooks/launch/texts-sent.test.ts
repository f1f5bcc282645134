import { expect, test } from 'vitest';
import { audience, sampleRunbook } from '../../test/properties/scene.ts';
import { devicesPerText } from './texts-sent.ts';

const { campaign } = sampleRunbook();
const counted = {
  ...audience,
  locales: { en: 700, 'pt-BR': 200, fr: 100 },
  segments: audience.segments.map((one, at) => ({
    ...one,
    locales: [{ en: 400, fr: 100 }, { en: 300 }, { 'pt-BR': 200 }][at] ?? {},
  })),
};
const of = (...names: string[]) => names.map((segment) => ({ segment }));

test('a device whose language the campaign has dropped gets the default text', () => {
  expect(devicesPerText(campaign, counted, of('us-ios'))).toEqual({ en: 500 });
  expect(devicesPerText(campaign, counted, of('us-ios', 'us-android', 'br-ios'))).toEqual({ en: 800, 'pt-BR': 200 });
  expect(devicesPerText(campaign, counted, of('us-android', 'br-ios'))).toEqual({ en: 300, 'pt-BR': 200 });
});

test('a segment that the audience does not have holds nobody', () => {
  expect(devicesPerText(campaign, counted, of('nowhere'))).toEqual({});
});

test('where the languages of a segment were not counted, nothing is said of it; of the whole audience they are known', () => {
  expect(devicesPerText(campaign, audience, of('us-ios'))).toBeNull();
  expect(devicesPerText(campaign, audience, of('us-ios', 'us-android', 'br-ios'))).toEqual({ en: 800, 'pt-BR': 200 });
  expect(devicesPerText(campaign, null, of('us-ios'))).toBeNull();
});
