import { emf } from './emf.ts';
import type { MetricName } from './metric-names.ts';
import { onTrouble } from './trouble.ts';

export type VitalSigns = Partial<Record<MetricName, number>>;

export interface VitalsOptions {
  service: 'bot' | 'worker';
  /** As its tables are called: two deployments in one account are told apart by it. */
  deployment: string;
  /** One line of JSON on stdout, where CloudWatch Logs takes it up. */
  write: (line: string) => void;
  /** What is measured for each line. Must not wait for anything. */
  look: () => VitalSigns;
  nowMs: () => number;
  /** Default 10 s: alarms look at whole minutes. */
  everyMs?: number;
}

/**
 * A process's signs of life, every ten seconds from its first on, sent or not: silence is the one trouble that nobody can
 * report of himself, so an alarm rings when these lines end.
 */
export class Vitals {
  readonly #options: VitalsOptions;
  readonly #counts = { Throttled: 0, ClaimsFailed: 0, RecordFailed: 0 };
  readonly #deaf: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(options: VitalsOptions) {
    this.#options = options;
    this.#deaf = onTrouble((name) => {
      this.#counts[name] += 1;
    });
    this.#timer = setInterval(() => this.#write(), options.everyMs ?? 10_000);
    this.#timer.unref();
    this.#write();
  }

  /** With the last counts: what failed just before the end is told too. */
  stop(): void {
    clearInterval(this.#timer);
    this.#deaf();
    this.#write();
  }

  #write(): void {
    const { service, deployment, look, nowMs, write } = this.#options;
    const Memory = process.memoryUsage.rss() / 1_048_576;
    const values = { Alive: 1, Memory, ...this.#counts, ...look() };
    write(JSON.stringify(emf(nowMs(), { Deployment: deployment, Service: service }, values)));
    this.#counts.Throttled = 0;
    this.#counts.ClaimsFailed = 0;
    this.#counts.RecordFailed = 0;
  }
}
