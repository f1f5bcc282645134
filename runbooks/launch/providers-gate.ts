import type { Gate } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';

/** Each launch has it, also one whose runbook doesn't ask for it: the first GO must not be the first meeting. */
export const PROVIDERS_GATE: Gate = {
  id: 'providers-met',
  title: 'APNs and FCM were met and take our credentials',
  hard: false,
  probe: { kind: 'providers' },
  help: 'Workers say what they met when they connect. Do what the finding says; they try again by themselves. `npm run lane:probe` shows more.',
};

/** The one that is made for a launch, if its runbook has none of its own. */
export function providersGate({ runbook }: Pick<Launch, 'runbook'>): Gate[] {
  return runbook.gates.some(({ probe }) => probe?.kind === 'providers') ? [] : [PROVIDERS_GATE];
}
