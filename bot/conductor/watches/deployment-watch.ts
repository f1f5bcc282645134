import { fresh } from '../../../contract/liveness.ts';
import { versionShares } from '../../../contract/versions.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { span } from '../../../runbooks/launch/words.ts';
import type { Context } from '../context.ts';
import { sayOf } from '../gates/versions-probe.ts';
import { noteOnce } from '../shots/note-once.ts';

/**
 * A deployment that comes from elsewhere is seen by its versions: what was not there when the launch began to be watched, or runs
 * beside what most run. Each version is told once in the life of a launch. Within the freeze nobody should deploy; whoever does
 * it by hand is not refused by anybody else.
 */
export class DeploymentWatch {
  readonly #context: Context;
  /** What most ran at first. Undefined: nobody has said yet. */
  #first: string | null | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  async look(launch: Launch): Promise<void> {
    const { cloud, nowMs, version } = this.#context;
    const shares = versionShares(fresh(await cloud.live.reports(launch.id), nowMs()), [version]);
    this.#first ??= shares[0]?.version;
    for (const share of shares) {
      if (share.version === this.#first) continue;
      const leftMs = launch.targetAtMs - nowMs();
      const others = shares.filter((one) => one !== share).map(sayOf);
      await noteOnce(
        this.#context,
        launch,
        `Another version of gobutton has come: ${share.version ?? 'an older one without a name'}. `,
        `${sayOf(share)}${others.length === 0 ? '' : `; ${others.join('; ')}`}. Somebody deploys${leftMs > 0 ? `, ${span(leftMs)} before the target` : ' on the day'}: find out who, and whether it was meant. Until all are of one version, “Bot and workers are of one version” is red.`,
      );
    }
  }
}
