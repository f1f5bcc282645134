import type { Platform } from '../../runbooks/launch/entries.ts';
import { describeTotals } from '../../runbooks/record/describe.ts';
import type { CpuUse } from './rehearsal-cpu.ts';
import { planLines } from './rehearsal-plan.ts';
import type { PlanKept } from './rehearsal-plan.ts';

/** The report of a rehearsal. Times are milliseconds since the approving press; null where not applicable. */
export interface RehearsalReport {
  devices: number;
  platforms: { ios: number; android: number };
  /** From the accounts, at close. */
  outcome: {
    accepted: number;
    failed: Record<string, number>;
    uncertain: number;
    halted: number;
    late: number;
    skipped: number;
  };
  /** What the local providers counted by themselves. */
  provider: { received: number; distinctDevices: number; duplicates: number };
  timing: {
    startToReadyMs: number;
    goToFirstMs: number | null;
    p50Ms: number | null;
    p95Ms: number | null;
    p99Ms: number | null;
    lastMs: number | null;
    perSecond: number | null;
  };
  halt: { pressToLastSendMs: number | null };
  workers: { count: number; peakRssMb: number };
  /** What was played: of a worker, its connections to each provider and its sending threads; mean answer latency of the providers; segments of the shot. */
  setUp: { connections: number; threads: number; latencyMs: number; segments: number };
  /** From just before GO to the last push. Null where the system has no /proc. */
  cpu: CpuUse | null;
  /** What the open streams of all workers to a provider can carry, and what it got while it got anything. Null: the provider answers at once, or got nothing. */
  streams: Record<Platform, StreamUse | null>;
  plan: PlanKept;
  /** In their order, with what each was for. */
  shots: { id: string; segments: string[] }[];
  entries: number;
  timelinePath: string;
}

/** `most`: streams ÷ answer latency. Both a second. */
export interface StreamUse {
  streams: number;
  latencyMs: number;
  most: number;
  got: number;
}

/** `streams`: of each worker. `curves`: accepted per slot of 100 ms since GO, of each worker. */
export function streamUse(
  streams: readonly number[],
  latencyMs: number,
  curves: readonly (readonly [slot: number, accepted: number][])[],
): StreamUse | null {
  const slots = curves.flat();
  const open = streams.reduce((sum, one) => sum + one, 0);
  if (slots.length === 0 || open === 0 || latencyMs === 0) return null;
  const numbers = slots.map(([slot]) => slot);
  const slotsLong = Math.max(...numbers) - Math.min(...numbers) + 1;
  const accepted = slots.reduce((sum, [, times]) => sum + times, 0);
  return { streams: open, latencyMs, most: (open / latencyMs) * 1_000, got: (accepted / slotsLong) * SLOTS_PER_SECOND };
}

/** The curve of a worker's report has a slot for each 100 ms. */
const SLOTS_PER_SECOND = 10;

/** From here on a machine is at its end: the rest goes to waiting for each other. */
const CPU_BOUND = 0.85;
const FULL = 0.95;
/** Connections wait a little for streams to write to, so that their bound is never reached in full. */
const STREAM_BOUND = 0.8;

const PLATFORM_NAME: Record<Platform, string> = { ios: 'iOS', android: 'Android' };

