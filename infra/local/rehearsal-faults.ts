import type { Shot } from '../../runbooks/launch/launch.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import type { ScriptedPerson } from './scripted-person.ts';
import type { Stack } from './stack.ts';

/** So long after GO the cloud's weather begins, and so long it lasts. */
const WEATHER_AFTER_MS = 200;
const WEATHER_MS = 5_000;

/** Halt, kill and weather at their times after GO. */
export function faults(
  stack: Stack,
  script: { haltAfterMs: number | null; killWorkerAfterMs: number | null; awsWeather?: CloudWeatherName },
  onCall: ScriptedPerson,
  shot: Shot,
  say: (line: string) => void,
): NodeJS.Timeout[] {
  const at = (afterMs: number | null, run: () => Promise<void>): NodeJS.Timeout[] => {
    if (afterMs === null) return [];
    return [
      setTimeout(
        () => {
          run().catch((error: unknown) => say(`FAULT_NOT_PLAYED ${String(error)}`));
        },
        Math.max(0, shot.pressedAtMs + afterMs - Date.now()),
      ),
    ];
  };
  // An odd cloud is so from its first call to its last.
  const passing = script.awsWeather === 'odd' ? undefined : script.awsWeather;
  return [
    ...at(script.haltAfterMs, async () => {
      const halt = (await onCall.buttons('halt.press')).at(-1);
      if (halt === undefined) throw new Error('no HALT button is in the channel');
      await onCall.press(halt);
      say('HALT pressed');
    }),
    ...at(script.killWorkerAfterMs, async () => {
      const victim = stack.localCloud.tasks().find((task) => task.state === 'RUNNING' && task.pid !== null);
      if (victim?.pid === null || victim === undefined) throw new Error('no worker is running');
      process.kill(victim.pid, 'SIGKILL');
      say(`worker ${victim.pid} killed`);
      await Promise.resolve();
    }),
    ...at(passing === undefined ? null : WEATHER_AFTER_MS, async () => {
      stack.localCloud.weather.set(passing ?? 'fair');
      say(`the cloud is ${stack.localCloud.weather.now}`);
      await Promise.resolve();
    }),
    ...at(passing === undefined ? null : WEATHER_AFTER_MS + WEATHER_MS, async () => {
      stack.localCloud.weather.set('fair');
      say(`the cloud is fair again; ${stack.localCloud.weather.hit.toLocaleString('en-US')} calls felt it`);
      await Promise.resolve();
    }),
  ];
}
