import type { Shot } from '../../runbooks/launch/launch.ts';
import type { ScriptedPerson } from './scripted-person.ts';
import type { Stack } from './stack.ts';

/** Halt and kill at their times after GO. */
export function faults(
  stack: Stack,
  script: { haltAfterMs: number | null; killWorkerAfterMs: number | null },
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
  ];
}
