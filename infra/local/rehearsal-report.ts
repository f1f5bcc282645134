import { describeTotals } from '../../runbooks/record/describe.ts';

/** The report of a rehearsal. Times are milliseconds since the approving press; null where not applicable. */
export interface RehearsalReport {
  devices: number;
  platforms: { ios: number; android: number };
  /** From the accounts, at close. */
  outcome: { accepted: number; failed: Record<string, number>; uncertain: number; halted: number; late: number; skipped: number };
  /** What the local providers counted by themselves. */
  provider: { received: number; distinctDevices: number; duplicates: number };
  timing: { startToReadyMs: number; goToFirstMs: number | null; p50Ms: number | null; p95Ms: number | null; p99Ms: number | null; lastMs: number | null; perSecond: number | null };
  halt: { pressToLastSendMs: number | null };
  workers: { count: number; peakRssMb: number };
  entries: number;
  timelinePath: string;
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
  if (answered > provider.distinctDevices) faults.push(`accepted + failed is ${number(answered)}, but the providers saw only ${number(provider.distinctDevices)} devices`);
  if (provider.distinctDevices > answered + outcome.uncertain) {
    faults.push(`the providers saw ${number(provider.distinctDevices)} devices, expected at most accepted + failed + uncertain = ${number(answered + outcome.uncertain)}`);
  }
  if (provider.duplicates !== 0) faults.push(`the providers saw ${number(provider.duplicates)} duplicates, expected none`);

  const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`);
  const lines = [
    '',
    `  devices    ${number(devices)} (${number(report.platforms.ios)} iOS, ${number(report.platforms.android)} Android)`,
    `  outcome    ${describeTotals({ ...outcome, failed, reasons: outcome.failed })}`,
    `  providers  received ${number(provider.received)}, ${number(provider.distinctDevices)} devices, ${number(provider.duplicates)} duplicates`,
    `  since GO   first ${timing.goToFirstMs === null ? '-' : `${Math.round(timing.goToFirstMs)} ms`}, p50 ${seconds(timing.p50Ms)}, p95 ${seconds(timing.p95Ms)}, p99 ${seconds(timing.p99Ms)}, last ${seconds(timing.lastMs)}${timing.perSecond === null ? '' : `, ${number(Math.round(timing.perSecond))}/s`}`,
    ...(halt.pressToLastSendMs === null ? [] : [`  halt       last send ${Math.round(halt.pressToLastSendMs)} ms after the press`]),
    `  workers    ${workers.count}, peak ${Math.round(workers.peakRssMb)} MB each; ready ${seconds(timing.startToReadyMs)} after the start`,
    `  record     ${number(report.entries)} entries; timeline ${report.timelinePath}`,
    '',
    ...(faults.length === 0 ? ['  Every device is accounted for.'] : ['  NOT every device is accounted for:', ...faults.map((fault) => `  - ${fault}`)]),
  ];
  return { faults, summary: lines.join('\n') };
}
