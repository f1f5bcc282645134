import type { Gate, Probe } from '../playbook/schema.ts';

/** What the figure of a gate counts: whoever names the worst value of a waiver, or grants it, has to know. Larger is worse. */
const COUNTS: Record<Probe['kind'], string> = {
  'workers-ready': 'missing workers',
  'primed-share': 'share of connections without an answer',
  'queue-empty': 'waiting messages',
  credentials: 'workers without a fresh credential',
  'payload-size': 'bytes of the largest text',
  'test-send': 'platforms without a copy',
  scaled: 'missing units',
  'switch-reach': 'milliseconds since the switches were read',
  clocks: 'milliseconds between the clocks',
  providers: 'workers that were not met well',
  versions: 'processes of another version',
  home: 'regions that have it in place of this one',
  'quarter-hours': 'seconds too near',
  'people-present': 'missing people',
  'backups-assigned': 'steps and roles that hang on one person',
  surge: 'missing units',
  rehearsed: 'things that were not as asked for',
};

/** `1 (missing workers)`; without a probe there is nothing that is counted. */
export function figureText({ probe }: Pick<Gate, 'probe'>, value: number): string {
  return `${value.toLocaleString('en-US')}${probe === undefined ? '' : ` (${COUNTS[probe.kind]})`}`;
}

export const figureOf = ({ kind }: Probe): string => COUNTS[kind];
