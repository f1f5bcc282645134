import type { Gate } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';

/** Each launch has it, also one whose runbook doesn't ask for it. A clock that is off stops nobody, but it is where the next surprise comes from. */
export const CLOCKS_GATE: Gate = {
  id: 'clocks-agree',
  title: 'Clocks agree with the store',
  hard: false,
  probe: { kind: 'clocks', within: 1_000 },
  help: 'Pushes still go out in time: all time is taken from the store. Set the clock of the machine that is named (chrony or NTP), or ask for a waiver.',
};

/** The one that is made for a launch, if its runbook has none of its own. */
export function clocksGate({ runbook }: Pick<Launch, 'runbook'>): Gate[] {
  return runbook.gates.some(({ probe }) => probe?.kind === 'clocks') ? [] : [CLOCKS_GATE];
}
