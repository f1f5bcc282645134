import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { changeWeather, cloudWeather } from './cloud-weather.ts';
import { CloudWeather } from './cloud/weather.ts';

test('a line changes the weather, and a word that is none changes nothing', async () => {
  const weather = new CloudWeather();
  const input = new PassThrough();
  const said: string[] = [];
  changeWeather(weather, 'slow', (line) => said.push(line), input);
  expect(weather.now).toBe('slow');
  input.write('Down\n\nstormy\n');
  await turn();
  await turn();
  expect(weather.now).toBe('down');
  expect(said.at(-1)).toContain('found "stormy", expected fair, throttled, slow, down, odd, full');
  expect(() => cloudWeather('--aws-weather', 'wet')).toThrow('--aws-weather: found "wet"');
});
