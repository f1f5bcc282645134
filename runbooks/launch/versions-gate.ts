import type { Gate } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';

/**
 * Each launch has it, also one whose runbook doesn't ask for it: a fleet of two versions is one that was not rehearsed. Soft, at
 * GO too, as two people may know what they do (one canary, one old task that won't end). What must not be waived needs no gate:
 * a worker that can't read this record counts as not ready, and sends nothing of it.
 */
export const VERSIONS_GATE: Gate = {
  id: 'one-version',
  title: 'Bot and workers are of one version',
  hard: false,
  probe: { kind: 'versions' },
  help: 'A deployment is under way, or did not end. Wait for it, finish it, or take it back; two people may waive it for a canary.',
};

/** The one that is made for a launch, if its runbook has none of its own. */
export function versionsGate({ runbook }: Pick<Launch, 'runbook'>): Gate[] {
  return runbook.gates.some(({ probe }) => probe?.kind === 'versions') ? [] : [VERSIONS_GATE];
}
