import type { Launch } from '../../../runbooks/launch/launch.ts';
import { sentReport } from '../../../runbooks/launch/rehearsal-report.ts';
import type { Context } from '../context.ts';

/**
 * Of a launch that is a rehearsal: once every segment was sent and each shot has its times, or it is closed, its report goes to the
 * launch that it rehearses. That record takes one; whoever comes second is refused, and is done.
 */
export class RehearsalReportWatch {
  readonly #context: Context;
  #isDone = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Nothing is left to report. */
  isSettled(launch: Launch): boolean {
    const shots = Object.values(launch.shots);
    return launch.rehearses === null || shots.length === 0 || this.#isDone;
  }

  async look(launch: Launch): Promise<void> {
    const { rehearses } = launch;
    if (rehearses === null || this.isSettled(launch) || !isThrough(launch)) return;
    const report = sentReport(launch, await this.#context.journal.entries(launch.id));
    if (report === null) return;
    const acted = await this.#context.execute(rehearses.launchId, {
      kind: 'end-rehearsal',
      rehearsalId: launch.id,
      report,
    });
    if (!acted.ok && acted.code !== 'ALREADY_SO')
      this.#context.log.warn({ launchId: launch.id, code: acted.code }, 'the report of a rehearsal was not taken');
    this.#isDone = true;
  }
}

function isThrough({ closed, audience, attempts, shots }: Launch): boolean {
  if (Object.values(shots).some(({ timing }) => timing === null)) return false;
  return closed || (audience?.segments ?? []).every(({ id }) => (attempts[id]?.length ?? 0) > 0);
}
