import { readFileSync, writeFileSync } from 'node:fs';
import { deploy } from './deploy.ts';
import { withImages } from './image-edits.ts';
import type { ImageEdit } from './image-edits.ts';
import type { LaunchConfig } from './launch-config.ts';
import { readDeployment } from './read-config.ts';
import { refused } from './work.ts';
import type { Outcome, Work } from './work.ts';

/**
 * Another version by steps: one worker of it beside the fleet, then all of them, and at each step the way back. Each is an edit
 * of `images` in the configuration and a deployment of that, with all that a deployment asks; the file is written when it
 * has been made. So what the file says is what stands, and the same command can be given again when it was cut off.
 */
export type Step = { ok: true; edit: ImageEdit; after: string[] } | { ok: false; problem: string };

type Images = LaunchConfig['images'];
const no = (problem: string): Step => ({ ok: false, problem });

export function canaryStep({ worker }: Images, image: string | null): Step {
  if (image === null) return no('canary: found no --image, expected the image of one worker');
  if (image === worker) return no(`--image: found ${image}, which all workers run already, expected another one`);
  return {
    ok: true,
    edit: { canary: image },
    after: [
      `One worker of ${image} is beside the fleet. Who runs which version, and is ready, say \`/go ready\` (the gate “Bot and workers are of one version”) and \`npm run doctor -- --launch ID\`.`,
      'Then all of them: npm run infra -- promote. Or back: npm run infra -- rollback.',
    ],
  };
}

export function promoteStep({ worker, bot, canary }: Images, botImage: string | null): Step {
  if (canary === undefined)
    return no(
      'promote: found no images.canary, expected one that was looked at: npm run infra -- canary --image IMAGE',
    );
  const next = botImage ?? bot;
  return {
    ok: true,
    edit: { canary: null, worker: canary, bot: next, previous: { worker, bot } },
    after: [
      `All workers run ${canary}. Back to ${worker}: npm run infra -- rollback.`,
      ...(next === bot
        ? [`The bots still run ${bot}. If that is another version, the gate stays red until images.bot is changed too.`]
        : []),
    ],
  };
}

/** One step: a canary goes first, then what was promoted last. */
export function rollbackStep({ worker, canary, previous }: Images): Step {
  if (canary !== undefined)
    return { ok: true, edit: { canary: null }, after: [`No worker of ${canary} any more; the fleet runs ${worker}.`] };
  if (previous === undefined)
    return no('rollback: found neither images.canary nor images.previous, expected something to take back');
  return {
    ok: true,
    edit: { ...previous, previous: null },
    after: [`The workers run ${previous.worker} again, and the bots ${previous.bot}.`],
  };
}

/** The step's edit is deployed, then written. `make`: what deploys. */
export async function take(step: Step, work: Work, make: (work: Work) => Promise<Outcome> = deploy): Promise<Outcome> {
  if (!step.ok) return refused(step.problem);
  const { file, say } = work;
  const text = withImages(readFileSync(file, 'utf8'), step.edit);
  if (text === null)
    return refused(
      `${file}: the images can't be changed there without changing more. Write them by hand, then deploy: ${JSON.stringify(step.edit)}`,
    );
  const read = readDeployment(file, text);
  if (!read.ok) return refused(...read.problems);
  const outcome = await make({ ...work, deployment: read.deployment });
  if (!outcome.ok) return outcome;
  writeFileSync(file, text);
  for (const line of [`${file}: images are as deployed`, ...step.after]) say(line);
  return outcome;
}
