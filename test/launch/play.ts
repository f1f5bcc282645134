import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playLaunch } from '../../infra/local/rehearsal-script.ts';
import type { Played } from '../../infra/local/rehearsal-script.ts';
import type { Script } from '../../infra/local/rehearsal-stage.ts';

/** A whole launch: real bot and worker processes, local cloud, push providers and Slack, scripted people; and in how many states its devices ended. */
export async function play(wanted: Partial<Script>): Promise<Played & { states: number }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-test-'));
  const script: Script = {
    devices: 4_000,
    workers: 2,
    seed: 3,
    latencyMs: 20,
    connections: 2,
    haltAfterMs: null,
    doublePress: false,
    killWorkerAfterMs: null,
    ...wanted,
  };
  try {
    const said = { say: () => undefined, bar: false };
    const played = await playLaunch(script, dataDir, new AbortController().signal, said);
    const { outcome } = played.report;
    const failed = Object.values(outcome.failed).reduce((sum, count) => sum + count, 0);
    return {
      ...played,
      states: outcome.accepted + failed + outcome.uncertain + outcome.halted + outcome.late + outcome.skipped,
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Lines of the timeline that say this. */
export const rows = (timeline: string, text: string): number =>
  timeline
    .split('## Timeline')[1]!
    .split('\n')
    .filter((line) => line.includes(text)).length;
