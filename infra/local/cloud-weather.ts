import { createInterface } from 'node:readline';
import { CLOUD_WEATHERS } from './cloud/weather.ts';
import type { CloudWeather, CloudWeatherName } from './cloud/weather.ts';

/** A weather of the local cloud by its name; throws what was found and what was expected. */
export function cloudWeather(name: string, text: string): CloudWeatherName {
  const found = CLOUD_WEATHERS.find((one) => one === text.trim().toLowerCase());
  if (found === undefined) throw new Error(`${name}: found "${text}", expected ${CLOUD_WEATHERS.join(', ')}`);
  return found;
}

/** Sets it, and again with every line that somebody types. */
export function changeWeather(
  weather: CloudWeather,
  first: CloudWeatherName,
  say: (line: string) => void,
  input: NodeJS.ReadableStream = process.stdin,
): void {
  const set = (name: CloudWeatherName): void => {
    weather.set(name);
    say(
      `  The local cloud is ${name}. Type ${CLOUD_WEATHERS.filter((one) => one !== name).join(', ')} and Enter to change it.`,
    );
  };
  set(first);
  createInterface({ input }).on('line', (line) => {
    if (line.trim() === '') return;
    try {
      set(cloudWeather('weather', line));
    } catch (error) {
      say(`  ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
