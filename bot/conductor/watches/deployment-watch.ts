import { fresh } from '../../../contract/liveness.ts';
import { versionShares } from '../../../contract/versions.ts';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { span } from '../../../runbooks/launch/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { sayOf } from '../gates/versions-probe.ts';
import { noteOnce } from '../shots/note-once.ts';
import { workerReports } from '../worker-reports.ts';

/**
 * A deployment that comes from elsewhere is seen by its versions: what was not there when the launch began to be watched, or runs
 * beside what most run; and one that keeps the version, by another task definition of the workers' service, or of the bot that
 * leads. Each is told once in the life of a launch. Within the freeze nobody should deploy; whoever does it by hand is not refused
 * by anybody else.
 */
export class DeploymentWatch {
  readonly #context: Context;
  /** What most ran at first. Undefined: nobody has said yet. */
  #first: string | null | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    await this.#lookAtQuotas(launch);
    await this.#lookAtVersions(launch);
    await this.#lookAtOwn(launch);
    await this.#lookAtDefinition(launch);
  }

  /** What a person deployed over is everybody's to know: if the figure was right, workers are missing at GO. */
  async #lookAtQuotas(launch: Launch): Promise<void> {
    const { overQuotas = null } = this.#context;
    if (overQuotas === null) return;
    await noteOnce(
      this.#context,
      launch,
      `Deployed over what the account's quotas give: ${overQuotas}. `,
      'Whoever deployed has said that Service Quotas is wrong there. If it is right, not all workers start: see that the fleet is up before GO.',
    );
  }

  /** A deployment of bots ends who leads, and the one that leads then is another: each knows its own, so ECS is not asked. */
  async #lookAtOwn(launch: Launch): Promise<void> {
    const definition = (await this.#context.ownDefinition?.()) ?? null;
    await this.#compare(launch, 'bots', FACT.botDefinition, definition);
  }

  /** Memory, variables, roles: workers that start from now on are others than those that were rehearsed. */
  async #lookAtDefinition(launch: Launch): Promise<void> {
    const { pool, scale_targets: targets } = launch.runbook;
    const target = targets.find(({ id }) => id === pool.scale_target);
    if (target?.kind !== 'ecs-service') return;
    const seen = await this.#context.cloud.scaling.observe(target).catch((error: unknown) => {
      // What is not there, or can't be asked, its order's message tells.
      if (error instanceof CloudError) return null;
      throw error;
    });
    await this.#compare(launch, 'workers', FACT.workersDefinition, seen?.definition ?? null);
  }

  async #compare(launch: Launch, whose: 'workers' | 'bots', kept: string, definition: string | null): Promise<void> {
    if (definition === null) return;
    const first = await fact(this.#context, launch.id, kept);
    if (first === null) return keepFact(this.#context, launch.id, kept, definition);
    if (first === definition) return;
    await noteOnce(
      this.#context,
      launch,
      `The ${whose} have another task definition: ${definition}. `,
      `It was ${first} when this launch began${this.#when(launch)}. Their image may be the same; memory, variables or rights need not be. Somebody deploys: find out who, and whether it was meant.`,
    );
  }

  #when({ targetAtMs }: Launch): string {
    const leftMs = targetAtMs - this.#context.nowMs();
    return leftMs > 0 ? `, and it is ${span(leftMs)} before the target` : '';
  }

  async #lookAtVersions(launch: Launch): Promise<void> {
    const { nowMs, version } = this.#context;
    const shares = versionShares(fresh(await workerReports(this.#context, launch), nowMs()), [version]);
    this.#first ??= shares[0]?.version;
    for (const share of shares) {
      if (share.version === this.#first) continue;
      const leftMs = launch.targetAtMs - nowMs();
      const rest = shares.filter((one) => one !== share).map(sayOf);
      await noteOnce(
        this.#context,
        launch,
        `Another version of gobutton has come: ${share.version ?? 'an older one without a name'}. `,
        `${sayOf(share)}${rest.length === 0 ? '' : `; ${rest.join('; ')}`}. Somebody deploys${leftMs > 0 ? `, ${span(leftMs)} before the target` : ' on the day'}: find out who, and whether it was meant. Until all are of one version, “Bot and workers are of one version” is red.`,
      );
    }
  }
}