/** The lines that say what bounded the rate, as far as figures show it. */
export function boundLines({ cpu, streams }: Pick<RehearsalReport, 'cpu' | 'streams'>): string[] {
  const lines: string[] = [];
  if (cpu !== null) {
    const { parts, cores, seconds, machineBusy } = cpu;
    const coreSeconds = cores * seconds;
    const ours = (parts.workers + parts.providers + parts.cloud + parts.bot) / coreSeconds;
    const percent = (share: number) => `${Math.round(share * 100)} %`;
    const each = (Object.keys(parts) as (keyof typeof parts)[])
      .map((part) => `${part} ${parts[part].toFixed(1)} s`)
      .join(', ');
    const others = machineBusy - ours > 0.05 ? `, ${percent(machineBusy)} with other processes` : '';
    const bound =
      ours >= CPU_BOUND ? ': CPU-bound' : machineBusy >= FULL ? ': the machine was full, so the rate says little' : '';
    lines.push(
      `  cpu        ${each} of ${coreSeconds.toFixed(1)} core-seconds (${percent(ours)} busy${others})${bound}`,
    );
  }
  for (const platform of ['ios', 'android'] as const) {
    const use = streams[platform];
    if (use === null || use.got < use.most * STREAM_BOUND) continue;
    const number = (value: number) => Math.round(value).toLocaleString('en-US');
    lines.push(
      `  streams    ${PLATFORM_NAME[platform]}: ${number(use.streams)} open ÷ ${number(use.latencyMs)} ms = ${number(use.most)}/s at most, got ${number(use.got)}/s: bound by streams`,
    );
  }
  return lines;
}

/** What does not add up, and the summary for people. No faults: every device is accounted for. */
export function verdictOf(report: RehearsalReport): { faults: string[]; summary: string } {
  const { devices, outcome, provider, timing, halt, workers } = report;
  const failed = Object.values(outcome.failed).reduce((sum, count) => sum + count, 0);
  const states = outcome.accepted + failed + outcome.uncertain + outcome.halted + outcome.late + outcome.skipped;
  const answered = outcome.accepted + failed;
  const faults: string[] = [];
  const number = (value: number) => value.toLocaleString('en-US');
  if (states !== devices) faults.push(`the states sum to ${number(states)}, expected ${number(devices)} devices`);
  if (answered > provider.distinctDevices)
    faults.push(
      `accepted + failed is ${number(answered)}, but the providers saw only ${number(provider.distinctDevices)} devices`,
    );
  if (provider.distinctDevices > answered + outcome.uncertain) {
    faults.push(
      `the providers saw ${number(provider.distinctDevices)} devices, expected at most accepted + failed + uncertain = ${number(answered + outcome.uncertain)}`,
    );
  }
  if (provider.duplicates !== 0)
    faults.push(`the providers saw ${number(provider.duplicates)} duplicates, expected none`);

  const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`);
  const lines = [
    '',
    ...(report.shots.length < 2
      ? []
      : [
          `  shots      ${report.shots.map(({ segments }) => segments.join(' + ')).join(', then ')}; times since GO are those of the largest`,
        ]),
    `  devices    ${number(devices)} (${number(report.platforms.ios)} iOS, ${number(report.platforms.android)} Android)`,
    `  outcome    ${describeTotals({ ...outcome, failed, reasons: outcome.failed })}`,
    `  providers  received ${number(provider.received)}, ${number(provider.distinctDevices)} devices, ${number(provider.duplicates)} duplicates`,
    `  since GO   first ${timing.goToFirstMs === null ? '-' : `${Math.round(timing.goToFirstMs)} ms`}, p50 ${seconds(timing.p50Ms)}, p95 ${seconds(timing.p95Ms)}, p99 ${seconds(timing.p99Ms)}, last ${seconds(timing.lastMs)}${timing.perSecond === null ? '' : `, ${number(Math.round(timing.perSecond))}/s`}`,
    ...(halt.pressToLastSendMs === null
      ? []
      : [`  halt       last send ${Math.round(halt.pressToLastSendMs)} ms after the press`]),
    ...planLines(report.plan),
    `  workers    ${workers.count}, peak ${Math.round(workers.peakRssMb)} MB each; ready ${seconds(timing.startToReadyMs)} after the start`,
    ...boundLines(report),
    `  record     ${number(report.entries)} entries; timeline ${report.timelinePath}`,
    '',
    ...(faults.length === 0
      ? [
          `  Every device is accounted for${outcome.uncertain === 0 ? '.' : `; ${number(outcome.uncertain)} uncertain: they may or may not have got it.`}`,
        ]
      : ['  NOT every device is accounted for:', ...faults.map((fault) => `  - ${fault}`)]),
  ];
  return { faults, summary: lines.join('\n') };
}
