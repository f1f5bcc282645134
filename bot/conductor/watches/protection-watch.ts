import { isFresh } from '../../../contract/liveness.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isOrderWaiting, runningShots } from '../../../runbooks/launch/remaining.ts';
import { plural } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { noteOnce } from '../shots/note-once.ts';
import { workerReports } from '../worker-reports.ts';

const HEAD = 'ECS may end tasks of this launch: ';

/** Says once that ECS doesn't leave workers alone while they may send, when that has lasted: first answers are often only late. */
export class ProtectionWatch {
  readonly #context: Context;
  /** Since when a boot has been without, by boot id. */
  #since = new Map<string, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    const { nowMs, timings } = this.#context;
    const atMs = nowMs();
    if (!isOrderWaiting(launch, atMs) && runningShots(launch).length === 0) {
      this.#since.clear();
      return;
    }
    const reports = await workerReports(this.#context, launch);
    const without = reports.filter((report) => isFresh(report, atMs) && isWithout(report));
    this.#since = new Map(without.map(({ bootId }) => [bootId, this.#since.get(bootId) ?? atMs]));
    const lasting = without.filter(({ bootId }) => atMs - (this.#since.get(bootId) ?? atMs) >= timings.unprotectedMs);
    const problem = lasting[0]?.protection?.problem;
    if (problem == null) return;
    await noteOnce(
      this.#context,
      launch,
      HEAD,
      `${plural(lasting.length, 'worker')} could not be protected from scaling in and deployments; ${problem}. Sending goes on; a task that is ended finishes what it has claimed, and the others send the rest. Until the close, deploy nothing and scale nothing in.`,
    );
  }
}

const isWithout = ({ protection }: WorkerReport): boolean =>
  protection !== undefined && !protection.on && protection.problem !== null;
