import { z } from 'zod';

export interface OwnTaskOptions {
  /** `ECS_CONTAINER_METADATA_URI_V4`, which ECS gives every container of a task. Null: this is no task. */
  metadataUri: string | null;
  log: { warn: (what: object, say: string) => void };
  /** Default 2,000 ms. */
  limitMs?: number;
}

const answer = z.object({ Family: z.string().min(1), Revision: z.string().regex(/^\d+$/) });

/**
 * Of which task definition this process is, as its own agent says it (docs/facts.md#ecs-task-metadata): no call to ECS, and no right.
 * It stays the same for the life of a task, so it is asked for once; where there was no answer, at the next question again.
 */
export class OwnTask {
  readonly #options: OwnTaskOptions;
  #known: string | null = null;

  constructor(options: OwnTaskOptions) {
    this.#options = options;
  }

  /** `FAMILY:REVISION`; null: no task, or nobody knows now. Never rejects. */
  async definition(): Promise<string | null> {
    const { metadataUri, log, limitMs = 2_000 } = this.#options;
    if (metadataUri === null) return null;
    if (this.#known !== null) return this.#known;
    try {
      const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(limitMs) });
      const { Family: family, Revision: revision } = answer.parse(await response.json());
      this.#known = `${family}:${revision}`;
    } catch (error) {
      log.warn({ err: error }, 'the ECS agent does not say of which task definition this is; it is asked again');
    }
    return this.#known;
  }
}
