import { relative } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/**
 * What takes longest begins first, so that no file runs on alone at the end; a clean checkout knows no times of earlier runs. Within their
 * project; a file that is not listed has its usual place behind these.
 */
export const LONGEST = [
  'bot/bot.test.ts',
  'workers/audience/join/join.property.test.ts',

  'test/launch/start.test.ts',
  'workers/threads/sending-threads.test.ts',

  'workers/dispatch/dispatcher.test.ts',
  'test/attacks/forgery.test.ts',
  'bot/conductor/room/slack-faults.test.ts',
  'bot/press-without-slack.test.ts',
  'test/typed/typed-inputs.test.ts',
  'bot/conductor/leader.test.ts',
  'bot/afterwards.test.ts',
  'test/pool/pool.test.ts',
  'workers/close/rescue.test.ts',
  'bot/conductor/watches/scale-harm.test.ts',
  'infra/doctor/doctor.test.ts',
  'test/properties/launch.test.ts',
  'bot/live-timeline/live.test.ts',
  'workers/audience/read/inputs.test.ts',

  'workers/worker.test.ts',
  'test/browser/launch.test.ts',
  'infra/cdk/cli.test.ts',
  'test/launch/odd-weather.test.ts',
  'workers/process.test.ts',
  'workers/threads/thread-lane.test.ts',
  'bot/conductor/halt.test.ts',
  'test/launch/rehearsal.test.ts',

  'test/faults/wake-ups.test.ts',
  'test/faults/weather.test.ts',
  'test/faults/cut-launches.test.ts',
  'workers/worker-ends.test.ts',
  'test/faults/leases.test.ts',
  'test/faults/start.test.ts',
  'test/faults/launch-faults.test.ts',
  'test/faults/weather-shot.test.ts',
  'test/faults/clocks.test.ts',
  'test/launch/own-event.test.ts',
  'test/launch/own-rehearsal.test.ts',
  'test/launch/permissions.test.ts',
];

interface Placed {
  group: number;
  file: string;
}

export function longestFirst<T extends Placed>(files: readonly T[]): T[] {
  const place = ({ file }: T): number => {
    const at = LONGEST.indexOf(file);
    return at === -1 ? LONGEST.length : at;
  };
  return files.toSorted((a, b) => a.group - b.group || place(a) - place(b));
}

export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = (await super.sort(specs)).map((spec) => ({
      spec,
      group: spec.project.config.sequence.groupOrder,
      file: relative(this.ctx.config.root, spec.moduleId),
    }));
    return longestFirst(usual).map(({ spec }) => spec);
  }
}
