import { AudienceError } from '../../../contract/audience-error.ts';
import { goneTimesSay, refusedTokensKey } from '../../../contract/compile-state.ts';
import type { GoneTimes } from '../../../contract/compile-state.ts';
import { countOutcomes, refusedCsv } from '../packed/outcomes.ts';
import type { OutcomesOptions, RefusedToken } from '../packed/outcomes.ts';
import { openPrivate } from '../private-file.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readArguments } from './arguments.ts';
import { withObjects } from './environment.ts';
import { withLaunchToRead } from './launch-session.ts';
import type { LaunchSession } from './launch-session.ts';
import { shotsOf } from './refused-tokens.ts';
import { launchOfTask, toldAsTask } from './task-state.ts';
import { count, table } from './words.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What became of whom by language, and which tokens were refused for good; as a task it stores those, and the bot puts the counts into the record. */
export async function runOutcomes(args: string[], env: Env, out: Output, err: Output): Promise<void> {
  const { option } = readArguments({ name: 'outcomes', words: 0 }, args, ['launch', 'out', 'task']);
  const { launch: launchId, out: path, task } = option;
  if (launchId === undefined)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      'outcomes: found no --launch, expected --launch ID, and --out FILE for the refused tokens',
    );
  if (task !== undefined) return asTask(launchOfTask(task, { launch: launchId }), task, env, err);
  await withLaunchToRead(launchId, env, async (session) => {
    const bar = progressBar(out);
    const { shots, refused, leftOut } = await countOutcomes(
      optionsOf(session, (done, total) => bar.update(`reading ${done} of ${total} shards`, done, total)),
    ).finally(() => bar.stop());
    if (path !== undefined && refused.length > 0) await put(path, refusedCsv(refused));
    out.write(
      table([
        ...shots.flatMap(({ shotId, texts, untold }) => [
          ...texts.map(
            ({ segment, text, states }) =>
              [
                shotId,
                `${segment} ${text}: ${Object.entries(states)
                  .map(([state, times]) => `${count(times)} ${state}`)
                  .join(', ')}`,
              ] as const,
          ),
          ...(untold === 0 ? [] : [[shotId, `${count(untold)} devices have no account any more`] as const]),
        ]),
        [
          'refused',
          `${count(refused.length)} tokens${path === undefined || refused.length === 0 ? '' : `, in ${path}`}`,
        ],
        ...goneTimesSay(timesOf(refused, leftOut)).map((say) => ['', say] as const),
      ]),
    );
  });
}

const optionsOf = (
  { launch, cloud: { objects, claims } }: Omit<LaunchSession, 'by'>,
  progress: OutcomesOptions['progress'] & object,
): OutcomesOptions => {
  const { closed: shots, audience } = shotsOf(launch);
  return { objects, claims, launchId: launch.id, audience, shots, nowMs: Date.now(), progress };
};

const timesOf = (refused: readonly RefusedToken[], leftOut: number): GoneTimes => ({
  ios: refused.filter(({ platform }) => platform === 'ios').length,
  known: refused.filter(({ goneAtMs }) => goneAtMs !== null).length,
  leftOut,
});

async function asTask(launchId: string, task: string, env: Env, err: Output): Promise<void> {
  await withObjects(undefined, env, (objects) =>
    toldAsTask(task, { objects, err }, (tell) =>
      withLaunchToRead(launchId, env, async (session) => {
        const { shots, refused, leftOut } = await countOutcomes(
          optionsOf(session, (done, total) =>
            tell({
              say: `reading ${count(done)} of ${count(total)} shards`,
              percent: (100 * done) / total,
              leftMs: null,
            }),
          ),
        );
        const key = refusedTokensKey(task);
        if (refused.length > 0) await objects.put(key, Buffer.from(refusedCsv(refused)), 'text/csv');
        return {
          is: 'counted',
          shots,
          refused: refused.length === 0 ? null : { key, tokens: refused.length },
          times: timesOf(refused, leftOut),
        };
      }),
    ),
  );
}

async function put(path: string, text: string): Promise<void> {
  const file = await openPrivate(path).catch((cause: unknown) => {
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `--out: found no file that can be written at ${path}, expected one in an existing folder`,
      { cause },
    );
  });
  await file.writeFile(text).finally(() => file.close());
}
