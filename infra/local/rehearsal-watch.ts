import cliProgress from 'cli-progress';
import type { ShotSnapshot, WorkerReport } from '../../contract/report.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import type { CpuWatch } from './rehearsal-cpu.ts';
import type { Stack } from './stack.ts';

interface ProviderCounts {
  received: number;
  distinctDevices: number;
  duplicates: number;
  firstAtMs: number | null;
  lastAtMs: number | null;
}

/** Watches a shot from outside: what the providers count, and the last that every worker boot said. */
export class ShotWatch {
  readonly snapshots = new Map<string, ShotSnapshot>();
  /** Streams that each boot's lanes had open at most, by provider. */
  readonly streams = { apns: new Map<string, number>(), fcm: new Map<string, number>() };
  peakRssMb = 0;
  readonly #stack: Stack;
  readonly #launchId: string;
  readonly #shotId: string;
  readonly #cpu: CpuWatch;
  readonly #bar: cliProgress.SingleBar | null;

  constructor(stack: Stack, devices: number, launchId: string, shot: Shot, cpu: CpuWatch, bar: boolean) {
    this.#stack = stack;
    this.#cpu = cpu;
    this.#launchId = launchId;
    this.#shotId = shot.id;
    this.#bar = !bar
      ? null
      : new cliProgress.SingleBar(
          {
            format: '  {bar} {percentage}% | {value}/{total} received | {duration_formatted}',
            noTTYOutput: true,
            notTTYSchedule: 1_000,
            hideCursor: true,
            stream: process.stdout,
          },
          cliProgress.Presets.shades_classic,
        );
    this.#bar?.start(devices, 0);
  }

  async look(): Promise<void> {
    this.#cpu.look();
    this.note(await this.#stack.cloud.live.reports(this.#launchId));
    this.#bar?.update((await this.counts()).received);
  }

  note(reports: WorkerReport[]): void {
    for (const report of reports) {
      for (const { provider, streams } of report.lanes)
        this.streams[provider].set(report.bootId, Math.max(streams, this.streams[provider].get(report.bootId) ?? 0));
      this.peakRssMb = Math.max(this.peakRssMb, report.rssMb);
      const snapshot = report.shots.find((one) => one.shotId === this.#shotId);
      if (snapshot !== undefined) this.snapshots.set(report.bootId, snapshot);
    }
  }

  async counts(): Promise<ProviderCounts> {
    const answer = await fetch(
      `${this.#stack.providersUrl.replace(/\/$/, '')}/counts?launch=${encodeURIComponent(this.#launchId)}`,
      { signal: AbortSignal.timeout(5_000) },
    );
    if (!answer.ok) throw new Error(`PROVIDERS_SILENT /counts answered ${answer.status}`);
    return (await answer.json()) as ProviderCounts;
  }

  end(): void {
    this.#bar?.stop();
  }
}
