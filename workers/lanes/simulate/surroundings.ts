import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Batch } from './batches.ts';
import type { SimCloud } from './cloud.ts';
import type { Cores } from './cores.ts';
import type { SimLane } from './lane.ts';
import type { SimulationQuestion } from './question.ts';
import type { Tally } from './tally.ts';
import type { Timeline } from './timeline.ts';

/** What a task and its sending threads see of the world that they are in (world.ts). */
export interface Surroundings {
  readonly question: SimulationQuestion;
  readonly timeline: Timeline;
  readonly tally: Tally;
  readonly cloud: SimCloud;
  /** Those that the task or thread runs on. */
  coresOf(one: object): Cores;
  isEverythingGiven(platform: Platform): boolean;
  claim(batch: Batch, done: (won: boolean) => void): void;
  lost(batch: Batch): void;
  accounted(batch: Batch): void;
  send(lane: SimLane, writes: ReturnType<SimLane['takeWrites']>): void;
}
